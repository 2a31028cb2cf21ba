//! Signatures of OpenDSR (4.2, 7.3): RSA, PKCS#1 v1.5, over the SHA-256 of the raw
//! body, in base64.

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer, pem::PemObject};
use webpki::{EndEntityCert, ring::RSA_PKCS1_2048_8192_SHA256};

/// A key or a certificate that can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The key.
    #[error("the key is not an RSA key of at least 2,048 bits, PKCS#8 in PEM")]
    Key,
    /// The certificate.
    #[error("the certificate is not an X.509 certificate in PEM")]
    Certificate,
    /// One is not the other's.
    #[error("the certificate is not that of the key")]
    Mismatch,
    /// The signature could not be made.
    #[error("the signature could not be made")]
    Signing,
}

/// A key that signs.
pub struct SigningKey(RsaKeyPair);

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// Of PKCS#8 in PEM.
    ///
    /// # Errors
    /// [`Unusable::Key`].
    pub fn from_pem(pem: &str) -> Result<Self, Unusable> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes());
        let der = der.map_err(|_| Unusable::Key)?;
        let key = RsaKeyPair::from_pkcs8(der.secret_pkcs8_der());
        key.map(Self).map_err(|_| Unusable::Key)
    }

    /// Signs a body. The same body gets the same signature.
    ///
    /// # Errors
    /// [`Unusable::Signing`].
    pub fn sign(&self, body: &[u8]) -> Result<String, Unusable> {
        let mut signature = vec![0; self.0.public().modulus_len()];
        let random = SystemRandom::new();
        let signed = self
            .0
            .sign(&RSA_PKCS1_SHA256, &random, body, &mut signature);
        signed.map_err(|_| Unusable::Signing)?;
        Ok(STANDARD.encode(signature))
    }
}

/// A certificate, whose key others sign with.
#[derive(Debug, Clone)]
pub struct Certificate(CertificateDer<'static>);

impl Certificate {
    /// The first one of a PEM.
    ///
    /// # Errors
    /// [`Unusable::Certificate`].
    pub fn from_pem(pem: &str) -> Result<Self, Unusable> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes());
        let der = der.map_err(|_| Unusable::Certificate)?;
        EndEntityCert::try_from(&der).map_err(|_| Unusable::Certificate)?;
        Ok(Self(der))
    }

    /// Whether its key signed this body. The certificate is pinned by whoever
    /// registers it: its issuer and its term are not looked at.
    #[must_use]
    pub fn has_signed(&self, body: &[u8], signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature.trim()) else {
            return false;
        };
        EndEntityCert::try_from(&self.0).is_ok_and(|certificate| {
            let verified =
                certificate.verify_signature(RSA_PKCS1_2048_8192_SHA256, body, &signature);
            verified.is_ok()
        })
    }
}

/// The key and its certificate.
///
/// # Errors
/// [`Unusable`], also when they don't belong together.
pub fn pair(key: &str, certificate: &str) -> Result<(SigningKey, Certificate), Unusable> {
    let (key, certificate) = (
        SigningKey::from_pem(key)?,
        Certificate::from_pem(certificate)?,
    );
    let proof = key.sign(b"")?;
    match certificate.has_signed(b"", &proof) {
        true => Ok((key, certificate)),
        false => Err(Unusable::Mismatch),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = include_str!("../../../local/opendsr/key.pem");
    const CERTIFICATE: &str = include_str!("../../../local/opendsr/certificate.pem");
    const BODY: &[u8] = b"{}";

    #[test]
    fn a_body_is_signed_for_its_certificate_and_for_no_other_body() {
        let (key, certificate) = pair(KEY, CERTIFICATE).unwrap();
        let signature = key.sign(BODY).unwrap();
        assert_eq!(signature, key.sign(BODY).unwrap());
        assert!(certificate.has_signed(BODY, &signature));
        assert!(certificate.has_signed(BODY, &format!(" {signature} ")));
        assert!(!certificate.has_signed(b"{} ", &signature));
        assert!(!certificate.has_signed(BODY, ""));
        assert!(!certificate.has_signed(BODY, "not base64!"));
    }

    #[test]
    fn what_is_no_key_or_certificate_is_refused() {
        assert_eq!(pair(CERTIFICATE, CERTIFICATE).unwrap_err(), Unusable::Key);
        assert_eq!(pair(KEY, KEY).unwrap_err(), Unusable::Certificate);
        assert_eq!(pair(KEY, "").unwrap_err(), Unusable::Certificate);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn any_other_signature_is_refused(byte in 0usize..256, bit in 0u8..8) {
            let (key, certificate) = pair(KEY, CERTIFICATE).unwrap();
            let mut signature = STANDARD.decode(key.sign(BODY).unwrap()).unwrap();
            signature[byte] ^= 1 << bit;
            prop_assert!(!certificate.has_signed(BODY, &STANDARD.encode(signature)));
        }
    }
}
