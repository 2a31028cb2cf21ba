//! Sign-up: boxes that are not what was shown, two attempts, and what is stored.

mod policies;

use assetbox_tests::mail::link_in;
use assetbox_tests::{Person, Stage, TestMachine, tick};
use domain::time::SignedDuration;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn boxes_of_another_language_document_or_number_leave_nothing() {
    let machine = TestMachine::start().await;
    let person = Person::new();
    let ticked = tick(&machine, "processing-consent", true);
    let changed = |name: &str, value: &str| {
        let mut changed = ticked.clone();
        changed[name] = json!(value);
        vec![changed]
    };
    let before = machine.everything().await;
    for (boxes, status, code) in [
        // the text's hash is that of the English one
        (changed("locale", "ru"), 409, "stale_consent"),
        (
            changed("document", "privacy-policy"),
            422,
            "unknown_document",
        ),
        (vec![ticked.clone(), ticked.clone()], 422, "invalid_field"),
    ] {
        let form = person.form(&boxes);
        let answer = machine.anonymous().post("/signup", &form).await;
        answer.problem(status, code);
    }
    assert_eq!(machine.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sign_ups_with_one_address_make_one_account() {
    let machine = TestMachine::start().await;
    let person = Person::new();
    for _ in 0..2 {
        machine.sign_up(&person, &[]).await.is(202);
        machine.pass(SignedDuration::from_secs(61)).await;
    }
    let letters = machine.mails_to(&person.email).await;
    let links: Vec<_> = letters
        .iter()
        .map(|mail| link_in(mail, "signup").unwrap())
        .collect();
    assert_eq!(links.len(), 2);
    let verify = async |link: &str| {
        let token = json!({"token": link});
        machine.anonymous().post("/signup/verify", &token).await
    };
    verify(&links[1]).await.is(200);
    verify(&links[0]).await.problem(409, "address_taken");
    assert_eq!(machine.keys("PeopleTable", "LOGIN#").await.len(), 1);
    machine.sign_in(&person).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_up_with_a_known_address_stores_as_much_as_with_an_unknown_one() {
    let stage = Stage::start().await;
    let known = stage.account(Person::new(), &[]).await.person;
    let stored = async || {
        let mut items = stage.everything().await;
        // the counters of limits are there for all
        items.retain(|item| !item.contains("LIMIT#"));
        items.len()
    };
    let mut grown = Vec::new();
    for email in [Person::new().email, known.email] {
        stage.advance(SignedDuration::from_secs(61));
        let person = Person {
            email,
            ..Person::new()
        };
        let before = stored().await;
        let form = person.form(&[tick(&stage, "processing-consent", true)]);
        stage.anonymous().post("/signup", &form).await.is(202);
        grown.push(stored().await - before);
    }
    assert!(grown[0] > 0);
    assert_eq!(grown[0], grown[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_tells_of_consents_and_account_and_nothing_tells_the_network_address() {
    let machine = TestMachine::start().await;
    let also = ["marketing-consent"];
    let person = machine.user_like(Person::new(), &also).await.person;
    assert_eq!(machine.entries("consent.given").await.len(), 2);
    assert_eq!(machine.entries("account.opened").await.len(), 1);
    for item in machine.everything().await {
        for word in ["127.0.0.1", &person.phone[1..]] {
            assert!(!item.contains(word), "{word} in {item}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_of_a_document_may_be_kept_for_ever() {
    let machine = TestMachine::start().await;
    let list = machine
        .anonymous()
        .get("/policies/terms/versions")
        .await
        .json(200);
    let version = list["items"][0]["version"].as_str().unwrap();
    let path = format!("/policies/terms/versions/{version}");
    let read = machine.anonymous().get(path).await;
    assert_eq!(
        read.is(200).header("cache-control"),
        Some("public, max-age=31536000, immutable")
    );
}
