//! What proves that an event is Stripe's.

use domain::billing::stripe::sign;
use domain::time::shift;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Subscriber, workspace};
use crate::support::provider::Provider;
use crate::support::{TestMachine, log};

#[tokio::test(flavor = "multi_thread")]
async fn only_a_signature_over_the_raw_body_within_five_minutes_is_taken() {
    let machine = TestMachine::start().await;
    let subscriber = Subscriber::new(&workspace(&machine).await.to_string(), machine.now());
    let body = subscriber.paid().to_string();
    let (secret, now) = (machine.webhook_secret(), machine.now());
    let good = sign(&secret, now, body.as_bytes());
    let moved = |seconds| {
        sign(
            &secret,
            shift(now, SignedDuration::from_secs(seconds)),
            body.as_bytes(),
        )
    };
    let refused = [
        String::new(),
        "t=1,v1=zz".to_owned(),
        good.replace("v1=", "v0="),
        good.replace("t=", "t=1"),
        format!("{good},x=y=z"),
        sign("whsec_other", now, body.as_bytes()),
        moved(-310),
        moved(310),
    ];
    let before = machine.counts().await;
    for signature in refused {
        machine
            .stripe_sends(&signature, body.clone())
            .await
            .problem(400, "invalid_signature");
    }
    // The same event in other bytes is not what was signed.
    let pretty = serde_json::to_string_pretty(&subscriber.paid()).unwrap();
    machine
        .stripe_sends(&good, pretty)
        .await
        .problem(400, "invalid_signature");
    assert_eq!(machine.counts().await, before);

    // While a secret is rolled there are two; one that nobody knows is passed over.
    let rolled = format!("{good},v1={}", "0".repeat(64));
    let answer = machine.stripe_sends(&rolled, body.clone()).await.json(200);
    assert_eq!(answer["outcome"], "applied");
    // Sent again within the window, and after it.
    assert_eq!(
        machine.stripe_sends(&good, body.clone()).await.json(200)["outcome"],
        "repeated"
    );
    machine.advance(SignedDuration::from_mins(6)).unwrap();
    machine
        .stripe_sends(&good, body)
        .await
        .problem(400, "invalid_signature");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_another_mode_version_or_form_are_refused() {
    let machine = TestMachine::start().await;
    let subscriber = Subscriber::new(&workspace(&machine).await.to_string(), machine.now());
    let changed = |field: &str, value: Value| {
        let mut event = subscriber.paid();
        event[field] = value;
        event
    };
    for (event, code) in [
        (changed("livemode", json!(true)), "wrong_mode"),
        (
            changed("api_version", json!("2019-01-01")),
            "wrong_api_version",
        ),
        (changed("object", json!("list")), "invalid_event"),
        (changed("id", json!("../x")), "invalid_event"),
        (
            changed("data", json!({"object": {"id": "in_1"}})),
            "invalid_event",
        ),
        (
            subscriber.event("y", "charge.refunded", 1, &json!({"id": "ch_unknown"})),
            "unknown_object",
        ),
        (json!([]), "invalid_event"),
    ] {
        machine.stripe_delivers(&event).await.problem(400, code);
    }
    machine
        .anonymous()
        .post("/webhooks/payments/paypal", &json!({}))
        .await
        .problem(404, "not_found");
    let unknown = subscriber.event("x", "product.created", 1, &json!({"id": "prod_1"}));
    assert_eq!(
        machine.stripe_delivers(&unknown).await.json(200)["outcome"],
        "ignored"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_after_its_workspace_is_gone_makes_nothing_anew() {
    let machine = TestMachine::start().await;
    let gone = domain::ids::WorkspaceId::new(machine.now()).to_string();
    let subscriber = Subscriber::new(&gone, machine.now());
    let before = machine.counts().await;
    for event in [subscriber.paid(), subscriber.updated()] {
        assert_eq!(
            machine.stripe_delivers(&event).await.json(200)["outcome"],
            "too_late"
        );
        assert_eq!(
            machine.stripe_delivers(&event).await.json(200)["outcome"],
            "repeated"
        );
    }
    machine.settled().await;
    let after = machine.counts().await;
    assert_eq!(
        after["CatalogTable"],
        before["CatalogTable"] + 2,
        "the events' marks only"
    );
    assert_eq!(after["PeopleTable"], before["PeopleTable"]);
    for item in machine.items("CatalogTable").await {
        assert!(!format!("{item:?}").contains(&gone));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_provider_does_not_answer_an_event_is_not_taken() {
    let provider = Provider::start().await;
    let machine = TestMachine::start_configured(&[("StripeApiUrl", &provider.url)]).await;
    let subscriber = Subscriber::new(&workspace(&machine).await.to_string(), machine.now());
    machine.stripe_delivers(&subscriber.paid()).await.is(200);
    let refunded = subscriber.event("refunded", "charge.refunded", 5, &subscriber.charge(4900));
    let charge = format!("GET /v1/charges/{}", subscriber.id("ch"));
    provider.answers(&charge, 500, json!({}));
    machine
        .stripe_delivers(&refunded)
        .await
        .problem(503, "busy");
    provider.answers(&charge, 200, subscriber.charge(4900));
    assert_eq!(
        machine.stripe_delivers(&refunded).await.json(200)["outcome"],
        "applied"
    );
    let asked = provider.asked();
    assert_eq!(asked[0].what, charge);
    let key = asked[0].headers["authorization"].to_str().unwrap();
    assert_eq!(
        key,
        format!(
            "Bearer {}",
            machine.secret()["stripe"]["api_key"].as_str().unwrap()
        )
    );
    assert_eq!(
        asked[0].headers["stripe-version"],
        domain::billing::stripe::API_VERSION
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_must_look_at_is_logged_for_the_alarm() {
    let machine = TestMachine::start().await;
    let subscriber = Subscriber::new(&workspace(&machine).await.to_string(), machine.now());
    let invoice = subscriber.invoice();
    let failed = subscriber.event("unfinal", "invoice.finalization_failed", 1, &invoice);
    let answer = machine.stripe_delivers(&failed).await.json(200);
    assert_eq!(answer["outcome"], "ignored");
    let mut newer = subscriber.paid();
    newer["api_version"] = json!("2099-01-01.canary");
    machine
        .stripe_delivers(&newer)
        .await
        .problem(400, "wrong_api_version");
    for line in [
        format!(
            "\"alarm\":\"invoice_finalization_failed\",\"event_id\":\"{}\"",
            subscriber.id("evt_unfinal")
        ),
        "\"alarm\":\"stripe_api_version\",\"version\":\"2099-01-01.canary\"".to_owned(),
    ] {
        assert!(log::mentions(&line), "{line}");
    }
}
