//! The record of processing (GDPR art. 30, 152-FZ art. 18.1), from the data map.
//!
//! `docs/privacy/record-of-processing.md` is [`markdown`]'s text; a test fails
//! when it differs and says how to write it anew.

use std::fmt::Write;

use serde::Serialize;

use super::{
    Holds, bases, holdings::basis_in_words, items, purposes, retention, retention_with_claim,
    sources, words,
};
use crate::{
    policy::Locale,
    processing::{Category, Purpose},
};

/// The record. Its controller is the operator named on the service's start
/// page, who adds name, contact and data-protection officer (art. 30(1)(a)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Why data is processed (art. 30(1)(b)).
    pub purposes: Vec<PurposeRow>,
    /// Whose data (art. 30(1)(c)).
    pub subjects: Vec<SubjectRow>,
    /// Which data, with the time limits for its erasure (art. 30(1)(c), (f)).
    pub categories: Vec<CategoryRow>,
    /// Who receives it, and where (art. 30(1)(d), (e)).
    pub recipients: Vec<RecipientRow>,
    /// How it is protected (art. 30(1)(g)).
    pub measures: Vec<&'static str>,
    /// Where each piece of it stands.
    pub attributes: Vec<AttributeRow>,
}

/// A purpose of section 4.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PurposeRow {
    /// Its tag.
    pub purpose: Purpose,
    /// Its clause.
    pub clause: &'static str,
    /// In words.
    pub text: &'static str,
    /// What it rests on.
    pub basis: Vec<String>,
    /// What it reaches.
    pub categories: Vec<Category>,
}

/// A category of persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SubjectRow {
    /// Who.
    pub who: &'static str,
    /// Which of their data.
    pub data: &'static str,
}

/// A category of data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CategoryRow {
    /// Its name.
    pub category: Category,
    /// In words, as the person is told.
    pub text: &'static str,
    /// Where it comes from.
    pub sources: Vec<&'static str>,
    /// How long it is kept.
    pub kept: String,
    /// How long, where a claim needs it for longer.
    pub kept_with_claim: Option<String>,
    /// Whether an erasure destroys it.
    pub erased_on_request: bool,
}

/// A recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RecipientRow {
    /// Who.
    pub who: &'static str,
    /// As what.
    pub role: &'static str,
    /// For what.
    pub task: &'static str,
    /// Which data.
    pub data: &'static str,
    /// Where, and on what the transfer rests.
    pub place: &'static str,
}

/// An attribute that holds personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttributeRow {
    /// Table or bucket.
    pub store: &'static str,
    /// Entity and attribute.
    pub attribute: String,
    /// What kind of data.
    pub category: Category,
    /// Sealed under the person's key, or a reference that names nobody.
    pub sealed: bool,
    /// Until when.
    pub kept: String,
}

const SUBJECTS: [SubjectRow; 4] = [
    SubjectRow {
        who: "Users: individuals who have, had or ask for an account",
        data: "every category below",
    },
    SubjectRow {
        who: "Visitors of the site without an account",
        data: "visit, other_technical",
    },
    SubjectRow {
        who: "Persons who write to the privacy address, representatives of Users",
        data: "contact, correspondence, request, verification",
    },
    SubjectRow {
        who: "Persons shown or named in customers' assets",
        data: "what the assets hold; the customer decides the purposes, the operator processes on its instructions (terms, section 8)",
    },
];

const RECIPIENTS: [RecipientRow; 5] = [
    RecipientRow {
        who: "Amazon Web Services (AWS)",
        role: "processor",
        task: "hosting, storage, databases, encryption keys, e-mail; Amazon Rekognition for previews, where the workspace has switched it on",
        data: "all categories that the service stores; sealed as the table of attributes says",
        place: "the AWS region chosen by the operator, outside Russia; out of the EU on a ground of chapter V of the GDPR",
    },
    RecipientRow {
        who: "Stripe",
        role: "processor, and independent controller for its own legal duties",
        task: "card payments, subscriptions, refunds, disputes",
        data: "contact (e-mail address), payment",
        place: "USA, European Union and other countries in which Stripe operates; out of the EU on a ground of chapter V of the GDPR",
    },
    RecipientRow {
        who: "YooKassa",
        role: "processor, and independent controller for its own legal duties",
        task: "payments in Russia, refunds",
        data: "contact (e-mail address for the receipt), payment",
        place: "Russia; out of the EU on a ground of chapter V of the GDPR",
    },
    RecipientRow {
        who: "Authorities and courts",
        role: "recipients in a single case",
        task: "clauses 5.5, 5.7 and 5.8 of the policy, on a ground of the law",
        data: "what the ground covers",
        place: "as the ground says; each disclosure is registered",
    },
    RecipientRow {
        who: "An acquirer of the business",
        role: "controller that takes over our duties",
        task: "clause 5.6c of the policy: of those who were told and have not objected",
        data: "what they were told of",
        place: "as they were told; each transfer is registered",
    },
];

const MEASURES: [&str; 8] = [
    "Encryption in transit (TLS) and at rest.",
    "A data key of its own for each person (AES-256-GCM), wrapped by a key service; destroying it makes every copy and backup unreadable.",
    "One gate to personal data: each access names its purpose and operation and is refused outside the matrix of clause 6.4, without a needed consent, or under a restriction.",
    "A log of all actions with personal data, chained by hashes and signed, without personal data in it.",
    "Least rights for each function of the service; separate tables for persons, keys, assets and the log.",
    "Separation of workspaces: another's data looks like data that does not exist.",
    "Passwords as Argon2id hashes; addresses looked up by a keyed hash; no personal data in keys, addresses of pages or operational logs.",
    "Retention by the clock for every category; certificates of erasure that can be verified offline.",
];

/// The record as it follows from the data map, in English.
#[must_use]
pub fn record() -> Record {
    Record {
        purposes: Purpose::ALL.map(purpose_row).into(),
        subjects: SUBJECTS.into(),
        categories: Category::ALL.map(category_row).into(),
        recipients: RECIPIENTS.into(),
        measures: MEASURES.into(),
        attributes: attribute_rows(),
    }
}

fn purpose_row(purpose: Purpose) -> PurposeRow {
    PurposeRow {
        purpose,
        clause: purpose.clause(),
        text: words::purpose(purpose).say(Locale::En),
        basis: bases(purpose)
            .iter()
            .map(|basis| basis_in_words(*basis, Locale::En))
            .collect(),
        categories: Category::ALL
            .into_iter()
            .filter(|category| purposes(*category).contains(&purpose))
            .collect(),
    }
}

fn category_row(category: Category) -> CategoryRow {
    CategoryRow {
        category,
        text: words::category(category).say(Locale::En),
        sources: sources(category)
            .iter()
            .map(|source| source.in_words(Locale::En))
            .collect(),
        kept: retention(category).in_words(Locale::En),
        kept_with_claim: retention_with_claim(category).map(|kept| kept.in_words(Locale::En)),
        erased_on_request: Category::ERASED.contains(&category),
    }
}

fn attribute_rows() -> Vec<AttributeRow> {
    let mut rows = Vec::new();
    for item in items() {
        for attribute in item.attributes() {
            let Some(category) = attribute.holds.category() else {
                continue;
            };
            let kept = match attribute.holds {
                Holds::Sealed(field) => field.row().retention,
                _ => retention(category),
            };
            rows.push(AttributeRow {
                store: item.store.as_str(),
                attribute: format!("{}.{}", item.entity, attribute.name),
                category,
                sealed: matches!(attribute.holds, Holds::Sealed(_)),
                kept: kept.in_words(Locale::En),
            });
        }
    }
    rows
}

fn names(categories: &[Category]) -> String {
    if categories.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<_> = categories.iter().map(|c| c.as_str()).collect();
    names.join(", ")
}

fn yes(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

/// The record as the document that people read.
#[must_use]
pub fn markdown() -> String {
    let record = record();
    let mut text = String::from(
        "# Record of processing\n\n\
         GDPR art. 30(1), 152-FZ art. 18.1. Generated from the data map (`shared/domain/src/data_map`); do not edit.\n\n\
         Controller: the operator named on the service's start page, reached at the privacy address published there. The operator adds name, contact, representative and data-protection officer.\n",
    );
    // writing to a String never fails
    let _ = tables(&mut text, &record);
    text
}

fn tables(text: &mut String, record: &Record) -> std::fmt::Result {
    text.push_str("\n## Purposes\n\n| Purpose | Clause | Meaning | Basis | Categories of data |\n|---|---|---|---|---|\n");
    for row in &record.purposes {
        let (tag, basis) = (row.purpose.as_str(), row.basis.join("; "));
        let reached = names(&row.categories);
        writeln!(
            text,
            "| `{tag}` | {} | {} | {basis} | {reached} |",
            row.clause, row.text
        )?;
    }
    text.push_str("\n## Categories of persons\n\n| Who | Data |\n|---|---|\n");
    for row in &record.subjects {
        writeln!(text, "| {} | {} |", row.who, row.data)?;
    }
    text.push_str("\n## Categories of data and time limits\n\n| Category | What it is | Source | Kept | Under a claim | Destroyed by an erasure |\n|---|---|---|---|---|---|\n");
    for row in &record.categories {
        let (name, sources) = (row.category.as_str(), row.sources.join(", "));
        let claim = row.kept_with_claim.as_deref().unwrap_or("the same");
        let erased = yes(row.erased_on_request);
        writeln!(
            text,
            "| `{name}` | {} | {sources} | {} | {claim} | {erased} |",
            row.text, row.kept
        )?;
    }
    text.push_str("\n## Recipients and transfers\n\n| Who | Role | Task | Data | Where |\n|---|---|---|---|---|\n");
    for row in &record.recipients {
        writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            row.who, row.role, row.task, row.data, row.place
        )?;
    }
    text.push_str("\n## Measures\n\n");
    for measure in &record.measures {
        writeln!(text, "- {measure}")?;
    }
    text.push_str("\n## Attributes that hold personal data\n\nAn attribute that is not sealed relates to a person by an id, a keyed hash, a time or a state, and names nobody.\n\n| Store | Attribute | Category | Sealed | Kept |\n|---|---|---|---|---|\n");
    for row in &record.attributes {
        let (category, sealed) = (row.category.as_str(), yes(row.sealed));
        writeln!(
            text,
            "| {} | `{}` | {category} | {sealed} | {} |",
            row.store, row.attribute, row.kept
        )?;
    }
    Ok(())
}
