#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::*;
use crate::{
    policy::Locale,
    time::{Timestamp, days, shift},
};

#[test]
fn every_attribute_has_one_row_and_an_end() {
    let mut seen = BTreeSet::new();
    for field in Field::ALL {
        let row = field.row();
        assert!(seen.insert((row.entity, row.attribute)), "{row:?} twice");
        assert!(!purposes(row.category).is_empty());
        assert!(sources(row.category).contains(&row.source), "{row:?}");
        let (own, whole) = (row.retention, retention(row.category));
        let sooner = own.event() == Event::Stored && own.days() <= whole.days();
        assert!(
            sooner || (own.event() == whole.event() && own.days() <= whole.days()),
            "{row:?} is kept longer than its category"
        );
    }
}

#[test]
fn no_category_is_kept_without_an_end() {
    let five_years = 5 * 365 + 2;
    for category in Category::ALL {
        let kept = retention(category);
        let until_revoked = kept.event() == Event::RefusalRevoked;
        assert_eq!(until_revoked, category == Category::Suppression);
        assert!(until_revoked || (1..=five_years).contains(&kept.days()));
        let happened = Timestamp::UNIX_EPOCH;
        let end = shift(happened, days(i64::from(kept.days())));
        assert_eq!(kept.end(happened), end);
        if let Some(claim) = retention_with_claim(category) {
            assert!(claim.days() > kept.days());
        }
    }
}

/// Clause 5.2a's table, written a second time.
#[test]
fn the_periods_are_those_of_the_policy() {
    let kept = |category| {
        let kept = retention(category);
        (kept.event(), kept.days())
    };
    assert_eq!(kept(Category::Contact), (Event::AccountEnded, 30));
    assert_eq!(kept(Category::Visit), (Event::Stored, 90));
    assert_eq!(kept(Category::Correspondence), (Event::Stored, 365));
    assert_eq!(kept(Category::Survey), (Event::Stored, 365));
    assert_eq!(kept(Category::Verification), (Event::RequestClosed, 30));
    assert_eq!(
        kept(Category::ConsentEvidence),
        (Event::ConsentWithdrawn, 1095)
    );
    let years = |category| kept(category).1 / 365;
    assert_eq!(years(Category::Payment), 5);
    assert_eq!(years(Category::DestructionAct), 3);
    assert_eq!(years(Category::Disclosure), 3);
    assert_eq!(years(Category::TrialRecord), 3);
    assert_eq!(years(Category::RequestLog), 2);
    assert_eq!(Field::Export.row().retention.days(), 7);
    assert_eq!(Field::PendingEmail.row().retention.days(), 1);
}

#[test]
fn marketing_reaches_only_what_a_letter_needs() {
    let reached: Vec<_> = Category::ALL
        .into_iter()
        .filter(|c| allows(*c, Purpose::Marketing))
        .collect();
    assert_eq!(
        reached,
        [
            Category::Identity,
            Category::Contact,
            Category::Correspondence
        ]
    );
}

#[test]
fn advertising_and_statistics_reach_no_stored_person() {
    for category in Category::ALL {
        assert!(!allows(category, Purpose::AdTargeting));
        assert!(!allows(category, Purpose::AnonymousStats));
    }
}

#[test]
fn every_purpose_rests_on_something_and_only_separate_consents_stand_alone() {
    use crate::consent::ConsentPurpose;
    for purpose in Purpose::ALL {
        assert!(!bases(purpose).is_empty());
        let alone = bases(purpose) == [LegalBasis::SeparateConsent];
        assert_eq!(alone, ConsentPurpose::required_by(purpose).is_some());
    }
}

#[test]
fn every_sealed_attribute_stands_in_one_item_and_no_key_is_explained_twice() {
    let mut sealed = Vec::new();
    let mut places = BTreeSet::new();
    for item in items() {
        let place = (item.store, item.partition, item.sort);
        assert!(places.insert(place), "{place:?} twice");
        assert_eq!(item_at(item.store, item.partition, item.sort), Some(item));
        let mut names = BTreeSet::new();
        for attribute in item.attributes() {
            assert!(
                names.insert(attribute.name),
                "{}.{} twice",
                item.entity,
                attribute.name
            );
            if let Holds::Sealed(field) = attribute.holds {
                let row = field.row();
                assert_eq!((row.store, row.attribute), (item.store, attribute.name));
                sealed.push(field);
            }
        }
    }
    sealed.sort_unstable();
    assert_eq!(sealed, Field::ALL);
}

#[test]
fn an_attribute_is_explained_by_the_item_that_it_stands_in() {
    let name = |store, partition, sort| explain(store, partition, sort, "name");
    assert_eq!(
        name(Store::People, "SUBJ#usr_1", "PROFILE"),
        Some(Holds::Sealed(Field::Name))
    );
    assert_eq!(
        name(Store::Catalog, "WSP#wsp_1", "ASSET#ast_1"),
        Some(Holds::Company)
    );
    assert_eq!(name(Store::People, "SUBJ#usr_1", "SESSION#x"), None);
    assert_eq!(name(Store::People, "SUBJ#usr_1", "UNHEARD#x"), None);
    assert_eq!(
        name(Store::Keys, "SUBJ#usr_1", "PROFILE"),
        None,
        "another table"
    );
    let secret = |partition| explain(Store::Catalog, partition, "msg_1", "secret");
    assert_eq!(secret("OUT#usr_1"), Some(Holds::Sealed(Field::MailSecret)));
    assert_eq!(secret("OUT#wsp_1"), None);
    let keys = explain(Store::People, "SUPPRESS#abc", "SUPPRESS", "pk");
    assert_eq!(keys, Some(Holds::Linked(Category::Suppression)));
    let index = explain(Store::Catalog, "WSP#wsp_1", "META", "due_at");
    assert_eq!(index, Some(Holds::Service));
    assert_eq!(explain(Store::People, "SUBJ#usr_1", "META", "email"), None);
}

#[test]
fn the_answer_says_what_is_held_and_why_in_both_languages() {
    let held = [Category::Suppression, Category::Contact];
    let english = what_we_hold(&held, Locale::En);
    let categories: Vec<_> = english.iter().map(|said| said.category).collect();
    assert_eq!(categories, [Category::Contact, Category::Suppression]);
    assert!(english[0].erased_on_request && !english[1].erased_on_request);
    assert_eq!(english[1].kept, "until you take the refusal back");
    assert!(
        english[0].why.iter().any(|why| {
            why.clause == "4.8" && why.basis[0].starts_with("your separate consent (")
        })
    );

    let cyrillic = |text: &str| text.chars().any(|c| ('а'..='я').contains(&c));
    for locale in [Locale::En, Locale::Ru] {
        for said in what_we_hold(&Category::ALL, locale) {
            let mut texts = vec![said.what, said.kept.as_str()];
            texts.extend(said.kept_with_claim.as_deref());
            texts.extend(&said.from);
            assert!(!said.why.is_empty() && !said.from.is_empty());
            for why in &said.why {
                texts.push(why.text);
                texts.extend(why.basis.iter().map(String::as_str));
            }
            for text in texts {
                assert_eq!(cyrillic(text), locale == Locale::Ru, "{text}");
                assert!(!text.contains("{}"), "{text}");
            }
        }
    }
    assert!(what_we_hold(&[], Locale::Ru).is_empty());
}

#[test]
fn the_record_of_processing_covers_every_purpose_category_and_sealed_attribute() {
    let record = record::record();
    let purposes: Vec<_> = record.purposes.iter().map(|row| row.purpose).collect();
    assert_eq!(purposes, Purpose::ALL);
    let categories: Vec<_> = record.categories.iter().map(|row| row.category).collect();
    assert_eq!(categories, Category::ALL);
    let sealed = record.attributes.iter().filter(|row| row.sealed).count();
    assert_eq!(sealed, Field::ALL.len());
    assert!(serde_json::to_value(&record).is_ok());
    let text = record::markdown();
    for part in ["`profile.phone`", "`marketing`", "Stripe", "art. 30(1)"] {
        assert!(text.contains(part), "{part}");
    }
    // every line of a table has as many cells as its head
    let cells = |line: &str| line.matches('|').count();
    let mut width = None;
    for line in text.lines() {
        if !line.starts_with('|') {
            width = None;
            continue;
        }
        assert_eq!(*width.get_or_insert(cells(line)), cells(line), "{line}");
    }
}

const DOCUMENT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/privacy/record-of-processing.md"
);

#[test]
fn the_committed_record_of_processing_is_the_data_maps() {
    let text = record::markdown();
    if std::env::var_os("WRITE_DOCUMENTS").is_some() {
        let folder = std::path::Path::new(DOCUMENT).parent().unwrap();
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(DOCUMENT, &text).unwrap();
    }
    let committed = std::fs::read_to_string(DOCUMENT).unwrap_or_default();
    assert!(
        committed == text,
        "write it anew: WRITE_DOCUMENTS=1 cargo test --package domain record_of_processing"
    );
}
