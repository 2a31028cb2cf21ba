//! Keyed hashes: how an address is found without being stored (invariant 5).

use std::fmt;

use domain::{
    contact::{CompanyName, EmailAddress},
    opendsr::AddressDigest,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The key of the service's lookups, from the application's secret.
#[derive(Clone)]
pub struct LookupKey(Zeroizing<Vec<u8>>);

impl fmt::Debug for LookupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LookupKey(…)")
    }
}

/// A keyed hash of something personal, hexadecimal. Means nothing without the key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct LookupHash(String);

impl fmt::Display for LookupHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl LookupKey {
    /// Of the secret's text.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self(Zeroizing::new(secret.as_bytes().to_vec()))
    }

    fn hash(&self, kind: &str, value: &str) -> LookupHash {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("any key length");
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(value.as_bytes());
        LookupHash(hex::encode(mac.finalize().into_bytes()))
    }

    /// Of an e-mail address.
    #[must_use]
    pub fn email(&self, address: &EmailAddress) -> LookupHash {
        self.email_digest(AddressDigest::of(address))
    }

    /// Of an e-mail address of which we are told the SHA-256 only: the same.
    #[must_use]
    pub fn email_digest(&self, digest: AddressDigest) -> LookupHash {
        self.hash("email", &hex::encode(digest.0))
    }

    /// Of what a controller sent: it names a person, so a plain hash could be tried.
    #[must_use]
    pub fn body(&self, body: &str) -> LookupHash {
        self.hash("body", body)
    }

    /// Of a company, however it is typed.
    #[must_use]
    pub fn company(&self, company: &CompanyName) -> LookupHash {
        self.hash("company", &company.comparable())
    }

    /// Of a network address, for limits.
    #[must_use]
    pub fn network(&self, address: &str) -> LookupHash {
        self.hash("network", address)
    }
}
