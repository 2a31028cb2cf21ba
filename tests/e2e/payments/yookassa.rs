//! YooKassa's notifications: from its networks only, and hints only.

use serde_json::{Value, json};

use crate::support::provider::Provider;
use crate::support::{Call, TestMachine, User};

async fn stage() -> (TestMachine, Provider, User) {
    let provider = Provider::start().await;
    let machine = TestMachine::start_configured(&[("YookassaApiUrl", &provider.url)]).await;
    let user = machine.user().await;
    (machine, provider, user)
}

/// A payment that was made.
fn payment(machine: &TestMachine, user: &User) -> Value {
    json!({
        "id": "pay-1",
        "status": "succeeded",
        "paid": true,
        "amount": {"value": "49.00", "currency": "USD"},
        "created_at": machine.now().to_string(),
        "captured_at": machine.now().to_string(),
        "metadata": {"workspace": user.workspace, "plan": "team"},
        "test": true,
        "recipient": {"account_id": machine.secret()["yookassa"]["shop_id"]},
        "payment_method": {"id": "pm-1", "saved": true},
    })
}

async fn status(user: &User) -> Value {
    user.api.get("/billing").await.json(200)["status"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_provider_says_itself_counts() {
    let (machine, provider, user) = stage().await;
    let claimed = payment(&machine, &user);
    let ask = "GET /v3/payments/pay-1";

    // Whoever guesses an id is told nothing.
    let answer = machine
        .yookassa_delivers("payment.succeeded", &claimed)
        .await
        .json(200);
    assert_eq!(answer["outcome"], "ignored");
    let mut pending = claimed.clone();
    pending["status"] = json!("pending");
    pending["paid"] = json!(false);
    pending["captured_at"] = Value::Null;
    provider.answers(ask, 200, pending);
    machine
        .yookassa_delivers("payment.waiting_for_capture", &claimed)
        .await
        .is(200);
    assert_eq!(status(&user).await, "trialing");
    let mut of_another_shop = claimed.clone();
    of_another_shop["recipient"]["account_id"] = json!("999");
    provider.answers(ask, 200, of_another_shop);
    assert_eq!(
        machine
            .yookassa_delivers("payment.succeeded", &claimed)
            .await
            .json(200)["outcome"],
        "ignored"
    );
    let mut live = claimed.clone();
    live["test"] = json!(false);
    provider.answers(ask, 200, live);
    assert_eq!(
        machine
            .yookassa_delivers("payment.succeeded", &claimed)
            .await
            .json(200)["outcome"],
        "ignored"
    );
    provider.answers(ask, 500, json!({}));
    machine
        .yookassa_delivers("payment.succeeded", &claimed)
        .await
        .problem(503, "busy");
    assert_eq!(status(&user).await, "trialing");

    provider.answers(ask, 200, claimed.clone());
    let hint = json!({"id": "pay-1"});
    assert_eq!(
        machine
            .yookassa_delivers("payment.succeeded", &hint)
            .await
            .json(200)["outcome"],
        "applied"
    );
    assert_eq!(
        machine
            .yookassa_delivers("payment.succeeded", &hint)
            .await
            .json(200)["outcome"],
        "repeated"
    );
    assert_eq!(status(&user).await, "active");
    let asked = provider.asked();
    let login = format!(
        "100000:{}",
        machine.secret()["yookassa"]["secret_key"].as_str().unwrap()
    );
    use base64::Engine;
    let basic = format!(
        "Basic {}",
        base64::engine::general_purpose::STANDARD.encode(login)
    );
    assert!(
        asked
            .iter()
            .all(|asked| asked.headers["authorization"] == basic.as_str())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_takes_the_month_back() {
    let (machine, provider, user) = stage().await;
    let ask = "GET /v3/payments/pay-1";
    let mut paid = payment(&machine, &user);
    provider.answers(ask, 200, paid.clone());
    machine
        .yookassa_delivers("payment.succeeded", &paid)
        .await
        .is(200);
    paid["refunded_amount"] = json!({"value": "49.00", "currency": "USD"});
    provider.answers(ask, 200, paid);
    let refund = json!({"id": "ref-1", "payment_id": "pay-1", "status": "succeeded"});
    assert_eq!(
        machine
            .yookassa_delivers("refund.succeeded", &refund)
            .await
            .json(200)["outcome"],
        "applied"
    );
    let billing = user.api.get("/billing").await.json(200);
    assert_eq!(
        (&billing["refunded_minor"], &billing["access"]),
        (&json!(4900), &json!("read_only"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn other_networks_are_refused_whatever_they_claim() {
    let provider = Provider::start().await;
    let parameters = [
        ("YookassaApiUrl", provider.url.as_str()),
        ("YookassaSources", "185.71.76.0/27"),
    ];
    let machine = TestMachine::start_configured(&parameters).await;
    let body =
        json!({"type": "notification", "event": "payment.succeeded", "object": {"id": "pay-1"}});
    let call = Call::new("POST", "/webhooks/payments/yookassa").json(&body);
    for name in ["x-forwarded-for", "x-real-ip", "forwarded"] {
        let forged = call.clone().header(name, "185.71.76.1");
        machine
            .anonymous()
            .send(forged)
            .await
            .problem(403, "unknown_source");
    }
    assert_eq!(provider.asked().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_notification_is_refused() {
    let (machine, provider, _) = stage().await;
    for body in [
        json!({}),
        json!(["notification", "payment.succeeded", {"id": "pay-1"}]),
        json!({"type": "event", "event": "payment.succeeded", "object": {"id": "pay-1"}}),
        json!({"type": "notification", "event": "payment.succeeded", "object": {"id": "../shops"}}),
        json!({"type": "notification", "event": "payment.succeeded", "object": {"id": "r", "payment_id": "a/b"}}),
    ] {
        machine
            .anonymous()
            .post("/webhooks/payments/yookassa", &body)
            .await
            .problem(400, "invalid_event");
    }
    assert_eq!(provider.asked().len(), 0);
}
