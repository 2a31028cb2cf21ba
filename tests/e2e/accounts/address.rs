//! The login address changes when it is confirmed at the old and at the new one (clause 5.3).

use assetbox_tests::Stage;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Person, TestMachine, User, told};

async fn ask(machine: &TestMachine, user: &User, new_email: &str) -> crate::support::Answer {
    let answer = user
        .api
        .post("/me/email-change", &json!({"new_email": new_email}))
        .await;
    machine.settled().await;
    answer
}

async fn confirm(machine: &TestMachine, token: &str) -> crate::support::Answer {
    machine
        .anonymous()
        .post("/me/email-change/confirm", &json!({"token": token}))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn both_addresses_must_confirm() {
    for new_first in [true, false] {
        let machine = TestMachine::start().await;
        let user = machine.user().await;
        let renewed = Person {
            email: Person::new().email,
            ..user.person.clone()
        };
        ask(&machine, &user, &renewed.email).await.is(202);
        let mut links = [
            machine.link(&renewed.email, "email-new").await,
            machine.link(&user.person.email, "email-old").await,
        ];
        if !new_first {
            links.reverse();
        }
        assert_eq!(
            confirm(&machine, &links[0]).await.json(200)["status"],
            "other_address_missing"
        );
        assert_eq!(
            user.api.get("/me").await.json(200)["email"],
            user.person.email
        );
        machine.sign_in(&user.person).await;
        assert_eq!(
            confirm(&machine, &links[1]).await.json(200)["status"],
            "changed"
        );
        for link in &links {
            confirm(&machine, link)
                .await
                .problem(410, "link_used_or_over");
        }
        user.api.get("/me").await.problem(401, "sign_in_required");
        let old = json!({"email": user.person.email, "password": user.person.password});
        machine
            .anonymous()
            .post("/sessions", &old)
            .await
            .problem(401, "wrong_credentials");
        machine.settled().await;
        for address in [&user.person.email, &renewed.email] {
            let told = machine.last_mail_to(address).await.summary.subject;
            assert_eq!(told, "Your login address was changed");
        }
        let session = machine.sign_in(&renewed).await;
        assert_eq!(
            session.api.get("/me").await.json(200)["email"],
            renewed.email
        );
        assert_eq!(session.workspace, user.workspace);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_needs_a_fresh_password_and_tells_nothing_of_the_new_address() {
    let machine = TestMachine::start().await;
    let (user, other) = (machine.user().await, machine.user().await);
    let free = ask(&machine, &user, &Person::new().email).await;
    let taken = ask(&machine, &user, &other.person.email).await;
    assert_eq!(told(free.is(202)), told(&taken));
    let new = machine.link(&other.person.email, "email-new").await;
    let old = machine.link(&user.person.email, "email-old").await;
    assert_eq!(
        confirm(&machine, &old).await.json(200)["status"],
        "other_address_missing"
    );
    confirm(&machine, &new).await.problem(409, "address_taken");
    assert_eq!(
        user.api.get("/me").await.json(200)["email"],
        user.person.email
    );

    machine.advance(SignedDuration::from_mins(10)).unwrap();
    ask(&machine, &user, &Person::new().email)
        .await
        .problem(401, "fresh_sign_in_required");
    let fresh = machine.sign_in(&user.person).await;
    ask(&machine, &fresh, &Person::new().email).await.is(202);
    let same = ask(&machine, &fresh, &user.person.email)
        .await
        .problem(422, "invalid_field");
    assert_eq!(same["field"], "new_email");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_request_replaces_the_links_of_an_earlier_one() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let (first, second) = (Person::new().email, Person::new().email);
    ask(&machine, &user, &first).await.is(202);
    let earlier = [
        machine.link(&user.person.email, "email-old").await,
        machine.link(&first, "email-new").await,
    ];
    ask(&machine, &user, &second).await.is(202);
    for link in &earlier {
        confirm(&machine, link)
            .await
            .problem(410, "link_used_or_over");
    }
    machine.advance(SignedDuration::from_hours(24)).unwrap();
    let late = machine.link(&second, "email-new").await;
    confirm(&machine, &late)
        .await
        .problem(410, "link_used_or_over");
}

#[tokio::test(flavor = "multi_thread")]
async fn until_the_old_address_is_told_it_waits_sealed_and_for_a_day() {
    let stage = Stage::start().await;
    let user = stage.account(Person::new(), &[]).await;
    let body = json!({"new_email": Person::new().email});
    user.api.post("/me/email-change", &body).await.is(202);
    for message in stage.take().await {
        let token = json!({"token": stage.secret_in(&message).await});
        let nobody = stage.anonymous();
        let confirmed = nobody.post("/me/email-change/confirm", &token).await;
        confirmed.is(200);
    }
    for table in ["CatalogTable", "PeopleTable", "LedgerTable"] {
        for item in stage.items(table).await {
            assert!(!format!("{item:?}").contains(&user.person.email), "{table}");
        }
    }
    stage.advance(SignedDuration::from_hours(24));
    let swept = stage.hand("OutboxFunction", json!({"task": "sweep"})).await;
    assert_eq!(swept.unwrap()["failed"], 0);
    assert_eq!(stage.waiting().await, []);
    let mails = stage.mails_to(&user.person.email).await;
    assert_eq!(mails.len(), 0, "what was kept sealed is too old");
    let withheld = stage.entries("letter.withheld").await;
    let reasons: Vec<_> = withheld
        .iter()
        .map(|entry| entry.facts["reason"].as_str())
        .collect();
    assert_eq!(reasons, ["address_over"]);
}
