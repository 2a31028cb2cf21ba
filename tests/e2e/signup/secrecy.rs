//! No answer tells whether an address has an account; the letter does, to its owner.

use std::collections::BTreeSet;

use futures::future::join_all;
use jiff::SignedDuration;

use crate::support::{Answer, Person, TestMachine, mail::link_in, text, tick, told};

#[tokio::test(flavor = "multi_thread")]
async fn a_known_address_is_answered_like_an_unknown_one() {
    let machine = TestMachine::start().await;
    let known = machine.user().await.person;
    machine.pass(SignedDuration::from_mins(2)).await;
    let stranger = Person {
        email: known.email.clone(),
        ..Person::new()
    };

    let count = machine.count("SignupFunction");
    let of_new = machine.sign_up(&Person::new(), &[]).await;
    let for_new = count.operations();
    let count = machine.count("SignupFunction");
    let of_known = machine.sign_up(&stranger, &[]).await;
    let for_known = count.operations();

    assert_eq!(told(&of_new), told(&of_known));
    let names = |answer: &Answer| -> BTreeSet<_> {
        answer.headers.keys().map(ToString::to_string).collect()
    };
    assert_eq!(names(&of_new), names(&of_known));
    assert_eq!(for_new, for_known, "the same work for both");

    let letter = machine.last_mail_to(&known.email).await;
    assert_eq!(letter.summary.subject, "You already have an account");
    assert_eq!(link_in(&letter, "signup"), None);
    // Whoever typed the address must not choose a word of what its owner reads.
    let read = format!("{}{}", letter.text.unwrap(), letter.html.unwrap());
    for word in [
        &stranger.name,
        &stranger.company,
        &stranger.position,
        &stranger.phone,
    ] {
        assert!(!read.contains(word.as_str()));
    }
    machine.sign_in(&known).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_sign_ups_at_once_make_one_account_and_one_letter() {
    let machine = TestMachine::start().await;
    let person = Person::new();
    let form = person.form(&[tick(&machine, "processing-consent", true)]);
    let browser = machine.browser_of(&person);
    let answers = join_all((0..20).map(|_| browser.post("/signup", &form))).await;
    for answer in &answers {
        assert_eq!(told(answer.is(202)), told(&answers[0]));
    }
    machine.settled().await;
    assert_eq!(machine.mails_to(&person.email).await.len(), 1);
    machine.verify(&person).await.is(200);
    machine.sign_in(&person).await;
    let people = machine.items("PeopleTable").await;
    let logins = people
        .iter()
        .filter(|item| text(item, "sk") == "LOGIN")
        .count();
    let records = people
        .iter()
        .filter(|item| text(item, "sk") == "META")
        .count();
    assert_eq!((logins, records), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_about_a_person_is_readable_in_the_tables() {
    let machine = TestMachine::start().await;
    let person = machine
        .user_like(Person::new(), &["marketing-consent"])
        .await
        .person;
    for table in ["CatalogTable", "PeopleTable", "KeysTable", "LedgerTable"] {
        for item in machine.items(table).await {
            let shown = format!("{item:?}").to_lowercase();
            for word in person.canaries() {
                assert!(!shown.contains(&word.to_lowercase()), "{table}: {shown}");
            }
        }
    }
}
