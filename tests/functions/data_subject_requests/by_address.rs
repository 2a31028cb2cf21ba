//! Requests that a stranger began: they count from receipt, once their person confirms.

use assetbox_tests::stage::{jobs, letters};
use assetbox_tests::{Answer, Person, Stage, User};
use domain::consequence::{Job, Letter};
use domain::time::{SignedDuration, days};
use serde_json::json;

use super::{ask, id, read, somebody};

/// Asks by address, without a session.
async fn ask_by_address(stage: &Stage, email: &str, kind: &str) -> Answer {
    let body = json!({"kind": kind, "email": email});
    stage
        .anonymous()
        .post("/data-subject-requests", &body)
        .await
}

/// A request by address after the job has taken it in: its id, and the secret of the link.
async fn taken_in(stage: &Stage, person: &Person, kind: &str) -> (String, String) {
    ask_by_address(stage, &person.email, kind).await.is(202);
    for job in jobs(&stage.take().await) {
        assert!(stage.carry_out(&job).await);
    }
    let messages = stage.take().await;
    let [Letter::RequestLink { request, .. }] = letters(&messages)[..] else {
        panic!("one letter with a link: {messages:?}");
    };
    (request.to_string(), stage.secret_in(&messages[0]).await)
}

async fn confirm(stage: &Stage, request: &str, token: &str) -> Answer {
    let path = format!("/data-subject-requests/{request}/confirm");
    stage.anonymous().post(path, &json!({"token": token})).await
}

async fn restricted_from(user: &User) -> serde_json::Value {
    user.api.get("/me").await.json(200)["restricted_from"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_a_job_s_to_look_up_and_stored_nowhere() {
    let stage = Stage::start().await;
    let user = somebody(&stage).await;
    let addresses = [user.person.email, Person::new().email];
    for email in &addresses {
        ask_by_address(&stage, email, "erasure").await.is(202);
    }
    let followed = stage.messages().await;
    assert!(
        matches!(
            jobs(&followed)[..],
            [Job::TakeRequest { .. }, Job::TakeRequest { .. }]
        ),
        "{followed:?}"
    );
    for item in stage.everything().await {
        assert!(
            !addresses.iter().any(|email| item.contains(email)),
            "{item}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_confirmed_request_counts_from_its_receipt() {
    let stage = Stage::start().await;
    let user = somebody(&stage).await;
    let (request, token) = taken_in(&stage, &user.person, "erasure").await;
    let received = read(&user, &request).await["received_at"].clone();
    assert!(restricted_from(&user).await.is_null());

    stage.advance(SignedDuration::from_hours(30));
    let confirmed = confirm(&stage, &request, &token).await.json(200);
    assert_eq!(confirmed["state"], "verified");
    assert_eq!(confirmed["received_at"], received);
    let user = stage.sign_in(&user.person).await;
    assert_eq!(restricted_from(&user).await, received);
    confirm(&stage, &request, &token)
        .await
        .problem(410, "link_over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_for_its_own_request() {
    let stage = Stage::start().await;
    let (user, other) = (somebody(&stage).await, somebody(&stage).await);
    let (request, _) = taken_in(&stage, &user.person, "erasure").await;
    let (_, of_another) = taken_in(&stage, &other.person, "access").await;
    confirm(&stage, &request, &of_another)
        .await
        .problem(410, "link_over");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_request_makes_room_though_it_is_not_cleared_away_yet() {
    let stage = Stage::start().await;
    let user = somebody(&stage).await;
    let (request, token) = taken_in(&stage, &user.person, "access").await;
    stage.advance(days(7));
    let is_there = |item: &String| item.contains(&request);
    assert!(stage.everything().await.iter().any(is_there));
    confirm(&stage, &request, &token)
        .await
        .problem(410, "link_over");
    let user = stage.sign_in(&user.person).await;
    let anew = ask(&user, json!({"kind": "access"})).await;
    assert_ne!(id(&anew), request);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_takes_up_what_a_stranger_began() {
    let stage = Stage::start().await;
    let user = somebody(&stage).await;
    let (request, _) = taken_in(&stage, &user.person, "access").await;
    let received = read(&user, &request).await["received_at"].clone();
    let body = json!({"kind": "access"});
    let answer = user.api.post("/data-subject-requests", &body).await;
    let taken_up = answer.json(200);
    assert_eq!(id(&taken_up), request);
    assert_eq!(taken_up["state"], "approved");
    assert_eq!(taken_up["received_at"], received);
}
