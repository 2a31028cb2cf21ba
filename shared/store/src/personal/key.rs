//! Data keys and what they seal: AES-256-GCM, one 256-bit key a person.

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use domain::{data_map::Field, ids::SubjectId, time::Timestamp};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::db::{Entity, Key, Table};

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;

/// A sealed value: version, nonce, ciphertext with tag. Without the person's
/// key it is noise, in every copy and backup.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl std::fmt::Debug for Sealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

impl Sealed {
    /// The bytes, to keep them outside DynamoDB.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Of bytes that were kept outside DynamoDB.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Sealed;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Sealed, E> {
                Ok(Sealed(bytes.to_vec()))
            }
            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Sealed, E> {
                Ok(Sealed(bytes))
            }
        }
        d.deserialize_byte_buf(Bytes)
    }
}

/// A person's data key, in memory for one request only.
pub(super) struct DataKey(Zeroizing<[u8; 32]>);

/// The place that a sealed value belongs to. It is authenticated, so that no
/// ciphertext can be moved to another item, attribute or table.
pub(super) struct Place<'a> {
    pub table: Table,
    pub key: &'a Key,
    pub field: Field,
}

impl Place<'_> {
    fn associated_data(&self) -> Vec<u8> {
        let row = self.field.row();
        format!(
            "{:?}|{}|{}|{}.{}",
            self.table, self.key.pk, self.key.sk, row.entity, row.attribute
        )
        .into_bytes()
    }
}

impl DataKey {
    pub fn new(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&(*self.0).into())
    }

    pub fn seal(&self, place: &Place<'_>, text: &str) -> Option<Sealed> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).ok()?;
        let payload = Payload {
            msg: text.as_bytes(),
            aad: &place.associated_data(),
        };
        let ciphertext = self.cipher().encrypt(&Nonce::from(nonce), payload).ok()?;
        let mut sealed = Vec::with_capacity(1 + NONCE_BYTES + ciphertext.len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&ciphertext);
        Some(Sealed(sealed))
    }

    pub fn open(&self, place: &Place<'_>, sealed: &Sealed) -> Option<Zeroizing<String>> {
        let (version, rest) = sealed.0.split_first()?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>()?;
        if *version != VERSION {
            return None;
        }
        let payload = Payload {
            msg: ciphertext,
            aad: &place.associated_data(),
        };
        let bytes = self.cipher().decrypt(&Nonce::from(*nonce), payload).ok()?;
        String::from_utf8(bytes).ok().map(Zeroizing::new)
    }

    /// The person's name in the ledger: linkable while the key lives, and to
    /// nobody afterwards.
    pub fn pseudonym(&self, subject: SubjectId) -> Option<String> {
        self.keyed_hash(b"ledger pseudonym\0", subject.as_bytes())
    }

    /// A value's name in the ledger: tells whether two values of one person are
    /// the same while the key lives, and can't be guessed.
    pub fn fingerprint(&self, field: Field, value: &str) -> Option<String> {
        let row = field.row();
        let domain = format!("ledger fingerprint\0{}.{}\0", row.entity, row.attribute);
        self.keyed_hash(domain.as_bytes(), value.as_bytes())
    }

    fn keyed_hash(&self, domain: &[u8], value: &[u8]) -> Option<String> {
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&*self.0).ok()?;
        mac.update(domain);
        mac.update(value);
        Some(hex::encode(&mac.finalize().into_bytes()[..16]))
    }
}

/// A data key wrapped by the KMS key. Deleting it makes the person's data
/// unreadable everywhere (policy-clause 5.2b; no point-in-time recovery here).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WrappedKey {
    /// Whose key.
    pub subject: SubjectId,
    /// The KMS ciphertext.
    pub wrapped: Sealed,
    /// When it was made.
    pub created_at: Timestamp,
}

impl WrappedKey {
    /// SHA-256 over the wrapped key: names the key in a certificate and gives nothing away.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(self.wrapped.as_bytes()))
    }
}

/// Where a person's wrapped key stands.
#[must_use]
pub fn wrapped_key(subject: SubjectId) -> Key {
    Key::new(format!("SUBJ#{subject}"), "KEY")
}

impl Entity for WrappedKey {
    const TABLE: Table = Table::Keys;

    fn key(&self) -> Key {
        wrapped_key(self.subject)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_value_opens_in_its_place_only(text in ".{0,80}", other in "[a-z]{1,8}") {
            let data_key = DataKey::new(&[7; 32]).unwrap();
            let key = Key::new("SUBJ#a", "PROFILE");
            let place = Place { table: Table::People, key: &key, field: Field::Name };
            let sealed = data_key.seal(&place, &text).unwrap();
            prop_assert_eq!(&**data_key.open(&place, &sealed).unwrap(), &*text);

            let moved = Key::new("SUBJ#a", other);
            let elsewhere = Place { key: &moved, ..place };
            prop_assert!(data_key.open(&elsewhere, &sealed).is_none());
            let place = Place { table: Table::People, key: &key, field: Field::Email };
            prop_assert!(data_key.open(&place, &sealed).is_none());
            let place = Place { table: Table::Catalog, key: &key, field: Field::Name };
            prop_assert!(data_key.open(&place, &sealed).is_none());
            let place = Place { table: Table::People, key: &key, field: Field::Name };
            prop_assert!(DataKey::new(&[8; 32]).unwrap().open(&place, &sealed).is_none());
        }

        #[test]
        fn a_fingerprint_tells_values_fields_and_persons_apart(a in ".{0,40}", b in ".{0,40}") {
            let key = DataKey::new(&[7; 32]).unwrap();
            let of = |key: &DataKey, field, value| key.fingerprint(field, value).unwrap();
            let here = of(&key, Field::Name, &a);
            prop_assert_eq!(&here, &of(&key, Field::Name, &a));
            prop_assert_eq!(here == of(&key, Field::Name, &b), a == b);
            prop_assert_ne!(&here, &of(&key, Field::Company, &a));
            prop_assert_ne!(&here, &of(&DataKey::new(&[8; 32]).unwrap(), Field::Name, &a));
        }

        #[test]
        fn a_changed_byte_is_noticed(at in 0usize..40) {
            let data_key = DataKey::new(&[7; 32]).unwrap();
            let key = Key::new("SUBJ#a", "PROFILE");
            let place = Place { table: Table::People, key: &key, field: Field::Name };
            let mut sealed = data_key.seal(&place, "somebody's name").unwrap();
            let at = at % sealed.0.len();
            sealed.0[at] ^= 1;
            prop_assert!(data_key.open(&place, &sealed).is_none());
        }
    }
}
