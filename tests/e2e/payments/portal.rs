//! Stripe's own page, and what a customer does there (terms 4.3).

use domain::time::Timestamp;
use serde_json::{Value, json};

use super::Subscriber;
use crate::support::provider::Provider;
use crate::support::{TestMachine, User};

/// Somebody who has subscribed on the machine's stand-in, with the checkout there.
async fn subscribed(machine: &TestMachine) -> (User, String) {
    let user = machine.user().await;
    let body = json!({"plan": "team", "provider": "stripe"});
    let opened = user.api.post("/billing/checkout", &body).await.json(201);
    let url = opened["url"].as_str().unwrap();
    let checkout = url.rsplit('/').next().unwrap().to_owned();
    machine.provider().unwrap().pay(&checkout).await.unwrap();
    machine.settled().await;
    (user, checkout)
}

async fn billing(user: &User) -> Value {
    user.api.get("/billing").await.json(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_cancels_on_the_provider_s_page_and_keeps_what_is_paid_for() {
    let machine = TestMachine::start().await;
    let (user, checkout) = subscribed(&machine).await;
    let back = json!({"return_url": format!("{}/billing", machine.api_url())});
    let portal = user.api.post("/billing/portal", &back).await.json(200);
    assert!(portal["url"].as_str().unwrap().ends_with(&checkout));
    let before = billing(&user).await;
    assert_eq!(
        (&before["renews"], &before["next_plan"]),
        (&json!(true), &json!("team"))
    );

    let provider = machine.provider().unwrap();
    provider.cancel_later(&checkout, true).await.unwrap();
    let canceled = billing(&user).await;
    assert_eq!(canceled["renews"], false);
    assert_eq!(
        (&canceled["status"], &canceled["access"]),
        (&json!("active"), &json!("full"))
    );
    assert_eq!(canceled["open_until"], canceled["paid_until"]);
    // and thinks again
    provider.cancel_later(&checkout, false).await.unwrap();
    assert_eq!(billing(&user).await["renews"], true);
    provider.cancel_later(&checkout, true).await.unwrap();

    let end: Timestamp = canceled["paid_until"].as_str().unwrap().parse().unwrap();
    machine.jump_to(end);
    machine.settled().await;
    let user = machine.sign_in(&user.person).await;
    let ended = billing(&user).await;
    assert_eq!(
        (&ended["status"], &ended["access"]),
        (&json!("canceled"), &json!("read_only"))
    );
    // the provider tells the end as well; the customer may come back
    provider.pay(&checkout).await.unwrap();
    assert_eq!(billing(&user).await["status"], "canceled");
    let again = json!({"plan": "team", "provider": "stripe"});
    user.api.post("/billing/checkout", &again).await.is(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_changed_on_the_provider_s_page_changes_here() {
    let plans = json!([
        {"code": "team", "name": "Team", "amount_minor": 4900, "currency": "usd",
            "storage_bytes": 1000, "stripe_price": "price_team"},
        {"code": "studio", "name": "Studio", "amount_minor": 19900, "currency": "usd",
            "storage_bytes": 2000, "stripe_price": "price_studio"},
    ]);
    let machine = TestMachine::start_configured(&[("Plans", &plans.to_string())]).await;
    let user = machine.user().await;
    let subscriber = Subscriber::new(&user.workspace, machine.now());
    for event in subscriber.purchase() {
        machine.stripe_delivers(&event).await.is(200);
    }
    let mut changed = subscriber.subscription("active");
    changed["items"]["data"][0]["price"]["id"] = json!("price_studio");
    let changed = subscriber.event("changed", "customer.subscription.updated", 60, &changed);
    machine.stripe_delivers(&changed).await.is(200);
    let billing = billing(&user).await;
    assert_eq!(
        (&billing["plan"], &billing["storage_limit_bytes"]),
        (&json!("studio"), &json!(2000))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_for_customers_of_the_provider_and_leads_back_to_us_only() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let none = user.api.post("/billing/portal", &json!({})).await;
    none.problem(409, "no_subscription");
    let (user, _) = subscribed(&machine).await;
    let elsewhere = json!({"return_url": "https://evil.example/"});
    let refused = user.api.post("/billing/portal", &elsewhere).await;
    refused.problem(422, "invalid_field");
    let renewal = json!({"renews": false});
    let refused = user.api.post("/billing/renewal", &renewal).await;
    refused.problem(409, "renewed_by_provider");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_whose_workspace_is_gone_is_ended_at_the_provider() {
    let provider = Provider::start().await;
    let machine = TestMachine::start_configured(&[("StripeApiUrl", &provider.url)]).await;
    let gone = domain::ids::WorkspaceId::new(machine.now()).to_string();
    let subscriber = Subscriber::new(&gone, machine.now());
    let end = format!("DELETE /v1/subscriptions/{}", subscriber.id("sub"));

    provider.answers(&end, 500, json!({}));
    let busy = machine.stripe_delivers(&subscriber.paid()).await;
    busy.problem(503, "busy");
    provider.answers(&end, 200, json!({"status": "canceled"}));
    let told = machine.stripe_delivers(&subscriber.paid()).await.json(200);
    assert_eq!(told["outcome"], "too_late");
    assert!(provider.asked().iter().all(|asked| asked.what == end));
    assert_eq!(provider.asked().len(), 2);

    // one that is over needs no end
    let over = subscriber.subscription("canceled");
    let over = subscriber.event("over", "customer.subscription.deleted", 9, &over);
    machine.stripe_delivers(&over).await.is(200);
    assert_eq!(provider.asked().len(), 2);
}
