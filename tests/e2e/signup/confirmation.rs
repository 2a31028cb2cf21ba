//! The mailed link and the trial that it starts (clauses 3.2a, 3.2b).

use domain::time::{Timestamp, shift};
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Person, TestMachine, told};

#[tokio::test(flavor = "multi_thread")]
async fn the_link_works_once() {
    let machine = TestMachine::start().await;
    let person = Person::new();
    machine.sign_up(&person, &[]).await.is(202);
    let token = json!({"token": machine.link(&person.email, "signup").await});
    let anonymous = machine.anonymous();
    // Scanners of mail open every link: that does nothing.
    let page = anonymous.get("/confirm").await;
    assert!(
        page.is(200)
            .header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    let opened = anonymous.post("/signup/verify", &token).await.json(200);
    assert!(opened["workspace_id"].as_str().unwrap().starts_with("wsp_"));
    let after = machine.counts().await;
    anonymous
        .post("/signup/verify", &token)
        .await
        .problem(410, "link_used_or_over");
    let catalog = |counts: &std::collections::BTreeMap<String, usize>| counts["CatalogTable"];
    machine.settled().await;
    assert!(catalog(&machine.counts().await) <= catalog(&after));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_works_for_24_hours() {
    let machine = TestMachine::start().await;
    let (early, late) = (Person::new(), Person::new());
    machine.sign_up(&early, &[]).await.is(202);
    machine.sign_up(&late, &[]).await.is(202);
    let of_late = machine.link(&late.email, "signup").await;
    machine
        .advance(SignedDuration::from_secs(24 * 3600 - 60))
        .unwrap();
    machine.verify(&early).await.is(200);
    machine.advance(SignedDuration::from_secs(60)).unwrap();
    let answer = machine
        .anonymous()
        .post("/signup/verify", &json!({"token": of_late}))
        .await;
    answer.problem(410, "link_used_or_over");
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_links_are_refused_like_used_ones() {
    let machine = TestMachine::start().await;
    let nobody = domain::ids::SubjectId::new(machine.now());
    let well_formed = domain::token::LinkToken::generate(nobody).reveal();
    let mut answers = Vec::new();
    for token in [well_formed.as_str(), "abl_", "", "abl_AAAA", "x"] {
        answers.push(
            machine
                .anonymous()
                .post("/signup/verify", &json!({"token": token}))
                .await,
        );
    }
    for answer in &answers {
        answer.problem(410, "link_used_or_over");
        assert_eq!(told(answer), told(&answers[0]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trial_lasts_fourteen_days_to_the_millisecond() {
    let machine = TestMachine::start().await;
    let person = Person::new();
    machine.sign_up(&person, &[]).await.is(202);
    let before = machine.now();
    let opened = machine.verify(&person).await.json(200);
    let after = machine.now();
    let user = machine.sign_in(&person).await;
    let trial = user.api.get("/billing").await.json(200)["trial"].clone();
    let time = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap();
    let (started, ends) = (time(&trial["started_at"]), time(&trial["ends_at"]));
    assert!(before <= started && started <= after);
    assert_eq!(ends, shift(started, SignedDuration::from_hours(14 * 24)));
    assert_eq!(time(&opened["trial_ends_at"]), ends);
    let welcome = machine.last_mail_to(&person.email).await;
    assert!(welcome.text.unwrap().contains(&person.name));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_has_one_trial_however_it_is_written() {
    let machine = TestMachine::start().await;
    let first = machine.user().await;
    let company = &first.person.company;
    let colleague = Person {
        company: format!("  «{}», {}! ", &company[..5].to_uppercase(), &company[5..]),
        ..Person::new()
    };
    machine.sign_up(&colleague, &[]).await.is(202);
    let opened = machine.verify(&colleague).await.json(200);
    assert_eq!(opened["trial_ends_at"], Value::Null);
    let second = machine.sign_in(&colleague).await;
    assert_ne!(first.workspace, second.workspace);
    let billing = second.api.get("/billing").await.json(200);
    assert_eq!(
        (&billing["trial"], &billing["access"]),
        (&Value::Null, &json!("read_only"))
    );
    let announced = crate::support::upload::announced("a.png", "image/png", b"x");
    second
        .api
        .post("/uploads", &announced)
        .await
        .problem(403, "workspace_read_only");
    assert_eq!(first.api.get("/billing").await.json(200)["access"], "full");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_confirmations_at_once_open_one_account() {
    let machine = TestMachine::start().await;
    let person = Person::new();
    machine.sign_up(&person, &[]).await.is(202);
    let token = json!({"token": machine.link(&person.email, "signup").await});
    let anonymous = machine.anonymous();
    let answers = join_all((0..20).map(|_| anonymous.post("/signup/verify", &token))).await;
    let (opened, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(opened.len(), 1);
    for answer in refused {
        answer.problem(410, "link_used_or_over");
    }
    machine.settled().await;
    let catalog = machine.items("CatalogTable").await;
    let workspaces = catalog
        .iter()
        .filter(|item| crate::support::text(item, "sk") == "META");
    assert_eq!(workspaces.count(), 1);
}
