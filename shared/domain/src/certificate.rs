//! Certificates of erasure: what was destroyed, what was kept and on which
//! ground, signed with the ledger's key, verifiable without asking us.
//!
//! A certificate says nothing about the person. It is found by a random case
//! id; what a probe looks for is written as hashes that only a copy of the
//! looked-for identifier can match.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey, pkcs8::DecodePublicKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    ids::{CaseId, EntryId, WorkspaceId},
    ledger::Signed,
    processing::Category,
    time::Timestamp,
};

pub mod act;

#[cfg(test)]
mod tests;

/// The form of certificates that this code writes and reads.
pub const FORMAT: u32 = 1;

/// A step of an erasure, in the order in which they are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Sessions and links that were mailed end: nobody acts for the person any more.
    Sessions,
    /// What waited to be delivered is delivered or dropped.
    Outbox,
    /// Object versions of the workspaces that had no other member.
    Objects,
    /// Items of those workspaces; elsewhere the references to the person.
    Workspaces,
    /// The person's wrapped data key: from here on every copy is unreadable.
    Key,
    /// The login.
    Login,
    /// Copies that were made for download.
    Exports,
    /// Letters as they came, in the person's file.
    Letters,
    /// Every item of the person.
    Records,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Self; 9] = [
        Self::Sessions,
        Self::Outbox,
        Self::Objects,
        Self::Workspaces,
        Self::Key,
        Self::Login,
        Self::Exports,
        Self::Letters,
        Self::Records,
    ];

    /// The name in records and keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
            Self::Outbox => "outbox",
            Self::Objects => "objects",
            Self::Workspaces => "workspaces",
            Self::Key => "key",
            Self::Login => "login",
            Self::Exports => "exports",
            Self::Letters => "letters",
            Self::Records => "records",
        }
    }

    /// Where the step worked.
    #[must_use]
    pub fn store(self) -> &'static str {
        match self {
            Self::Sessions | Self::Login | Self::Records => "people table",
            Self::Outbox | Self::Workspaces => "catalog table",
            Self::Objects => "assets bucket, every version and unfinished upload",
            Self::Key => "keys table",
            Self::Exports => "exports bucket, every version",
            Self::Letters => "mail bucket, every version",
        }
    }
}

/// What a step found and left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The step.
    pub step: Step,
    /// Where it worked.
    pub store: String,
    /// How many things there were when it began.
    pub before: u64,
    /// How many there were when it ended: none.
    pub after: u64,
    /// When it began first.
    pub begun_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
}

/// What was kept, and why that is lawful.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What it is.
    pub category: String,
    /// Where it stands.
    pub store: String,
    /// The clause and law that allow it.
    pub ground: String,
    /// Until when; `None` where the end depends on something else, which the ground names.
    pub until: Option<Timestamp>,
}

/// How anybody with access to the stores can look again. Where an identifier
/// of the person would stand, there is its [`fingerprint`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    /// What to do, in words.
    pub how: String,
    /// [`fingerprint`]s of the person's identifiers.
    pub person: BTreeSet<String>,
    /// The workspaces that were destroyed, whose partitions and object prefixes must be empty.
    pub workspaces: BTreeSet<WorkspaceId>,
    /// Partitions in which an identifier may remain, because it is named among the things kept.
    pub except: BTreeSet<String>,
}

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// [`FORMAT`].
    pub format: u32,
    /// The case.
    pub case: CaseId,
    /// Who answers for the erasure.
    pub operator: String,
    /// The information system in which it was done.
    pub system: String,
    /// The clause of the policy.
    pub clause: String,
    /// The provision of the law.
    pub law: String,
    /// How it was done.
    pub method: String,
    /// When the reason for the erasure arose: the request's receipt, or the end of the purpose.
    pub received_at: Timestamp,
    /// When the work began.
    pub began_at: Timestamp,
    /// When the last probe found nothing.
    pub finished_at: Timestamp,
    /// SHA-256 of the wrapped data key that was destroyed.
    pub key_fingerprint: String,
    /// The kinds of personal data that were destroyed.
    pub categories: Vec<Category>,
    /// The steps, with what they found and left.
    pub steps: Vec<Receipt>,
    /// What was kept.
    pub kept: Vec<Kept>,
    /// The entry of the ledger that names this certificate's hash.
    pub ledger_entry: EntryId,
    /// How to look again.
    pub probe: Recipe,
}

/// A certificate as it is stored and handed out: its exact text, and a signed
/// statement with the text's hash (KMS signs at most 4,096 bytes).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFile {
    /// The [`Certificate`] as JSON, to the byte.
    pub certificate: String,
    /// The [`Statement`] and its signature.
    pub seal: Signed,
}

/// What is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The case.
    pub case: CaseId,
    /// SHA-256 of the certificate's text, hexadecimal.
    pub certificate_sha256: String,
}

/// Why a certificate is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The file is not of the documented form.
    #[error("the file can't be read as a certificate: {0}")]
    Unreadable(String),
    /// The key is not an Ed25519 key in DER.
    #[error("the public key is not an Ed25519 key (SubjectPublicKeyInfo, DER)")]
    Key,
    /// Another key signed it, or nobody did.
    #[error("the signature is not by this key")]
    Signature,
    /// The text is not the one that was signed.
    #[error("the certificate's text is not the one that was signed")]
    Changed,
    /// The text contradicts itself.
    #[error("the certificate contradicts itself: {0}")]
    Inconsistent(&'static str),
}

/// Where a certificate stands in the proofs bucket.
#[must_use]
pub fn object_key(case: CaseId) -> String {
    format!("certificates/{case}.json")
}

/// SHA-256 of a text, hexadecimal.
#[must_use]
pub fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// An identifier of a person as a certificate may name it: it says nothing to
/// whoever does not have the identifier, and differs from case to case.
#[must_use]
pub fn fingerprint(case: CaseId, identifier: &str) -> String {
    sha256(&format!("assetbox probe\0{case}\0{identifier}"))
}

/// Whatever in a text could be an identifier of ours: prefixed ids and keyed hashes.
pub fn identifiers(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'))
        .filter(|token| {
            let hexadecimal = |text: &str| {
                text.bytes()
                    .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            };
            match token.split_once('_') {
                Some((prefix, digits)) => {
                    prefix.len() == 3 && digits.len() == 32 && hexadecimal(digits)
                }
                None => token.len() == 64 && hexadecimal(token),
            }
        })
}

impl Recipe {
    /// Whether a text mentions the person.
    #[must_use]
    pub fn mentions_person(&self, case: CaseId, text: &str) -> bool {
        identifiers(text).any(|identifier| self.person.contains(&fingerprint(case, identifier)))
    }

    /// Whether a text mentions a destroyed workspace.
    #[must_use]
    pub fn mentions_workspace(&self, text: &str) -> bool {
        identifiers(text)
            .filter_map(|identifier| identifier.parse().ok())
            .any(|workspace| self.workspaces.contains(&workspace))
    }

    /// Whether a partition is among those in which an identifier may remain.
    #[must_use]
    pub fn excepts(&self, partition: &str) -> bool {
        self.except
            .iter()
            .any(|prefix| partition.starts_with(prefix))
    }
}

/// Checks a signature of the ledger's key.
///
/// # Errors
/// [`Invalid::Key`] or [`Invalid::Signature`].
pub fn verify_signature(signed: &Signed, public_key: &[u8]) -> Result<(), Invalid> {
    let key = VerifyingKey::from_public_key_der(public_key).map_err(|_| Invalid::Key)?;
    if signed.key != hex::encode(Sha256::digest(public_key)) {
        return Err(Invalid::Signature);
    }
    let bytes = STANDARD
        .decode(&signed.signature)
        .map_err(|_| Invalid::Signature)?;
    let signature = Signature::from_slice(&bytes).map_err(|_| Invalid::Signature)?;
    key.verify_strict(signed.payload.as_bytes(), &signature)
        .map_err(|_| Invalid::Signature)
}

impl CertificateFile {
    /// Reads a file.
    ///
    /// # Errors
    /// [`Invalid::Unreadable`].
    pub fn parse(file: &[u8]) -> Result<Self, Invalid> {
        serde_json::from_slice(file).map_err(|e| Invalid::Unreadable(e.to_string()))
    }

    /// Checks signature, text and inner consistency against the ledger's public
    /// key (SubjectPublicKeyInfo, DER).
    ///
    /// # Errors
    /// [`Invalid`] that says what is wrong.
    pub fn verify(&self, public_key: &[u8]) -> Result<Certificate, Invalid> {
        verify_signature(&self.seal, public_key)?;
        let unreadable = |e: serde_json::Error| Invalid::Unreadable(e.to_string());
        let statement: Statement = serde_json::from_str(&self.seal.payload).map_err(unreadable)?;
        if statement.certificate_sha256 != sha256(&self.certificate) {
            return Err(Invalid::Changed);
        }
        let certificate: Certificate =
            serde_json::from_str(&self.certificate).map_err(unreadable)?;
        if certificate.case != statement.case {
            return Err(Invalid::Changed);
        }
        certificate.is_consistent()?;
        Ok(certificate)
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && identifiers(text).next() == Some(text)
}

impl Certificate {
    /// Checks that the certificate does not contradict itself: every step was
    /// done, in order, and left nothing.
    ///
    /// # Errors
    /// [`Invalid::Inconsistent`].
    pub fn is_consistent(&self) -> Result<(), Invalid> {
        let check = |holds: bool, what| {
            if holds {
                Ok(())
            } else {
                Err(Invalid::Inconsistent(what))
            }
        };
        check(self.format == FORMAT, "it is of another form")?;
        check(
            self.steps.iter().map(|receipt| receipt.step).eq(Step::ALL),
            "a step is missing or out of order",
        )?;
        check(
            self.steps.iter().all(|receipt| receipt.after == 0),
            "a step left something",
        )?;
        check(
            self.steps
                .iter()
                .all(|r| self.began_at <= r.begun_at && r.begun_at <= r.finished_at),
            "a step ended before it began",
        )?;
        check(
            self.steps.windows(2).all(|pair| match pair {
                [first, second] => first.finished_at <= second.finished_at,
                _ => true,
            }),
            "a step ended before the one that it follows",
        )?;
        check(
            self.received_at <= self.began_at
                && self.steps.iter().all(|r| r.finished_at <= self.finished_at),
            "it ended before its work",
        )?;
        check(is_sha256(&self.key_fingerprint), "it names no key")?;
        check(
            !self.probe.person.is_empty() && self.probe.person.iter().all(|f| is_sha256(f)),
            "it does not say what to look for",
        )
    }
}
