//! Signatures with the ledger's Ed25519 key, which never leaves KMS.

use aws_sdk_kms::{
    Client,
    error::ProvideErrorMetadata,
    primitives::Blob,
    types::{MessageType, SigningAlgorithmSpec},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::ledger::Signed;
use sha2::{Digest, Sha256};

use crate::env::{ConfigError, Env};

/// The key service can't sign now.
#[derive(Debug, thiserror::Error)]
#[error("the key service can't sign now: {0}")]
pub struct SigningError(String);

/// The key that `LEDGER_KEY` names.
#[derive(Debug, Clone)]
pub struct Signer {
    client: Client,
    key: String,
}

impl Signer {
    /// Of the environment.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn new(aws: &aws_types::SdkConfig, env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            client: Client::new(aws),
            key: env.required("LEDGER_KEY")?,
        })
    }

    /// The public key: SubjectPublicKeyInfo, DER (RFC 8410).
    ///
    /// # Errors
    /// [`SigningError`].
    pub async fn public_key(&self) -> Result<Vec<u8>, SigningError> {
        let answer = self.client.get_public_key().key_id(&self.key).send().await;
        let answer =
            answer.map_err(|e| SigningError(e.code().unwrap_or("no answer").to_owned()))?;
        let key = answer
            .public_key
            .ok_or_else(|| SigningError("no key".to_owned()))?;
        Ok(key.into_inner())
    }

    /// Signs a text; at most 4,096 bytes of it are signed raw, longer ones are refused by KMS,
    /// so what is signed is a statement with hashes.
    ///
    /// # Errors
    /// [`SigningError`].
    pub async fn sign(&self, payload: String) -> Result<Signed, SigningError> {
        let public_key = self.public_key().await?;
        let answer = self
            .client
            .sign()
            .key_id(&self.key)
            .message_type(MessageType::Raw)
            .signing_algorithm(SigningAlgorithmSpec::Ed25519Sha512)
            .message(Blob::new(payload.as_bytes()))
            .send()
            .await
            .map_err(|e| SigningError(e.code().unwrap_or("no answer").to_owned()))?;
        let signature = answer
            .signature
            .ok_or_else(|| SigningError("no signature".to_owned()))?;
        Ok(Signed {
            payload,
            signature: STANDARD.encode(signature.into_inner()),
            key: hex::encode(Sha256::digest(public_key)),
        })
    }
}
