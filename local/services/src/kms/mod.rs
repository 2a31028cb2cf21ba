//! Keys that never leave their file: one 256-bit key or one Ed25519 key each.

mod calls;
mod envelope;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use ed25519_dalek::pkcs8::EncodePublicKey;
use ed25519_dalek::{Signer, SigningKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use calls::answer;

use crate::Place;
use crate::durable;
use crate::edge::Blob;
use crate::error::Error;
use crate::fault::{FailureSwitch, lock};

/// The pairs that a ciphertext is bound to (KMS "Encryption context").
type EncryptionContext = BTreeMap<String, String>;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyKind {
    /// Encrypts and decrypts with AES-256-GCM (KMS `SYMMETRIC_DEFAULT`).
    Symmetric,
    /// Signs (KMS `ECC_NIST_EDWARDS25519` with `ED25519_SHA_512`).
    Ed25519,
}

/// How a key is named outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName {
    /// The key id, a UUID.
    pub id: String,
    /// `arn:aws:kms:{region}:{account}:key/{id}`.
    pub arn: String,
}

/// The keys of one data folder. Clones share the same state.
#[derive(Clone)]
pub struct Kms {
    keys: Arc<Mutex<Vec<Key>>>,
    path: Arc<PathBuf>,
    failures: Arc<FailureSwitch>,
    place: Arc<Place>,
}

impl Kms {
    pub(crate) fn open(path: PathBuf, place: Arc<Place>) -> Result<Self, Error> {
        let stored: Vec<StoredKey> = durable::read_json(&path)?.unwrap_or_default();
        let keys = stored
            .into_iter()
            .map(Key::from_stored)
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| Error::Damaged(path.clone()))?;
        Ok(Self {
            keys: Arc::new(Mutex::new(keys)),
            path: Arc::new(path),
            failures: Arc::default(),
            place,
        })
    }

    /// Returns the key that `alias` names, with or without `alias/` before it, and makes
    /// it if there is none.
    ///
    /// # Errors
    /// The alias names a key of the other kind, or the key file can't be written.
    pub fn ensure_key(&self, alias: &str, kind: KeyKind) -> Result<KeyName, Error> {
        let alias = alias.strip_prefix("alias/").unwrap_or(alias);
        let mut keys = lock(&self.keys);
        let key = match keys.iter().find(|key| key.alias == alias) {
            Some(key) if key.kind() == kind => key,
            Some(_) => return Err(Error::KeyKind(alias.to_owned())),
            None => {
                let key = Key::generate(alias, kind)?;
                let stored: Vec<_> = keys.iter().chain([&key]).map(Key::to_stored).collect();
                durable::replace_json(&self.path, &stored)?;
                keys.push_mut(key)
            }
        };
        Ok(self.name(key))
    }

    /// The public half of an Ed25519 key as DER `SubjectPublicKeyInfo` (RFC 8410), where
    /// `key` is a key id, a key's ARN or `alias/…`.
    ///
    /// # Errors
    /// No such key, or one that does not sign.
    pub fn public_key(&self, key: &str) -> Result<Vec<u8>, Error> {
        self.with_key(key, Key::public_key)
    }

    /// Makes the next `calls` calls over HTTP fail with this error code, as a test asks.
    pub fn fail_next(&self, calls: usize, code: &str) {
        self.failures.fail_next(calls, code);
    }

    fn name(&self, key: &Key) -> KeyName {
        KeyName {
            id: key.id.to_string(),
            arn: self.place.arn("kms", &format!("key/{}", key.id)),
        }
    }

    /// Finds a key by its id, its ARN, `alias/…` or that alias's ARN.
    fn with_key<T>(
        &self,
        reference: &str,
        work: impl FnOnce(&Key) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let arn_prefix = self.place.arn("kms", "");
        let resource = reference.strip_prefix(&arn_prefix);
        let keys = lock(&self.keys);
        let key = match resource.unwrap_or(reference).split_once('/') {
            Some(("alias", alias)) => keys.iter().find(|key| key.alias == alias),
            Some(("key", id)) if resource.is_some() => find_by_id(&keys, id),
            None if resource.is_none() => find_by_id(&keys, reference),
            _ => None,
        };
        work(key.ok_or_else(|| Error::NoSuchKey(reference.to_owned()))?)
    }
}

fn find_by_id<'keys>(keys: &'keys [Key], id: &str) -> Option<&'keys Key> {
    let id = Uuid::try_parse(id).ok()?;
    keys.iter().find(|key| key.id == id)
}

struct Key {
    id: Uuid,
    alias: String,
    created_at: Timestamp,
    material: Material,
}

enum Material {
    Symmetric([u8; 32]),
    Ed25519(SigningKey),
}

/// A key as the key file holds it.
#[derive(Serialize, Deserialize)]
struct StoredKey {
    id: Uuid,
    alias: String,
    kind: KeyKind,
    created_at: Timestamp,
    material: Blob,
}

impl Key {
    fn generate(alias: &str, kind: KeyKind) -> Result<Self, Error> {
        let mut material = [0; 32];
        getrandom::fill(&mut material)?;
        Ok(Self {
            id: Uuid::new_v4(),
            alias: alias.to_owned(),
            created_at: Timestamp::now(),
            material: Material::new(kind, material),
        })
    }

    fn from_stored(stored: StoredKey) -> Option<Self> {
        let material = stored.material.0.try_into().ok()?;
        Some(Self {
            id: stored.id,
            alias: stored.alias,
            created_at: stored.created_at,
            material: Material::new(stored.kind, material),
        })
    }

    fn to_stored(&self) -> StoredKey {
        let material = match &self.material {
            Material::Symmetric(key) => key.to_vec(),
            Material::Ed25519(key) => key.to_bytes().to_vec(),
        };
        StoredKey {
            id: self.id,
            alias: self.alias.clone(),
            kind: self.kind(),
            created_at: self.created_at,
            material: Blob(material),
        }
    }

    fn kind(&self) -> KeyKind {
        match self.material {
            Material::Symmetric(_) => KeyKind::Symmetric,
            Material::Ed25519(_) => KeyKind::Ed25519,
        }
    }

    fn encrypt(&self, context: &EncryptionContext, plaintext: &[u8]) -> Result<Vec<u8>, Error> {
        envelope::seal(self.id, self.symmetric()?, context, plaintext)
    }

    fn decrypt(&self, context: &EncryptionContext, ciphertext: &[u8]) -> Result<Vec<u8>, Error> {
        envelope::open(self.id, self.symmetric()?, context, ciphertext)
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], Error> {
        Ok(self.signing()?.sign(message).to_bytes())
    }

    fn public_key(&self) -> Result<Vec<u8>, Error> {
        self.signing()?
            .verifying_key()
            .to_public_key_der()
            .map(|document| document.into_vec())
            .map_err(|_| self.wrong_kind())
    }

    fn symmetric(&self) -> Result<&[u8; 32], Error> {
        match &self.material {
            Material::Symmetric(key) => Ok(key),
            Material::Ed25519(_) => Err(self.wrong_kind()),
        }
    }

    fn signing(&self) -> Result<&SigningKey, Error> {
        match &self.material {
            Material::Ed25519(key) => Ok(key),
            Material::Symmetric(_) => Err(self.wrong_kind()),
        }
    }

    fn wrong_kind(&self) -> Error {
        Error::KeyKind(self.alias.clone())
    }
}

impl Material {
    fn new(kind: KeyKind, bytes: [u8; 32]) -> Self {
        match kind {
            KeyKind::Symmetric => Self::Symmetric(bytes),
            KeyKind::Ed25519 => Self::Ed25519(SigningKey::from_bytes(&bytes)),
        }
    }
}
