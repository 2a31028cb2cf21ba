//! What is written, decided and handed out while a request is under way.

use assetbox_tests::Stage;
use assetbox_tests::stage::{jobs, letters};
use domain::consequence::{Job, Letter};
use serde_json::{Value, json};

use super::{ask, id, read, somebody, staff};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_read_by_its_writer_and_stands_in_no_list() {
    let stage = Stage::start().await;
    let user = somebody(&stage).await;
    let asked = ask(
        &user,
        json!({"kind": "access", "details": "Everything, please."}),
    )
    .await;
    assert_eq!(asked["state"], "approved");
    let followed = stage.messages().await;
    assert!(matches!(
        letters(&followed)[..],
        [Letter::RequestReceived { .. }]
    ));
    assert!(matches!(jobs(&followed)[..], [Job::CarryOut { .. }]));
    let details = read(&user, id(&asked)).await["details"].clone();
    assert_eq!(details, "Everything, please.");
    let list = user.api.get("/data-subject-requests").await.json(200);
    assert_eq!(list["items"][0]["id"], asked["id"]);
    assert_eq!(list["items"][0]["details"], Value::Null);
    for item in stage.everything().await {
        assert!(!item.contains("Everything, please."), "{item}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_is_approved_once_and_names_its_case() {
    let stage = Stage::start().await;
    let (user, staff) = (somebody(&stage).await, staff(&stage).await);
    let asked = ask(&user, json!({"kind": "erasure"})).await;
    stage.take().await;
    let path = |what: &str| format!("/compliance/requests/{}/{what}", id(&asked));
    let reason = json!({"reason": "Nothing has to be kept."});
    staff.api.post(path("verify"), &reason).await.is(200);
    let none = json!({"reason": " "});
    let unreasoned = staff.api.post(path("approve"), &none).await;
    assert_eq!(unreasoned.json(422)["field"], "reason");
    let approved = staff.api.post(path("approve"), &reason).await.json(200);
    let certificate = approved["certificate"].as_str().unwrap();
    assert!(
        certificate.starts_with("/certificates/cas_"),
        "{certificate}"
    );
    let twice = staff.api.post(path("approve"), &reason).await;
    twice.problem(409, "request_state");
    let followed = stage.messages().await;
    assert!(matches!(
        letters(&followed)[..],
        [Letter::ErasureBegins { .. }]
    ));
    assert!(matches!(jobs(&followed)[..], [Job::CarryOut { .. }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extension_is_given_once_with_its_reason() {
    let stage = Stage::start().await;
    let (user, staff) = (somebody(&stage).await, staff(&stage).await);
    let asked = ask(&user, json!({"kind": "access"})).await;
    let path = format!("/compliance/requests/{}/extend", id(&asked));
    let reason = json!({"reason": "Many files."});
    let extended = staff.api.post(&path, &reason).await.json(200);
    assert!(extended["due_at"].as_str() > asked["due_at"].as_str());
    let again = staff.api.post(&path, &reason).await;
    again.problem(409, "extended_before");
    let shown = read(&user, id(&asked)).await;
    assert_eq!(shown["extension_reason"], "Many files.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_of_fields_that_can_be_corrected_and_not_while_restricted() {
    let stage = Stage::start().await;
    let (user, staff) = (somebody(&stage).await, staff(&stage).await);
    let refused = async |fields: Value| {
        let body = json!({"kind": "rectification", "fields": fields});
        let answer = user.api.post("/data-subject-requests", &body).await;
        answer.json(422)
    };
    // the login address changes elsewhere
    refused(json!({"email": "new@example.com"})).await;
    let wrong = refused(json!({"phone": "12"})).await;
    assert_eq!(wrong["field"], "fields.phone");

    let correction = json!({"kind": "rectification", "fields": {"name": "Ada King"}});
    let asked = ask(&user, correction).await;
    ask(&user, json!({"kind": "restriction"})).await;
    let path = format!("/compliance/requests/{}/approve", id(&asked));
    let reason = json!({"reason": "The passport says so."});
    let approved = staff.api.post(path, &reason).await;
    approved.problem(409, "processing_restricted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_not_made_yet_is_not_handed_out() {
    let stage = Stage::start().await;
    let user = somebody(&stage).await;
    let asked = ask(&user, json!({"kind": "access"})).await;
    let path = format!("/data-subject-requests/{}/export", id(&asked));
    let too_early = user.api.get(path).await;
    too_early.problem(409, "export_not_ready");
}
