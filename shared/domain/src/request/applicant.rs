//! Who asks on a person's behalf: a legal representative with a mandate, or an
//! authority (clause 6.7). Such a request comes with a document, and the staff
//! enter it; nobody is asked to prove that they are the person.

use serde::{Deserialize, Serialize};

use crate::{compliance::Words, ledger::Hash};

/// Who asks, beside the person themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Applicant {
    /// A legal representative.
    Representative,
    /// An authorised body, such as Roskomnadzor.
    Authority,
}

impl Applicant {
    /// The name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Representative => "representative",
            Self::Authority => "authority",
        }
    }
}

/// What such a request rests on. Names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mandate {
    /// Who asks.
    pub by: Applicant,
    /// SHA-256 of the mandate or the authority's letter: the same document
    /// makes one request only.
    pub document: Hash,
}

/// Who asks, in words. It may name people: stored sealed only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Behalf {
    /// The representative or the authority.
    pub name: Words,
    /// The mandate's or the letter's reference.
    pub reference: Words,
}

impl std::fmt::Debug for Behalf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Behalf(…)")
    }
}
