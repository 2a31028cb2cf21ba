//! “What do you hold about me, and why?” (clause 6.3a, 152-FZ art. 14(7), GDPR
//! art. 15(1)), from the data map.

use serde::Serialize;

use super::{LegalBasis, bases, purposes, retention, retention_with_claim, sources, words};
use crate::{
    policy::Locale,
    processing::{Category, Purpose},
};

/// What is said of one kind of data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The category, for machines.
    pub category: Category,
    /// What it is.
    pub what: &'static str,
    /// What it serves.
    pub why: Vec<Why>,
    /// Where it comes from.
    pub from: Vec<&'static str>,
    /// How long it is kept.
    pub kept: String,
    /// How long, where a claim needs it for longer.
    pub kept_with_claim: Option<String>,
    /// Whether an erasure destroys it.
    pub erased_on_request: bool,
}

/// A purpose with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Why {
    /// The purpose, for machines.
    pub purpose: Purpose,
    /// The purpose in words.
    pub text: &'static str,
    /// The clause that states it.
    pub clause: &'static str,
    /// What it rests on.
    pub basis: Vec<String>,
}

pub(super) fn basis_in_words(basis: LegalBasis, locale: Locale) -> String {
    let text = words::basis(basis).say(locale);
    match basis.articles() {
        "" => text.to_owned(),
        articles => format!("{text} ({articles})"),
    }
}

/// A purpose in words, with what it rests on.
#[must_use]
pub fn why(purpose: Purpose, locale: Locale) -> Why {
    Why {
        purpose,
        text: words::purpose(purpose).say(locale),
        clause: purpose.clause(),
        basis: bases(purpose)
            .iter()
            .map(|basis| basis_in_words(*basis, locale))
            .collect(),
    }
}

/// The answer about the categories that are held of a person, in their order.
#[must_use]
pub fn what_we_hold(held: &[Category], locale: Locale) -> Vec<Statement> {
    Category::ALL
        .into_iter()
        .filter(|category| held.contains(category))
        .map(|category| Statement {
            category,
            what: words::category(category).say(locale),
            why: purposes(category)
                .iter()
                .map(|purpose| why(*purpose, locale))
                .collect(),
            from: sources(category)
                .iter()
                .map(|source| source.in_words(locale))
                .collect(),
            kept: retention(category).in_words(locale),
            kept_with_claim: retention_with_claim(category).map(|kept| kept.in_words(locale)),
            erased_on_request: Category::ERASED.contains(&category),
        })
        .collect()
}
