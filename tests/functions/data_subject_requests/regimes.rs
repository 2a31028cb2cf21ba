//! The laws that protect a person follow from what they gave, and set the deadlines (2.1).

use assetbox_tests::stage::letters;
use assetbox_tests::{Person, Stage, User};
use domain::consequence::Letter;
use serde_json::{Value, json};

use super::{ask, id, read, staff};

async fn with_number(stage: &Stage, phone: &str) -> User {
    let person = Person {
        phone: phone.to_owned(),
        ..Person::new()
    };
    stage.account(person, &[]).await
}

async fn laws(user: &User) -> Value {
    user.api.get("/me").await.json(200)["regimes"].clone()
}

async fn change(user: &User, body: Value) -> Value {
    let etag = user.api.get("/me").await.etag();
    let answer = user.api.change("PATCH", "/me", &etag, Some(&body)).await;
    answer.json(200)["regimes"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_presumes_and_a_declaration_decides() {
    let stage = Stage::start().await;
    let user = with_number(&stage, "+4930123456").await;
    assert_eq!(laws(&user).await, json!(["ru152", "gdpr"]));
    let number = json!({"phone": "+79161234567"});
    assert_eq!(change(&user, number).await, json!(["ru152"]));
    let lives = json!({"residence": "us-ca"});
    assert_eq!(change(&user, lives).await, json!(["ru152", "ccpa"]));
    // a new number says nothing against what was declared
    let number = json!({"phone": "+4930123456"});
    assert_eq!(change(&user, number).await, json!(["ru152", "ccpa"]));
    assert_eq!(laws(&user).await, json!(["ru152", "ccpa"]));

    let etag = user.api.get("/me").await.etag();
    let nowhere = json!({"residence": "California"});
    let refused = user.api.change("PATCH", "/me", &etag, Some(&nowhere)).await;
    assert_eq!(refused.json(422)["field"], "residence");
    for item in stage.everything().await {
        assert!(!item.contains("US-CA") && !item.contains("us-ca"), "{item}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_complaint_route_of_every_law() {
    let stage = Stage::start().await;
    let user = with_number(&stage, "+4930123456").await;
    let staff = staff(&stage).await;
    let asked = ask(&user, json!({"kind": "erasure"})).await;
    let path = format!("/compliance/requests/{}/refuse", id(&asked));
    let refusal = json!({"ground": "GDPR art. 17(3)(e)", "reason": "There is a claim."});
    staff.api.post(path, &refusal).await.is(200);
    let page = read(&user, id(&asked)).await;
    let route = page["complaint_route"].as_str().unwrap();
    assert!(route.contains("Roskomnadzor") && route.contains("GDPR art. 77"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_californian_is_told_at_once_and_once_that_a_request_has_arrived() {
    let stage = Stage::start().await;
    let (user, staff) = (
        with_number(&stage, "+12025550123").await,
        staff(&stage).await,
    );
    change(&user, json!({"residence": "us-ca"})).await;
    stage.take().await;
    let asked = ask(&user, json!({"kind": "access"})).await;
    let told = letters(&stage.take().await);
    assert!(
        matches!(told[..], [Letter::RequestReceived { .. }]),
        "{told:?}"
    );
    let path = format!("/compliance/requests/{}", id(&asked));
    let by = staff.api.get(path).await.json(200)["acknowledge_by"].clone();
    assert!(by.as_str() > asked["received_at"].as_str(), "{by}");
    let body = json!({"kind": "access"});
    let again = user.api.post("/data-subject-requests", &body).await;
    again.is(200);
    assert!(letters(&stage.take().await).is_empty());
}
