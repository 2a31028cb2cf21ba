//! Consents, given and withdrawn per purpose (clause 2.2).

use serde_json::{Value, json};

use crate::support::{Person, TestMachine, tick};

fn of(list: &Value, purpose: &str) -> Value {
    let items = list["items"].as_array().unwrap();
    items
        .iter()
        .find(|item| item["purpose"] == purpose)
        .expect("the purpose")
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_consent_shows_its_evidence() {
    let machine = TestMachine::start().await;
    let user = machine
        .user_like(Person::new(), &["marketing-consent"])
        .await;
    let list = user.api.get("/me/consents").await.json(200);
    for (purpose, given) in [
        ("processing", true),
        ("marketing", true),
        ("transfer", false),
    ] {
        let consent = of(&list, purpose);
        assert_eq!(consent["given"], given, "{purpose}");
        assert_eq!(consent["last"] != Value::Null, given, "{purpose}");
        let shown = tick(&machine, &format!("{purpose}-consent"), true);
        let current = &consent["current"];
        for field in ["document", "version", "sha256"] {
            assert_eq!(current[field], shown[field]);
            assert!(!given || consent["last"][field] == shown[field]);
        }
        assert_eq!(
            user.api
                .get(format!("/me/consents/{purpose}"))
                .await
                .json(200),
            consent
        );
    }
    user.api
        .get("/me/consents/cookies")
        .await
        .problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn giving_and_withdrawing_leave_evidence_and_a_receipt() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let path = "/me/consents/marketing";
    let mut yes = tick(&machine, "marketing-consent", true);
    yes.as_object_mut().unwrap().remove("ticked");
    yes["given"] = json!(true);
    let mut stale = yes.clone();
    stale["version"] = json!("2020-01-01");
    assert_eq!(
        user.api
            .put(path, &stale)
            .await
            .problem(409, "stale_consent")["version"],
        yes["version"]
    );
    user.api
        .put(path, &json!({"given": true}))
        .await
        .problem(422, "text_required");
    let mut other = yes.clone();
    other["document"] = json!("transfer-consent");
    other["sha256"] = tick(&machine, "transfer-consent", true)["sha256"].clone();
    user.api
        .put(path, &other)
        .await
        .problem(422, "invalid_field");
    assert_eq!(user.api.get(path).await.json(200)["given"], false);

    let letters = async || {
        machine.settled().await;
        machine.mails_to(&user.person.email).await
    };
    let before = letters().await.len();
    let given = user.api.put(path, &yes).await.json(200);
    assert_eq!(
        (&given["given"], &given["last"]["form"]),
        (&json!(true), &json!("preferences"))
    );
    let receipts = letters().await;
    assert_eq!(receipts.len(), before + 1);
    let text = receipts[before].text.as_deref().unwrap();
    assert!(
        text.contains(yes["sha256"].as_str().unwrap())
            && text.contains(yes["version"].as_str().unwrap())
    );
    // The same again is no new statement.
    user.api.put(path, &yes).await.is(200);
    assert_eq!(letters().await.len(), before + 1);

    let withdrawn = user.api.put(path, &json!({"given": false})).await.json(200);
    assert_eq!(
        (&withdrawn["given"], &withdrawn["last"]["given"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(letters().await.len(), before + 2);
    user.api.put(path, &json!({"given": false})).await.is(200);
    assert_eq!(letters().await.len(), before + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn processing_is_withdrawn_by_a_request_only() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let answer = user
        .api
        .put("/me/consents/processing", &json!({"given": false}))
        .await;
    answer.problem(409, "withdraw_by_request");
    assert_eq!(
        user.api.get("/me/consents/processing").await.json(200)["given"],
        true
    );
}
