//! The form of a ciphertext: version 1, key id, nonce, AES-256-GCM ciphertext and tag.
//! Version, key id and encryption context are its associated data.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use uuid::Uuid;

use super::EncryptionContext;
use crate::error::Error;

const VERSION: u8 = 1;
const HEADER: usize = 1 + 16;
const NONCE: usize = 12;

pub(super) fn seal(
    key_id: Uuid,
    key: &[u8; 32],
    context: &EncryptionContext,
    plaintext: &[u8],
) -> Result<Vec<u8>, Error> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce)?;
    let payload = Payload {
        msg: plaintext,
        aad: &associated_data(key_id, context),
    };
    let sealed = Aes256Gcm::new(key.into())
        .encrypt(&nonce.into(), payload)
        .map_err(|_| Error::Ciphertext)?;
    Ok([&header(key_id)[..], &nonce, &sealed].concat())
}

pub(super) fn open(
    key_id: Uuid,
    key: &[u8; 32],
    context: &EncryptionContext,
    ciphertext: &[u8],
) -> Result<Vec<u8>, Error> {
    let (nonce, sealed) = ciphertext
        .strip_prefix(&header(key_id))
        .and_then(|rest| rest.split_first_chunk::<NONCE>())
        .ok_or(Error::Ciphertext)?;
    let payload = Payload {
        msg: sealed,
        aad: &associated_data(key_id, context),
    };
    Aes256Gcm::new(key.into())
        .decrypt(&(*nonce).into(), payload)
        .map_err(|_| Error::Ciphertext)
}

/// The id of the key that a ciphertext says it was made with.
pub(super) fn key_id(ciphertext: &[u8]) -> Result<Uuid, Error> {
    match ciphertext.split_first_chunk::<HEADER>() {
        Some(([VERSION, id @ ..], _)) => Ok(Uuid::from_bytes(*id)),
        _ => Err(Error::Ciphertext),
    }
}

fn header(key_id: Uuid) -> [u8; HEADER] {
    let mut header = [VERSION; HEADER];
    header[1..].copy_from_slice(key_id.as_bytes());
    header
}

/// The map is sorted and every text carries its length, so that two contexts never
/// have the same bytes.
fn associated_data(key_id: Uuid, context: &EncryptionContext) -> Vec<u8> {
    let mut data = header(key_id).to_vec();
    for text in context.iter().flat_map(|(name, value)| [name, value]) {
        data.extend((text.len() as u64).to_be_bytes());
        data.extend(text.as_bytes());
    }
    data
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::collection::{btree_map, vec};
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
    use proptest::string::string_regex;

    use super::*;

    fn contexts() -> impl proptest::strategy::Strategy<Value = EncryptionContext> {
        let text = || string_regex("[ab:]{0,3}").unwrap();
        btree_map(text(), text(), 0..3)
    }

    proptest! {
        #[test]
        fn opens_under_its_own_context_only(
            plaintext in vec(any::<u8>(), 0..64),
            context in contexts(),
            other in contexts(),
        ) {
            let (id, key) = (Uuid::new_v4(), [7; 32]);
            let sealed = seal(id, &key, &context, &plaintext).unwrap();
            prop_assert_eq!(key_id(&sealed).unwrap(), id);
            prop_assert_eq!(open(id, &key, &context, &sealed).unwrap(), plaintext);
            prop_assert_eq!(open(id, &key, &other, &sealed).is_ok(), context == other);
        }

        #[test]
        fn one_changed_bit_anywhere_is_refused(bit in 0_usize..8 * (HEADER + NONCE + 5 + 16)) {
            let (id, key, context) = (Uuid::new_v4(), [7; 32], EncryptionContext::new());
            let mut sealed = seal(id, &key, &context, b"plain").unwrap();
            sealed[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(open(id, &key, &context, &sealed).is_err());
        }

        #[test]
        fn any_bytes_are_refused_without_a_panic(bytes in vec(any::<u8>(), 0..80)) {
            prop_assert!(open(Uuid::nil(), &[7; 32], &EncryptionContext::new(), &bytes).is_err());
            let _ = key_id(&bytes);
        }
    }
}
