//! Opening a provider's page.

use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::json;

use crate::support::provider::Provider;
use crate::support::{Call, TestMachine};

const OPEN: &str = "POST /v1/checkout/sessions";

async fn stage() -> (TestMachine, Provider) {
    let provider = Provider::start().await;
    let machine = TestMachine::start_configured(&[
        ("StripeApiUrl", &provider.url),
        ("YookassaApiUrl", &provider.url),
    ])
    .await;
    provider.answers(
        OPEN,
        200,
        json!({"id": "cs_1", "url": "https://checkout.example/cs_1"}),
    );
    let confirmation = json!({"type": "redirect", "confirmation_url": "https://pay.example/1"});
    provider.answers(
        "POST /v3/payments",
        200,
        json!({"id": "pay-1", "confirmation": confirmation}),
    );
    (machine, provider)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_gets_our_words_and_nothing_about_the_person() {
    let (machine, provider) = stage().await;
    let user = machine.user().await;
    for (name, url) in [
        ("stripe", "https://checkout.example/cs_1"),
        ("yookassa", "https://pay.example/1"),
    ] {
        let body = json!({"plan": "team", "provider": name});
        let checkout = user.api.post("/billing/checkout", &body).await.json(201);
        assert_eq!(
            (&checkout["url"], &checkout["plan"]),
            (&json!(url), &json!("team"))
        );
        let asked = provider.asked().pop().unwrap();
        assert!(asked.body.contains(&user.workspace), "{}", asked.body);
        for word in user.person.canaries() {
            assert!(!asked.body.contains(&word));
        }
    }
    let plans = machine.anonymous().get("/plans").await.json(200);
    assert_eq!(plans["providers"], json!(["stripe", "yookassa"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_opens_one_checkout() {
    let (machine, provider) = stage().await;
    let user = machine.user().await;
    let call = |plan: &str| {
        let body = json!({"plan": plan, "provider": "stripe"});
        Call::new("POST", "/billing/checkout")
            .header("idempotency-key", "pay now")
            .json(&body)
    };
    let answers = join_all((0..6).map(|_| user.api.send(call("team")))).await;
    let ids: Vec<_> = answers
        .iter()
        .map(|answer| answer.json(201)["id"].clone())
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let keys: Vec<_> = provider
        .asked()
        .iter()
        .map(|asked| asked.headers["idempotency-key"].clone())
        .collect();
    assert!(
        keys.iter().all(|key| *key == keys[0]),
        "the provider knows a repeat too"
    );
    user.api
        .send(call("studio"))
        .await
        .problem(422, "idempotency_key_reused");
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_are_refused_before_the_provider_is_asked() {
    let (machine, provider) = stage().await;
    let user = machine.user().await;
    let cases = [
        (
            json!({"plan": "huge", "provider": "stripe"}),
            "invalid_field",
        ),
        (
            json!({"plan": "team", "provider": "paypal"}),
            "invalid_body",
        ),
        (
            json!({"plan": "team", "provider": "stripe", "success_url": "https://evil.example/"}),
            "invalid_field",
        ),
        (
            json!({"plan": "team", "provider": "stripe", "cancel_url": "javascript:alert(1)"}),
            "invalid_field",
        ),
    ];
    for (body, code) in cases {
        user.api
            .post("/billing/checkout", &body)
            .await
            .problem(422, code);
    }
    assert_eq!(provider.asked().len(), 0);
    provider.answers(OPEN, 402, json!({"error": {"message": "no"}}));
    let body = json!({"plan": "team", "provider": "stripe"});
    user.api
        .post("/billing/checkout", &body)
        .await
        .problem(502, "provider_failed");
    provider.answers(OPEN, 503, json!({}));
    user.api
        .post("/billing/checkout", &body)
        .await
        .problem(503, "busy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_is_read_only_can_pay() {
    let (machine, _provider) = stage().await;
    let user = machine.user().await;
    machine
        .advance(SignedDuration::from_hours(15 * 24))
        .unwrap();
    let user = machine.sign_in(&user.person).await;
    assert_eq!(
        user.api.get("/billing").await.json(200)["access"],
        "read_only"
    );
    let body = json!({"plan": "team", "provider": "stripe", "success_url": format!("{}/paid", machine.api_url())});
    user.api.post("/billing/checkout", &body).await.is(201);
}
