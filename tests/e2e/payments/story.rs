//! A workspace from its trial to a plan, a refund and a dispute, as its owner sees it.

use jiff::SignedDuration;
use serde_json::json;

use super::Subscriber;
use crate::support::provider::Provider;
use crate::support::{TestMachine, upload::announced};

async fn stage() -> (TestMachine, Provider) {
    let provider = Provider::start().await;
    let machine = TestMachine::start_configured(&[("StripeApiUrl", &provider.url)]).await;
    (machine, provider)
}

#[tokio::test(flavor = "multi_thread")]
async fn payment_makes_a_read_only_workspace_writable_and_is_told_once() {
    let (machine, _provider) = stage().await;
    let user = machine.user().await;
    machine.pass(SignedDuration::from_hours(14 * 24 + 1)).await;
    let user = machine.sign_in(&user.person).await;
    let body = announced("a.png", "image/png", b"some bytes");
    user.api
        .post("/uploads", &body)
        .await
        .problem(403, "workspace_read_only");

    let subscriber = Subscriber::new(&user.workspace, machine.now());
    let letters = machine.mails_to(&user.person.email).await.len();
    for _ in 0..3 {
        for event in subscriber.purchase() {
            machine.stripe_delivers(&event).await.is(200);
        }
    }
    machine.settled().await;
    let billing = user.api.get("/billing").await.json(200);
    assert_eq!(
        (&billing["status"], &billing["access"], &billing["plan"]),
        (&json!("active"), &json!("full"), &json!("team"))
    );
    assert_eq!(billing["storage_limit_bytes"], 107_374_182_400_u64);
    assert_eq!(
        (
            &billing["payments"][0]["state"],
            &billing["payments"][0]["amount_minor"]
        ),
        (&json!("paid"), &json!(4900))
    );
    user.api.post("/uploads", &body).await.is(201);
    let told = machine.mails_to(&user.person.email).await;
    assert_eq!(told.len(), letters + 1, "one letter for one payment");
    assert!(told[letters].text.as_deref().unwrap().contains("49.00 USD"));
    let again = json!({"plan": "team", "provider": "stripe"});
    user.api
        .post("/billing/checkout", &again)
        .await
        .problem(409, "already_paying");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_renewal_has_a_grace_that_the_clock_ends() {
    let (machine, _provider) = stage().await;
    let user = machine.user().await;
    let subscriber = Subscriber::new(&user.workspace, machine.now());
    for event in subscriber.purchase() {
        machine.stripe_delivers(&event).await.is(200);
    }
    machine.pass(SignedDuration::from_hours(24 * 31 + 1)).await;
    let mut renewal = subscriber.invoice();
    renewal["id"] = json!(subscriber.id("in2"));
    renewal["lines"]["data"][0]["period"]["end"] = json!(subscriber.period_end() + 30 * 86_400);
    let month = 31 * 86_400;
    let failed = subscriber.event("failed", "invoice.payment_failed", month + 10, &renewal);
    machine.stripe_delivers(&failed).await.is(200);
    machine.settled().await;
    let user = machine.sign_in(&user.person).await;
    let billing = user.api.get("/billing").await.json(200);
    assert_eq!(
        (&billing["status"], &billing["access"]),
        (&json!("past_due"), &json!("full")),
        "{billing}"
    );
    let letter = machine.last_mail_to(&user.person.email).await;
    assert!(
        letter.summary.subject.to_lowercase().contains("payment"),
        "{}",
        letter.summary.subject
    );
    machine.pass(SignedDuration::from_hours(24 * 7)).await;
    let user = machine.sign_in(&user.person).await;
    let billing = user.api.get("/billing").await.json(200);
    assert_eq!(
        (&billing["status"], &billing["access"]),
        (&json!("suspended"), &json!("read_only")),
        "{billing}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_refund_ends_access_and_a_dispute_does_not() {
    let (machine, provider) = stage().await;
    let user = machine.user().await;
    let subscriber = Subscriber::new(&user.workspace, machine.now());
    for event in subscriber.purchase() {
        machine.stripe_delivers(&event).await.is(200);
    }
    let charge = format!("GET /v1/charges/{}", subscriber.id("ch"));
    provider.answers(&charge, 200, subscriber.charge(0));
    let disputed = subscriber.event(
        "disputed",
        "charge.dispute.created",
        6,
        &subscriber.dispute("needs_response"),
    );
    machine.stripe_delivers(&disputed).await.is(200);
    let billing = user.api.get("/billing").await.json(200);
    assert_eq!(
        (&billing["dispute"], &billing["status"]),
        (&json!("open"), &json!("active"))
    );
    machine.pass(SignedDuration::from_hours(24 * 15)).await;
    let user = machine.sign_in(&user.person).await;
    provider.answers(&charge, 200, subscriber.charge(4900));
    let refunded = subscriber.event("refunded", "charge.refunded", 7, &subscriber.charge(4900));
    machine.stripe_delivers(&refunded).await.is(200);
    let billing = user.api.get("/billing").await.json(200);
    assert_eq!(
        (&billing["refunded_minor"], &billing["access"]),
        (&json!(4900), &json!("read_only")),
        "{billing}"
    );
}
