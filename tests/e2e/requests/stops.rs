//! Objection, withdrawal and portability, to their ends (6.3, 5.2b, 6.3a).

use serde_json::{Value, json};

use super::{ask, decide, state_of};
use crate::erasure::proven;
use crate::support::{Person, TestMachine};

#[tokio::test(flavor = "multi_thread")]
async fn no_news_goes_to_somebody_who_objects() {
    let machine = TestMachine::start().await;
    let also = ["marketing-consent"];
    let user = machine.user_like(Person::new(), &also).await;
    let subject = machine.only_subject().await;
    ask(&machine, &user, "objection").await;
    let before = machine.mails_to(&user.person.email).await.len();
    let mut tx = store::Tx::new();
    let letter = domain::consequence::Letter::Marketing {
        campaign: "search-by-label".to_owned(),
    };
    tx.mail(subject, letter, machine.now());
    machine.db().commit(tx).await.unwrap();
    machine.settled().await;
    assert_eq!(machine.mails_to(&user.person.email).await.len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rested_on_a_withdrawn_consent_is_destroyed_with_a_certificate() {
    let machine = TestMachine::start().await;
    let (user, staff) = (machine.user().await, machine.staff().await);
    let request = ask(&machine, &user, "withdrawal").await;
    let case = decide(&machine, &staff, &request, "approve", Value::Null).await;
    let address = case["certificate"].as_str().unwrap();
    proven(&machine, address).await;
    let gone = user.api.get("/me").await;
    gone.problem(401, "sign_in_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn portable_data_is_read_by_machines_after_a_fresh_sign_in() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let request = ask(&machine, &user, "portability").await;
    assert_eq!(state_of(&user, &request).await, "completed");
    let path = format!("/data-subject-requests/{request}/export");
    let copy = user.api.get(&path).await.json(200);
    assert_eq!(copy["profile"]["email"], user.person.email);
    machine
        .advance(jiff::SignedDuration::from_mins(10))
        .unwrap();
    let stale = user.api.get(&path).await;
    stale.problem(401, "fresh_sign_in_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objection_by_address_stops_advertising_with_one_click() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let body = json!({"kind": "objection", "email": user.person.email});
    let stranger = machine.anonymous();
    let asked = stranger.post("/data-subject-requests", &body).await;
    asked.is(202);
    machine.settled().await;
    let link = machine.link(&user.person.email, "request").await;
    let (request, token) = link.split_once('.').unwrap();
    let path = format!("/data-subject-requests/{request}/confirm");
    let confirmed = stranger.post(path, &json!({"token": token})).await;
    assert_eq!(confirmed.json(200)["state"], "completed");
    let objections = user.api.get("/me").await.json(200)["objections"].clone();
    let stopped = json!(["marketing", "ad_targeting", "anonymous_stats"]);
    assert_eq!(objections, stopped);
}
