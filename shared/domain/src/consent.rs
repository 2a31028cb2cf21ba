//! Consents (clauses 2.2, 4.8, 4.9): separate, unticked, each bound to the
//! exact text that the person saw.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

use crate::{
    policy::{self, Locale},
    processing::{Purpose, SubjectState},
};

/// A consent that a person may give, each in a document and a box of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentPurpose {
    /// Processing of personal data: without it there is no account.
    Processing,
    /// News and special offers (clause 4.8).
    Marketing,
    /// Transfer and remarketing (clauses 4.9, 5.4).
    Transfer,
}

impl ConsentPurpose {
    /// Every consent, in the order in which forms show them.
    pub const ALL: [Self; 3] = [Self::Processing, Self::Marketing, Self::Transfer];

    /// The document whose text is consented to.
    #[must_use]
    pub fn document(self) -> &'static str {
        match self {
            Self::Processing => "processing-consent",
            Self::Marketing => "marketing-consent",
            Self::Transfer => "transfer-consent",
        }
    }

    /// The consent that a document asks for.
    #[must_use]
    pub fn of_document(document: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.document() == document)
    }

    /// The consent that a purpose of section 4 rests on, if it rests on one
    /// beside the processing consent.
    #[must_use]
    pub fn required_by(purpose: Purpose) -> Option<Self> {
        match purpose {
            Purpose::Marketing => Some(Self::Marketing),
            Purpose::AdTargeting => Some(Self::Transfer),
            _ => None,
        }
    }

    /// The name in URLs and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "processing",
            Self::Marketing => "marketing",
            Self::Transfer => "transfer",
        }
    }
}

impl fmt::Display for ConsentPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ConsentPurpose {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|c| c.as_str() == text).ok_or(())
    }
}

/// A box as a person left it: which text it stood under, and whether it was ticked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    /// The document, such as `processing-consent`.
    pub document: String,
    /// The document's version.
    pub version: String,
    /// SHA-256 of the text that was shown, hexadecimal.
    pub sha256: String,
    /// The language in which it was shown.
    pub locale: Locale,
    /// Whether the box was ticked.
    pub ticked: bool,
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidReceipt {
    /// No such version was published in this language.
    #[error("no such version was published")]
    Unpublished,
    /// The published text is not the one that the receipt names.
    #[error("the published text has another hash than the receipt")]
    OtherText,
}

/// Why a box can't be taken as consent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTick {
    /// The document is not one that asks for consent.
    #[error("`{0}` is not a document that asks for consent")]
    UnknownDocument(String),
    /// A newer version binds, or the text was another one (409).
    #[error("the text of `{document}` has changed; show version {current} and ask again")]
    Stale {
        /// The document.
        document: String,
        /// The version that binds now.
        current: String,
        /// SHA-256 of that version's text in the language asked for.
        sha256: String,
    },
}

impl Tick {
    /// The box under the text that binds now, ticked or not; none for a document
    /// that is not in force in this language.
    #[must_use]
    pub fn current(
        consent: ConsentPurpose,
        locale: Locale,
        ticked: bool,
        now: Timestamp,
    ) -> Option<Self> {
        let publication = policy::current(consent.document(), now)?;
        Some(Self {
            document: publication.document.clone(),
            version: publication.version.clone(),
            sha256: publication.text(locale)?.sha256.clone(),
            locale,
            ticked,
        })
    }

    /// Whether this is the text that the box stood under, byte by byte.
    #[must_use]
    pub fn is_under(&self, text: &str) -> bool {
        policy::fingerprint(text) == self.sha256
    }

    /// Verifies a receipt against the version that was published, however old, whose
    /// bytes are hashed anew (clause 2.2).
    ///
    /// # Errors
    /// [`InvalidReceipt`].
    pub fn verify(&self) -> Result<(), InvalidReceipt> {
        let text = policy::version(&self.document, &self.version)
            .and_then(|publication| publication.text(self.locale))
            .and_then(policy::text)
            .ok_or(InvalidReceipt::Unpublished)?;
        match self.is_under(text) {
            true => Ok(()),
            false => Err(InvalidReceipt::OtherText),
        }
    }

    /// Checks the box against the text that binds at `now`, whose bytes are hashed anew.
    ///
    /// # Errors
    /// An unknown document, or a version or text that does not bind any more.
    pub fn check(&self, now: Timestamp) -> Result<ConsentPurpose, InvalidTick> {
        let unknown = || InvalidTick::UnknownDocument(self.document.clone());
        let consent = ConsentPurpose::of_document(&self.document).ok_or_else(unknown)?;
        let publication = policy::current(&self.document, now).ok_or_else(unknown)?;
        let published = publication.text(self.locale).ok_or_else(unknown)?;
        let text = policy::text(published).ok_or_else(unknown)?;
        let sha256 = policy::fingerprint(text);
        if publication.version != self.version || sha256 != self.sha256 {
            return Err(InvalidTick::Stale {
                document: self.document.clone(),
                current: publication.version.clone(),
                sha256,
            });
        }
        Ok(consent)
    }
}

/// The label that stood beside the box, word for word (clause 2.2's evidence).
#[must_use]
pub fn label(consent: ConsentPurpose, locale: Locale) -> Option<String> {
    let labels: serde_json::Value =
        serde_json::from_str(include_str!("../../../policies/labels.json")).ok()?;
    let locale = match locale {
        Locale::En => "en",
        Locale::Ru => "ru",
    };
    Some(
        labels
            .get(consent.document())?
            .get(locale)?
            .as_str()?
            .to_owned(),
    )
}

/// Where a purpose of section 4 stands for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Their data may be processed for it.
    InForce,
    /// Every browser decides for itself, at every request (clause 2.5).
    BrowserDecides,
    /// The consent that it needs was not given, or was withdrawn.
    NotGiven,
    /// They object to it.
    Objected,
    /// Processing is restricted (clauses 6.3c, 6.7).
    Restricted,
}

impl Standing {
    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::BrowserDecides => "browser_decides",
            Self::NotGiven => "not_given",
            Self::Objected => "objected",
            Self::Restricted => "restricted",
        }
    }
}

/// Where a purpose stands for somebody in this state: what the gate would say to
/// an ordinary use of their data for it.
#[must_use]
pub fn standing(purpose: Purpose, state: SubjectState<'_>) -> Standing {
    let needed = ConsentPurpose::required_by(purpose);
    let needed = [Some(ConsentPurpose::Processing), needed];
    let mut needed = needed.into_iter().flatten();
    if state.objections.contains(&purpose) {
        Standing::Objected
    } else if needed.any(|consent| !state.consents.contains(&consent)) {
        Standing::NotGiven
    } else if state.restricted {
        Standing::Restricted
    } else if purpose == Purpose::AnonymousStats {
        Standing::BrowserDecides
    } else {
        Standing::InForce
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn tick(document: &str) -> Tick {
        let now = Timestamp::from(jiff::Timestamp::now());
        let publication = policy::current(document, now).unwrap();
        Tick {
            document: document.to_owned(),
            version: publication.version.clone(),
            sha256: publication.text(Locale::Ru).unwrap().sha256.clone(),
            locale: Locale::Ru,
            ticked: true,
        }
    }

    #[test]
    fn only_the_text_that_binds_is_taken() {
        let now = Timestamp::from(jiff::Timestamp::now());
        let good = tick("marketing-consent");
        assert_eq!(good.check(now), Ok(ConsentPurpose::Marketing));
        let other_text = Tick {
            sha256: "0".repeat(64),
            ..good.clone()
        };
        assert!(matches!(
            other_text.check(now),
            Err(InvalidTick::Stale { .. })
        ));
        let other_version = Tick {
            version: "2020-01-01".into(),
            ..good.clone()
        };
        assert!(matches!(
            other_version.check(now),
            Err(InvalidTick::Stale { .. })
        ));
        let wrong_language = Tick {
            locale: Locale::En,
            ..good
        };
        assert!(matches!(
            wrong_language.check(now),
            Err(InvalidTick::Stale { .. })
        ));
        let unknown = tick("privacy-policy");
        assert!(matches!(
            unknown.check(now),
            Err(InvalidTick::UnknownDocument(_))
        ));
    }

    #[test]
    fn a_receipt_verifies_against_what_was_published_and_nothing_else() {
        let now = Timestamp::from(jiff::Timestamp::now());
        for consent in ConsentPurpose::ALL {
            for locale in [Locale::En, Locale::Ru] {
                let receipt = Tick::current(consent, locale, true, now).unwrap();
                assert_eq!(receipt.verify(), Ok(()));
                let other = Tick {
                    sha256: "0".repeat(64),
                    ..receipt.clone()
                };
                assert_eq!(other.verify(), Err(InvalidReceipt::OtherText));
                let unknown = Tick {
                    version: "2020-01-01".into(),
                    ..receipt
                };
                assert_eq!(unknown.verify(), Err(InvalidReceipt::Unpublished));
            }
        }
    }

    proptest! {
        #[test]
        fn one_flipped_bit_of_the_text_breaks_a_receipt(at in any::<prop::sample::Index>(), bit in 0u8..7) {
            let now = Timestamp::from(jiff::Timestamp::now());
            let receipt = Tick::current(ConsentPurpose::Processing, Locale::En, true, now).unwrap();
            let publication = policy::current("processing-consent", now).unwrap();
            let text = policy::text(publication.text(Locale::En).unwrap()).unwrap();
            prop_assert!(receipt.is_under(text));
            let mut bytes = text.as_bytes().to_vec();
            bytes[at.index(text.len())] ^= 1 << bit;
            // what is no text any more can't be shown, and so can't be consented to
            if let Ok(flipped) = String::from_utf8(bytes) {
                prop_assert!(!receipt.is_under(&flipped));
            }
        }
    }

    #[test]
    fn a_purpose_stands_as_the_gate_would_say() {
        let all = BTreeSet::from(ConsentPurpose::ALL);
        let processing = BTreeSet::from([ConsentPurpose::Processing]);
        let (none, nothing) = (BTreeSet::new(), BTreeSet::new());
        let to_ads = BTreeSet::from([Purpose::AdTargeting]);
        for (purpose, consents, objections, restricted, stands) in [
            (
                Purpose::Support,
                &processing,
                &nothing,
                false,
                Standing::InForce,
            ),
            (Purpose::Support, &none, &nothing, false, Standing::NotGiven),
            (
                Purpose::Support,
                &processing,
                &nothing,
                true,
                Standing::Restricted,
            ),
            (
                Purpose::Marketing,
                &processing,
                &nothing,
                false,
                Standing::NotGiven,
            ),
            (Purpose::Marketing, &all, &to_ads, false, Standing::InForce),
            (
                Purpose::AdTargeting,
                &all,
                &nothing,
                false,
                Standing::InForce,
            ),
            (
                Purpose::AdTargeting,
                &all,
                &to_ads,
                false,
                Standing::Objected,
            ),
            (
                Purpose::AdTargeting,
                &processing,
                &to_ads,
                false,
                Standing::Objected,
            ),
            (
                Purpose::AnonymousStats,
                &all,
                &nothing,
                false,
                Standing::BrowserDecides,
            ),
        ] {
            let state = SubjectState {
                consents,
                objections,
                restricted,
            };
            assert_eq!(standing(purpose, state), stands, "{purpose:?}");
        }
    }

    #[test]
    fn every_consent_has_a_label_in_every_language() {
        for consent in ConsentPurpose::ALL {
            for locale in [Locale::En, Locale::Ru] {
                assert!(label(consent, locale).is_some(), "{consent} {locale:?}");
            }
        }
    }
}
