#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::*;
use crate::{
    consent::ConsentPurpose,
    processing::{Category, Operation, Purpose, permits},
};

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
    let mut explained = publications().to_vec();
    explained[1].summary = Some(Summary {
        en: "Nothing.".to_owned(),
        ru: "Ничего.".to_owned(),
    });
    assert!(!chain_holds(&explained));
}

#[test]
fn a_version_binds_from_its_effective_time() {
    let publication = &publications()[0];
    let before = publication.effective_at - jiff::SignedDuration::from_millis(1);
    assert_eq!(current(&publication.document, before.into()), None);
    assert_eq!(binding(before.into()), 0);
    assert_eq!(
        current(&publication.document, publication.effective_at.into()),
        Some(publication)
    );
    assert!(binding(publication.effective_at.into()) > 0);
}

/// A draft is no publication: only what the chain names is compiled in.
#[test]
fn only_published_texts_are_compiled_in() {
    let texts = publications().iter().flat_map(|p| &p.texts);
    let published: BTreeSet<_> = texts.map(|text| text.path.as_str()).collect();
    let compiled: BTreeSet<_> = texts::TEXTS.iter().map(|(path, _)| *path).collect();
    assert_eq!(compiled, published);
}

#[test]
fn a_later_version_says_in_both_languages_what_it_changes() {
    let mut seen = BTreeSet::new();
    for publication in publications() {
        let is_first = seen.insert(&publication.document);
        let explained = publication.summary.as_ref().is_some_and(|summary| {
            [Locale::En, Locale::Ru].map(|locale| !summary.text(locale).is_empty()) == [true; 2]
        });
        assert_eq!(explained, !is_first, "{}", publication.document);
    }
}

fn text_of(publication: &Publication, locale: Locale) -> &'static str {
    text(publication.text(locale).unwrap()).unwrap()
}

/// A clause of a text.
fn clause<'a>(text: &'a str, number: &str) -> &'a str {
    let begin = format!("**{number}.**");
    let found = text.split("\n\n").find(|part| part.starts_with(&begin));
    found.unwrap_or_default()
}

/// A purpose of the code that no published text names is none (clauses 4.1, 6.4).
#[test]
fn every_purpose_stands_with_its_tag_in_its_clause_of_the_latest_policy() {
    let policy = latest("privacy-policy").unwrap();
    for locale in [Locale::En, Locale::Ru] {
        let text = text_of(policy, locale);
        for purpose in Purpose::ALL {
            let tag = format!("`{}`", purpose.as_str());
            let clause = clause(text, purpose.clause());
            assert!(clause.contains(&tag), "{tag} is not in {clause:?}");
        }
    }
}

/// A new purpose needs a new consent, not only a new version (clause 9.1). The
/// gate knows that somebody has consented to the processing, not to which
/// version: so a purpose that its first version does not name must rest on a
/// consent of its own ([`ConsentPurpose::required_by`]), which nobody has given.
#[test]
fn every_purpose_was_named_by_its_consent_from_the_first_version_on() {
    let reaches = |purpose, category| {
        let mut operations = Operation::ALL.into_iter();
        operations.any(|operation| permits(category, purpose, operation))
    };
    for purpose in Purpose::ALL {
        let personal = Category::ALL.into_iter().any(|c| reaches(purpose, c));
        if !personal && ConsentPurpose::required_by(purpose).is_none() {
            continue;
        }
        let consent = ConsentPurpose::required_by(purpose).unwrap_or(ConsentPurpose::Processing);
        let mut versions = publications().iter();
        let first = versions.find(|p| p.document == consent.document());
        for locale in [Locale::En, Locale::Ru] {
            let tag = format!("`{}`", purpose.as_str());
            assert!(
                text_of(first.unwrap(), locale).contains(&tag),
                "{tag} needs a consent of its own: the first {} does not name it",
                consent.document()
            );
        }
    }
}
