//! Payments, and what providers say of them.

use domain::billing::stripe::sign;
use serde_json::json;

use super::super::patient::Patient;
use super::{Town, User, text};
use crate::support::Call;
use crate::support::provider::stripe_event;

impl Town {
    async fn checkout(&self, user: &User<'_>, provider: &str) -> String {
        let plan = json!({"plan": "team", "provider": provider});
        let call = Call::new("POST", "/billing/checkout")
            .header("idempotency-key", "1")
            .json(&plan);
        let first = user.send(call.clone()).await.is(201).json(201);
        let again = user.send(call).await.is(201).json(201);
        assert_eq!(first["id"], again["id"]);
        text(&user.get("/workspace").await.json(200)["id"])
    }

    /// What a provider says twice; the first time it may have been heard before.
    async fn webhook(&self, call: Call) {
        let stranger = Patient {
            machine: &self.machine,
            api: self.machine.anonymous(),
        };
        for _ in 0..2 {
            let outcome = stranger.send(call.clone()).await.is(200).json(200)["outcome"].clone();
            assert!(outcome == "applied" || outcome == "repeated", "{outcome}");
        }
        let outcome = stranger.send(call).await.is(200).json(200);
        assert_eq!(outcome["outcome"], "repeated");
    }

    pub(super) async fn pays_with_stripe(&self, user: &User<'_>) {
        let page = json!({"url": "https://checkout.example/1"});
        self.provider
            .answers("POST /v1/checkout/sessions", 200, page);
        let workspace = self.checkout(user, "stripe").await;
        let now = self.machine.now();
        let month = json!({"start": now.as_second(), "end": now.as_second() + 31 * 86_400});
        let invoice = json!({
            "id": "in_1",
            "object": "invoice",
            "subscription": "sub_1",
            "amount_paid": 4900,
            "amount_due": 4900,
            "currency": "usd",
            "period_end": now.as_second(),
            "lines": {"data": [{"period": month}]},
            "subscription_details": {"metadata": {"workspace": workspace, "plan": "team"}},
        });
        let body = stripe_event("evt_1", "invoice.paid", now, &invoice).to_string();
        let signature = sign(&self.machine.webhook_secret(), now, body.as_bytes());
        let call = Call::new("POST", "/webhooks/payments/stripe")
            .header("content-type", "application/json")
            .header("stripe-signature", &signature);
        self.webhook(call.body(body)).await;
        self.settle().await;
    }

    pub(super) async fn pays_with_yookassa(&self, user: &User<'_>) {
        let workspace = text(&user.get("/workspace").await.json(200)["id"]);
        let now = self.machine.now().to_string();
        let payment = json!({
            "id": "pay-1",
            "status": "succeeded",
            "paid": true,
            "amount": {"value": "49.00", "currency": "USD"},
            "created_at": now,
            "captured_at": now,
            "metadata": {"workspace": workspace, "plan": "team"},
            "test": true,
            "recipient": {"account_id": self.machine.secret()["yookassa"]["shop_id"]},
            "payment_method": {"id": "pm-1", "saved": true},
        });
        self.provider
            .answers("GET /v3/payments/pay-1", 200, payment);
        let hint = json!({"type": "notification", "event": "payment.succeeded", "object": {"id": "pay-1"}});
        self.webhook(Call::new("POST", "/webhooks/payments/yookassa").json(&hint))
            .await;
    }
}
