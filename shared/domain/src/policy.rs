//! The published policy documents: immutable versions in a hash chain (clause 9.2).

use std::sync::LazyLock;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

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

macro_rules! texts {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../policies/", $path)))),*]
    };
}

static TEXTS: &[(&str, &str)] = texts![
    "privacy-policy/2026-11-22/en.md",
    "privacy-policy/2026-11-22/ru.md",
    "terms/2026-11-22/en.md",
    "terms/2026-11-22/ru.md",
    "processing-consent/2026-11-22/en.md",
    "processing-consent/2026-11-22/ru.md",
    "marketing-consent/2026-11-22/en.md",
    "marketing-consent/2026-11-22/ru.md",
    "transfer-consent/2026-11-22/en.md",
    "transfer-consent/2026-11-22/ru.md",
];

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
    TEXTS
        .iter()
        .find(|(path, _)| *path == published.path)
        .map(|(_, text)| *text)
}

/// SHA-256 of a text, hexadecimal: what a consent names.
#[must_use]
pub fn fingerprint(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn computed_hash(publication: &Publication) -> String {
        let mut value = serde_json::to_value(publication).unwrap();
        value.as_object_mut().unwrap().remove("hash");
        // serde_json keeps object keys sorted, which is the canonical form
        fingerprint(&serde_json::to_string(&value).unwrap())
    }

    /// Each publication's hash is right and names the one before.
    fn chain_holds(publications: &[Publication]) -> bool {
        let mut previous = "0".repeat(64);
        publications.iter().all(|publication| {
            let linked =
                publication.previous == previous && computed_hash(publication) == publication.hash;
            previous.clone_from(&publication.hash);
            linked
        })
    }

    #[test]
    fn the_chain_holds_and_every_text_is_what_was_hashed() {
        assert!(chain_holds(publications()));
        for publication in publications() {
            for published in &publication.texts {
                let text = text(published).unwrap();
                assert_eq!(fingerprint(text), published.sha256, "{}", published.path);
            }
        }
    }

    #[test]
    fn a_changed_publication_breaks_the_chain() {
        let mut changed = publications().to_vec();
        changed[1].version.push('x');
        assert!(!chain_holds(&changed));
        let mut removed = publications().to_vec();
        removed.remove(0);
        assert!(!chain_holds(&removed));
    }

    #[test]
    fn a_version_binds_from_its_effective_time() {
        let publication = &publications()[0];
        let before = publication.effective_at - jiff::SignedDuration::from_millis(1);
        assert_eq!(current(&publication.document, before.into()), None);
        assert_eq!(
            current(&publication.document, publication.effective_at.into()),
            Some(publication)
        );
    }
}
