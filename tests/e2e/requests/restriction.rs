//! Restriction takes effect at receipt and is enforced by the gate (6.7).

use serde_json::{Value, json};

use super::{ask, decide, state_of};
use crate::support::{Person, TestMachine, canary, tick};

#[tokio::test(flavor = "multi_thread")]
async fn restricted_data_is_stored_and_read_and_not_used() {
    let machine = TestMachine::start().await;
    let (user, staff) = (machine.user().await, machine.staff().await);
    let etag = user.api.get("/me").await.etag();
    let request = ask(&machine, &user, "restriction").await;
    let profile = user.api.get("/me").await.json(200);
    let view = user
        .api
        .get(format!("/data-subject-requests/{request}"))
        .await
        .json(200);
    assert_eq!(profile["restricted_from"], view["received_at"]);

    let change = json!({"name": "Ada"});
    let refused = user.api.change("PATCH", "/me", &etag, Some(&change)).await;
    refused.problem(403, "processing_restricted");
    let new_address = json!({"new_email": Person::new().email});
    user.api
        .post("/me/email-change", &new_address)
        .await
        .problem(403, "processing_restricted");
    // The person's own rights go on: to read, to ask, to withdraw.
    user.api.get("/me/consents").await.is(200);
    user.api.get("/data-subject-requests").await.is(200);
    user.api.get("/assets").await.is(200);
    let copy = ask(&machine, &user, "access").await;
    assert_eq!(state_of(&user, &copy).await, "completed");

    decide(&machine, &staff, &request, "approve", Value::Null).await;
    assert_eq!(state_of(&user, &request).await, "completed");
    assert_eq!(
        user.api.get("/me").await.json(200)["restricted_from"],
        Value::Null
    );
    user.api
        .change("PATCH", "/me", &etag, Some(&change))
        .await
        .is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_marketing_goes_to_somebody_whose_data_is_restricted() {
    let machine = TestMachine::start().await;
    let user = machine
        .user_like(Person::new(), &["marketing-consent"])
        .await;
    let subject = machine.only_subject().await;
    ask(&machine, &user, "restriction").await;
    let before = machine.mails_to(&user.person.email).await.len();
    let mut tx = store::Tx::new();
    let letter = domain::consequence::Letter::Marketing {
        campaign: "search-by-label".to_owned(),
    };
    tx.mail(subject, letter, machine.now());
    machine.db().commit(tx).await.unwrap();
    machine.settled().await;
    assert_eq!(machine.mails_to(&user.person.email).await.len(), before);
    let ledger = machine.items("LedgerTable").await;
    let withheld = ledger
        .iter()
        .map(|entry| format!("{entry:?}"))
        .filter(|entry| entry.contains("letter.withheld"));
    assert_eq!(
        withheld
            .filter(|entry| entry.contains("restricted"))
            .count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_lifts_its_restriction_unless_another_holds() {
    let machine = TestMachine::start().await;
    let (user, staff) = (machine.user().await, machine.staff().await);
    let restriction = ask(&machine, &user, "restriction").await;
    let erasure = ask(&machine, &user, "erasure").await;
    let refusal = json!({"ground": "152-FZ art. 21(5)", "reason": "There is a claim."});
    let restricted = async || user.api.get("/me").await.json(200)["restricted_from"] != Value::Null;
    assert!(restricted().await);
    decide(&machine, &staff, &restriction, "refuse", refusal.clone()).await;
    assert!(restricted().await);
    decide(&machine, &staff, &erasure, "refuse", refusal).await;
    assert!(!restricted().await);
    let yes = {
        let mut yes = tick(&machine, "marketing-consent", true);
        yes.as_object_mut().unwrap().remove("ticked");
        yes["given"] = json!(true);
        yes
    };
    user.api.put("/me/consents/marketing", &yes).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_person_gets_back_in_to_exercise_their_rights() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    ask(&machine, &user, "restriction").await;
    let copy = ask(&machine, &user, "access").await;

    let address = json!({"email": user.person.email});
    let nobody = machine.anonymous();
    nobody.post("/password-resets", &address).await.is(202);
    machine.settled().await;
    let renewed = Person {
        password: canary("Renewed"),
        ..user.person.clone()
    };
    let token = machine.link(&renewed.email, "reset").await;
    let body = json!({"token": token, "password": renewed.password});
    let set = nobody.post("/password-resets/confirm", &body).await;
    set.is(204);
    machine.settled().await;
    let told = machine.last_mail_to(&renewed.email).await.summary.subject;
    assert_eq!(told, "Your password was changed");

    let user = machine.sign_in(&renewed).await;
    assert_ne!(
        user.api.get("/me").await.json(200)["restricted_from"],
        Value::Null
    );
    let export = format!("/data-subject-requests/{copy}/export");
    user.api.get(export).await.is(200);
    let by_address = json!({"kind": "erasure", "email": renewed.email});
    let asked = nobody.post("/data-subject-requests", &by_address).await;
    asked.is(202);
    machine.settled().await;
    machine.link(&renewed.email, "request").await;
}
