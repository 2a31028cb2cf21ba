//! The published policy documents: immutable versions in a hash chain (clause 9.2).
//!
//! They are published with a release by `policies/publish.py`. A draft of the
//! next version is no publication: it is neither compiled in nor served, and
//! nobody can consent to it.

mod diff;
#[cfg(test)]
mod tests;
#[path = "../../../policies/texts.rs"]
mod texts;

use std::sync::LazyLock;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use diff::{Change, ChangeKind, changes};

/// A language in which documents are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Locale {
    /// English.
    En,
    /// Russian.
    Ru,
}

/// One text of a publication in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedText {
    /// The language.
    pub locale: Locale,
    /// Where the text lies below `policies/`.
    pub path: String,
    /// SHA-256 of the text's bytes, hexadecimal.
    pub sha256: String,
}

/// What a version changes, in a sentence of each language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// In English.
    pub en: String,
    /// In Russian.
    pub ru: String,
}

impl Summary {
    /// The sentence in this language.
    #[must_use]
    pub fn text(&self, locale: Locale) -> &str {
        match locale {
            Locale::En => &self.en,
            Locale::Ru => &self.ru,
        }
    }
}

/// One immutable version of a document, a link of the hash chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// The document, such as `privacy-policy`.
    pub document: String,
    /// The version, as documents and consents name it.
    pub version: String,
    /// When it was posted.
    pub posted_at: Timestamp,
    /// From when it binds (clause 9.2: upon posting unless stated otherwise).
    pub effective_at: Timestamp,
    /// The texts.
    pub texts: Vec<PublishedText>,
    /// What it changes; none in a document's first version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Summary>,
    /// The hash of the publication before this one; 64 zeros for the first.
    pub previous: String,
    /// SHA-256 over the canonical JSON of everything above.
    pub hash: String,
}

impl Publication {
    /// The text's record in this language.
    #[must_use]
    pub fn text(&self, locale: Locale) -> Option<&PublishedText> {
        self.texts.iter().find(|text| text.locale == locale)
    }
}

/// The name of a version of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Name {
    /// The document, such as `privacy-policy`.
    pub document: String,
    /// The version.
    pub version: String,
}

impl From<&Publication> for Name {
    fn from(publication: &Publication) -> Self {
        Self {
            document: publication.document.clone(),
            version: publication.version.clone(),
        }
    }
}

/// The documents that a person acknowledges, and may decline (clause 2.6). The
/// others ask for a consent, which is given and withdrawn by itself.
pub const ACKNOWLEDGED: [&str; 2] = ["privacy-policy", "terms"];

static PUBLICATIONS: LazyLock<Vec<Publication>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "compiled in; a test reads it")]
    serde_json::from_str(include_str!("../../../policies/manifest.json"))
        .expect("the manifest of the policies is well formed")
});

/// Every publication, in the order of the chain.
#[must_use]
pub fn publications() -> &'static [Publication] {
    &PUBLICATIONS
}

/// The version of a document that binds at `now`.
#[must_use]
pub fn current(document: &str, now: crate::time::Timestamp) -> Option<&'static Publication> {
    publications()
        .iter()
        .rev()
        .find(|p| p.document == document && p.effective_at <= *now)
}

/// The version of a document that was posted last, whether it binds yet or not.
#[must_use]
pub fn latest(document: &str) -> Option<&'static Publication> {
    publications().iter().rev().find(|p| p.document == document)
}

/// How many publications, from the chain's beginning on, bind at `now`: what
/// somebody who comes now has seen in force.
#[must_use]
pub fn binding(now: crate::time::Timestamp) -> usize {
    publications()
        .iter()
        .take_while(|p| p.effective_at <= *now)
        .count()
}

/// One version of a document.
#[must_use]
pub fn version(document: &str, version: &str) -> Option<&'static Publication> {
    publications()
        .iter()
        .find(|p| p.document == document && p.version == version)
}

/// The bytes that a publication's text has, as they were hashed.
#[must_use]
pub fn text(published: &PublishedText) -> Option<&'static str> {
    texts::TEXTS
        .iter()
        .find(|(path, _)| *path == published.path)
        .map(|(_, text)| *text)
}

/// SHA-256 of a text, hexadecimal: what a consent names.
#[must_use]
pub fn fingerprint(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}
