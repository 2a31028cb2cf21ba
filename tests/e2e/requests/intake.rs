//! How requests come in: with a session, or by address.

use jiff::SignedDuration;
use serde_json::json;

use super::{ask, state_of};
use crate::support::{Person, TestMachine, told};

/// The request and the secret of the link that was mailed for it.
async fn mailed(machine: &TestMachine, address: &str) -> (String, String) {
    let link = machine.link(address, "request").await;
    let (request, token) = link.split_once('.').expect("request and token");
    (request.to_owned(), token.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn by_address_the_answer_is_the_same_and_the_link_goes_to_the_owner() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let before = machine.mailbox().list().await.unwrap().len();
    let mut answers = Vec::new();
    for email in [&user.person.email, &Person::new().email] {
        let count = machine.count("DataSubjectRequestsFunction");
        let answer = machine
            .anonymous()
            .post(
                "/data-subject-requests",
                &json!({"kind": "erasure", "email": email}),
            )
            .await;
        answers.push((told(answer.is(202)), count.operations()));
        machine.settled().await;
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(machine.mailbox().list().await.unwrap().len(), before + 1);

    let (request, token) = mailed(&machine, &user.person.email).await;
    assert_eq!(state_of(&user, &request).await, "awaiting_confirmation");
    let path = format!("/data-subject-requests/{request}/confirm");
    let wrong = json!({"token": domain::token::LinkToken::generate(domain::ids::SubjectId::new(machine.now())).reveal()});
    machine
        .anonymous()
        .post(&path, &wrong)
        .await
        .problem(410, "link_over");
    let good = json!({"token": token});
    let confirmed = machine.anonymous().post(&path, &good).await.json(200);
    assert_eq!(confirmed["state"], "verified");
    machine
        .anonymous()
        .post(&path, &good)
        .await
        .problem(410, "link_over");
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_can_cause_three_letters_an_hour() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let body = json!({"kind": "access", "email": user.person.email, "details": "x"});
    machine
        .anonymous()
        .post("/data-subject-requests", &body)
        .await
        .problem(422, "details_when_confirming");
    // The hour is one of the clock's.
    let into = machine.now().as_second().rem_euclid(3600);
    machine.pass(SignedDuration::from_secs(3601 - into)).await;
    let body = json!({"kind": "access", "email": user.person.email});
    for _ in 0..3 {
        machine
            .anonymous()
            .post("/data-subject-requests", &body)
            .await
            .is(202);
    }
    let answer = machine
        .anonymous()
        .post("/data-subject-requests", &body)
        .await;
    answer.problem(429, "too_many_requests");
    assert!(answer.header("retry-after").is_some());
    machine.pass(SignedDuration::from_hours(1)).await;
    machine
        .anonymous()
        .post("/data-subject-requests", &body)
        .await
        .is(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_request_absorbs_another_of_its_kind() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let first = ask(&machine, &user, "restriction").await;
    let letters = machine.mails_to(&user.person.email).await.len();
    let again = user
        .api
        .post("/data-subject-requests", &json!({"kind": "restriction"}))
        .await
        .json(200);
    assert_eq!(again["id"], first);
    let by_address = json!({"kind": "restriction", "email": user.person.email});
    machine
        .anonymous()
        .post("/data-subject-requests", &by_address)
        .await
        .is(202);
    machine.settled().await;
    assert_eq!(machine.mails_to(&user.person.email).await.len(), letters);
    let list = user.api.get("/data-subject-requests").await.json(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    ask(&machine, &user, "access").await;
    let list = user.api.get("/data-subject-requests").await.json(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_nobody_confirms_is_forgotten() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let body = json!({"kind": "erasure", "email": user.person.email});
    machine
        .anonymous()
        .post("/data-subject-requests", &body)
        .await
        .is(202);
    machine.settled().await;
    let (request, token) = mailed(&machine, &user.person.email).await;
    assert_eq!(
        user.api.get("/me").await.json(200)["restricted_from"],
        serde_json::Value::Null
    );
    machine.pass(SignedDuration::from_hours(24 * 8)).await;
    let user = machine.sign_in(&user.person).await;
    user.api
        .get(format!("/data-subject-requests/{request}"))
        .await
        .problem(404, "not_found");
    let path = format!("/data-subject-requests/{request}/confirm");
    machine
        .anonymous()
        .post(path, &json!({"token": token}))
        .await
        .problem(410, "link_over");
    let list = user.api.get("/data-subject-requests").await.json(200);
    assert_eq!(list["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_session_or_address_nobody_asks() {
    let machine = TestMachine::start().await;
    machine
        .anonymous()
        .post("/data-subject-requests", &json!({"kind": "access"}))
        .await
        .problem(401, "sign_in_required");
    let bad = json!({"kind": "access", "email": "x"});
    assert_eq!(
        machine
            .anonymous()
            .post("/data-subject-requests", &bad)
            .await
            .problem(422, "invalid_field")["field"],
        "email"
    );
    for bad in [
        json!({"kind": "oblivion"}),
        json!({"kind": "rectification", "fields": ["Keeper"]}),
        // the fields in their order are no object
        json!(["access", "ada@example.com", null, null, null]),
    ] {
        machine
            .anonymous()
            .post("/data-subject-requests", &bad)
            .await
            .problem(422, "invalid_body");
    }
}
