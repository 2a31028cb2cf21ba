#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use domain::billing::stripe::verify;
use serde_json::Value;
use tower::ServiceExt;

const FORM: &str = "mode=subscription&line_items[0][quantity]=1\
&line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=4900\
&line_items[0][price_data][product_data][name]=Team\
&subscription_data[metadata][workspace]=wsp_1&success_url=https://shop.example/";

fn options(data: &std::path::Path, webhook: &str) -> Options {
    Options {
        webhook_base_url: webhook.to_owned(),
        page_base_url: "http://127.0.0.1:9/provider".to_owned(),
        stripe_secret: "whsec_x".to_owned(),
        stripe_api_key: "sk_test_x".to_owned(),
        yookassa_shop: "1".to_owned(),
        yookassa_key: "test_x".to_owned(),
        clock: Arc::new(|| Timestamp::from_seconds(1_700_000_000)),
        data: data.to_owned(),
    }
}

async fn send(provider: &ProviderStandIn, request: Request<Body>) -> (StatusCode, String) {
    let answer = provider.router().oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

async fn open(provider: &ProviderStandIn, key: &str, api_key: &str) -> (StatusCode, Value) {
    let request = Request::post("/v1/checkout/sessions")
        .header("authorization", format!("Bearer {api_key}"))
        .header("idempotency-key", key)
        .body(Body::from(FORM))
        .unwrap();
    let (status, body) = send(provider, request).await;
    (status, serde_json::from_str(&body).unwrap())
}

#[tokio::test]
async fn the_same_key_opens_one_session_and_a_wrong_api_key_none() {
    let data = tempfile::tempdir().unwrap();
    let provider = ProviderStandIn::start(options(data.path(), "http://127.0.0.1:9"))
        .await
        .unwrap();
    let (status, _) = open(&provider, "a", "sk_test_other").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (_, first) = open(&provider, "a", "sk_test_x").await;
    let (_, again) = open(&provider, "a", "sk_test_x").await;
    let (_, other) = open(&provider, "b", "sk_test_x").await;
    assert_eq!(first["id"], again["id"]);
    assert_ne!(first["id"], other["id"]);
}

#[tokio::test]
async fn events_wait_for_their_webhook_and_outlive_a_restart() {
    let data = tempfile::tempdir().unwrap();
    // nobody listens there
    let deaf = options(data.path(), "http://127.0.0.1:9");
    let provider = ProviderStandIn::start(deaf).await.unwrap();
    let (_, session) = open(&provider, "a", "sk_test_x").await;
    let checkout = session["id"].as_str().unwrap();
    provider.pay(checkout).await.unwrap();
    let kinds: Vec<String> = provider
        .events()
        .await
        .into_iter()
        .map(|e| e.kind)
        .collect();
    assert_eq!(
        kinds,
        [
            "customer.subscription.created",
            "invoice.paid",
            "customer.subscription.updated",
            "checkout.session.completed"
        ]
    );
    assert!(provider.events().await.iter().all(|e| !e.arrived()));
    drop(provider);

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let webhook = format!("http://{}", listener.local_addr().unwrap());
    let checked = axum::routing::post(async |headers: http::HeaderMap, body: bytes::Bytes| {
        let header = headers["stripe-signature"].to_str().unwrap();
        let now = Timestamp::from_seconds(1_700_000_000);
        match verify(&["whsec_x"], header, &body, now) {
            Ok(()) => StatusCode::OK,
            Err(_) => StatusCode::BAD_REQUEST,
        }
    });
    let app = Router::new().route("/webhooks/payments/stripe", checked);
    tokio::spawn(async move { axum::serve(listener, app).await });
    let provider = ProviderStandIn::start(options(data.path(), &webhook))
        .await
        .unwrap();
    provider.deliver_waiting_backwards().await.unwrap();
    assert!(provider.events().await.iter().all(Event::arrived));
}

#[tokio::test]
async fn an_event_keeps_what_the_object_was_and_a_call_gives_what_it_is() {
    let data = tempfile::tempdir().unwrap();
    let provider = ProviderStandIn::start(options(data.path(), "http://127.0.0.1:9"))
        .await
        .unwrap();
    let (_, session) = open(&provider, "a", "sk_test_x").await;
    let checkout = session["id"].as_str().unwrap();
    provider.hold(true).await.unwrap();
    provider.pay(checkout).await.unwrap();
    provider.cancel(checkout).await.unwrap();
    let created: Value = serde_json::from_str(&provider.events().await[0].body).unwrap();
    let subscription = &created["data"]["object"];
    assert_eq!(subscription["status"], "incomplete");
    assert_eq!(subscription["metadata"]["workspace"], "wsp_1");
    let request = Request::get(format!(
        "/v1/subscriptions/{}",
        subscription["id"].as_str().unwrap()
    ))
    .header("authorization", "Bearer sk_test_x")
    .body(Body::empty())
    .unwrap();
    let (_, now) = send(&provider, request).await;
    let now: Value = serde_json::from_str(&now).unwrap();
    assert_eq!(now["status"], "canceled");
    assert!(matches!(
        provider.pay(checkout).await,
        Err(StandInError::Impossible(_))
    ));
}

#[tokio::test]
async fn a_person_pays_on_the_page() {
    let data = tempfile::tempdir().unwrap();
    let provider = ProviderStandIn::start(options(data.path(), "http://127.0.0.1:9"))
        .await
        .unwrap();
    let (_, session) = open(&provider, "a", "sk_test_x").await;
    let checkout = session["id"].as_str().unwrap();
    let page = Request::get(format!("/checkout/{checkout}"))
        .body(Body::empty())
        .unwrap();
    let (status, body) = send(&provider, page).await;
    assert_eq!(status, StatusCode::OK);
    let action = format!("/checkout/{checkout}/pay");
    assert!(body.contains(&format!("action=\"/provider{action}\"")) && body.contains("49.00 USD"));
    let pay = Request::post(action).body(Body::empty()).unwrap();
    let (status, _) = send(&provider, pay).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let list = Request::get("/checkouts").body(Body::empty()).unwrap();
    let (_, body) = send(&provider, list).await;
    assert!(body.contains("subscription active"));
}
