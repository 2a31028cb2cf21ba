#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use axum::http::HeaderMap;
use domain::{billing::stripe::sign, time::Timestamp};
use platform::{Env, outbound::Outbound, secret::StripeSecret};

use crate::stripe::Stripe;

#[test]
fn while_a_webhook_secret_is_rolled_events_of_both_are_taken_and_of_no_other() {
    let secret = StripeSecret {
        api_key: "sk_test_key".to_owned().into(),
        webhook_secrets: ["whsec_next", "whsec_now"]
            .map(|secret| secret.to_owned().into())
            .into(),
    };
    let stripe = Stripe::new(&Env::of([]), &secret, Outbound::to(&[]));
    let body = br#"{"id": "evt_1", "object": "event", "api_version": "2024-06-20", "created": 1,
        "type": "customer.created", "livemode": false, "data": {"object": {}}}"#;
    let now = Timestamp::from_seconds(1_795_392_000);
    for (key, taken) in [
        ("whsec_next", true),
        ("whsec_now", true),
        ("whsec_old", false),
    ] {
        let mut headers = HeaderMap::new();
        let signature = sign(key, now, body).parse().unwrap();
        headers.insert("stripe-signature", signature);
        assert_eq!(stripe.read(&headers, body, now).is_ok(), taken, "{key}");
    }
}
