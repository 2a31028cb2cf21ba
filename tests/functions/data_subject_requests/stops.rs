//! What a request stops with its own commit: purposes that are objected to, and every consent
//! that is withdrawn (6.3, 5.2b).

use assetbox_tests::stage::{jobs, letters};
use assetbox_tests::{Person, Stage, User, tick};
use domain::consequence::{Job, Letter};
use serde_json::{Value, json};

use super::{ask, id, read, somebody, staff};

/// Somebody who consents to everything.
async fn agreeable(stage: &Stage) -> User {
    let also = ["marketing-consent", "transfer-consent"];
    stage.account(Person::new(), &also).await
}

async fn objections(user: &User) -> Value {
    user.api.get("/me").await.json(200)["objections"].clone()
}

/// Whether each consent holds, by its purpose.
async fn given(user: &User) -> Value {
    let list = user.api.get("/me/consents").await.json(200);
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["given"].clone()).collect()
}

async fn consent_to_marketing(stage: &Stage, user: &User) {
    let mut yes = tick(stage, "marketing-consent", true);
    yes.as_object_mut().unwrap().remove("ticked");
    yes["given"] = json!(true);
    user.api.put("/me/consents/marketing", &yes).await.is(200);
}

async fn is_suppressed(stage: &Stage) -> bool {
    !stage.keys("PeopleTable", "SUPPRESS#").await.is_empty()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objection_to_advertising_leaves_nothing_to_decide() {
    let stage = Stage::start().await;
    let user = agreeable(&stage).await;
    let asked = ask(&user, json!({"kind": "objection"})).await;
    assert_eq!(asked["state"], "completed");
    let followed = stage.take().await;
    assert!(
        matches!(letters(&followed)[..], [Letter::RequestCompleted { .. }]),
        "{followed:?}"
    );
    assert!(jobs(&followed).is_empty());
    let stopped = json!(["marketing", "ad_targeting", "anonymous_stats"]);
    assert_eq!(objections(&user).await, stopped);
    assert_eq!(read(&user, id(&asked)).await["purposes"], stopped);
    assert_eq!(given(&user).await, json!([true, false, false]));
    assert!(is_suppressed(&stage).await);

    // who consents anew gives the objection up
    consent_to_marketing(&stage, &user).await;
    let left = json!(["ad_targeting", "anonymous_stats"]);
    assert_eq!(objections(&user).await, left);
    assert_eq!(given(&user).await, json!([true, true, false]));
    assert!(!is_suppressed(&stage).await);
    // and another objection may be made, because the first one is closed
    let again = json!({"kind": "objection", "purposes": ["marketing"]});
    assert_eq!(ask(&user, again).await["state"], "completed");
    assert_eq!(objections(&user).await, stopped);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objection_to_another_purpose_is_decided_and_grows_until_then() {
    let stage = Stage::start().await;
    let (user, staff) = (agreeable(&stage).await, staff(&stage).await);
    let asked = ask(
        &user,
        json!({"kind": "objection", "purposes": ["support"], "details": "Leave me alone."}),
    )
    .await;
    assert_eq!(asked["state"], "verified");
    assert_eq!(objections(&user).await, json!([]));

    let more = json!({"kind": "objection", "purposes": ["marketing"]});
    let more = user.api.post("/data-subject-requests", &more).await;
    assert_eq!(id(&more.json(200)), id(&asked));
    assert_eq!(objections(&user).await, json!(["marketing"]));
    let page = read(&user, id(&asked)).await;
    assert_eq!(page["purposes"], json!(["support", "marketing"]));
    assert_eq!(page["details"], "Leave me alone.");
    stage.take().await;

    let path = format!("/compliance/requests/{}/approve", id(&asked));
    let reason = json!({"reason": "Nothing demands it."});
    let approved = staff.api.post(&path, &reason).await.json(200);
    assert_eq!(approved["state"], "completed");
    assert_eq!(objections(&user).await, json!(["support", "marketing"]));
    let followed = stage.take().await;
    assert!(matches!(
        letters(&followed)[..],
        [Letter::RequestCompleted { .. }]
    ));
    assert!(jobs(&followed).is_empty());
    let twice = staff.api.post(&path, &reason).await;
    twice.problem(409, "request_state");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_objection_takes_purposes_and_only_those_of_the_policy() {
    let stage = Stage::start().await;
    let user = somebody(&stage).await;
    let access = json!({"kind": "access", "purposes": ["marketing"]});
    let answer = user.api.post("/data-subject-requests", &access).await;
    let problem = answer.problem(422, "invalid_field");
    assert_eq!(problem["field"], "purposes");
    let unknown = json!({"kind": "objection", "purposes": ["everything"]});
    let answer = user.api.post("/data-subject-requests", &unknown).await;
    answer.problem(422, "invalid_body");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_takes_every_consent_back_at_once_and_is_carried_out_when_decided() {
    let stage = Stage::start().await;
    let (user, staff) = (agreeable(&stage).await, staff(&stage).await);
    let etag = user.api.get("/me").await.etag();
    let asked = ask(&user, json!({"kind": "withdrawal"})).await;
    assert_eq!(asked["state"], "verified");
    assert_eq!(asked["policy_clause"], "5.2b");
    assert_eq!(given(&user).await, json!([false, false, false]));
    assert!(is_suppressed(&stage).await);
    let followed = stage.take().await;
    let receipts = letters(&followed).into_iter();
    let receipts = receipts.filter(|l| matches!(l, Letter::ConsentReceipt { given: false, .. }));
    assert_eq!(receipts.count(), 3);

    // processing has stopped; reading and asking goes on
    let change = json!({"name": "Ada"});
    let refused = user.api.change("PATCH", "/me", &etag, Some(&change)).await;
    refused.problem(403, "no_consent");
    let correction = json!({"kind": "rectification", "fields": {"name": "Ada"}});
    let correction = ask(&user, correction).await;
    let path = format!("/compliance/requests/{}/approve", id(&correction));
    let reason = json!({"reason": "They are who they say."});
    let approved = staff.api.post(path, &reason).await;
    approved.problem(409, "processing_restricted");

    let path = format!("/compliance/requests/{}/approve", id(&asked));
    let approved = staff.api.post(path, &reason).await.json(200);
    assert!(approved["certificate"].is_string());
    let followed = stage.take().await;
    assert!(matches!(jobs(&followed)[..], [Job::CarryOut { .. }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_that_is_repeated_takes_back_what_was_given_since() {
    let stage = Stage::start().await;
    let user = agreeable(&stage).await;
    let body = json!({"kind": "withdrawal"});
    let asked = ask(&user, body.clone()).await;
    stage.take().await;
    let again = user.api.post("/data-subject-requests", &body).await;
    assert_eq!(id(&again.json(200)), id(&asked));
    assert!(stage.take().await.is_empty());

    consent_to_marketing(&stage, &user).await;
    assert_eq!(given(&user).await, json!([false, true, false]));
    let again = user.api.post("/data-subject-requests", &body).await;
    assert_eq!(id(&again.json(200)), id(&asked));
    assert_eq!(given(&user).await, json!([false, false, false]));
}
