//! A payment provider that says what the test wants it to say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use domain::billing::stripe::{API_VERSION, sign};
use domain::time::Timestamp;
use http::StatusCode;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::TestMachine;
use crate::http::{Answer, Call};

/// What a provider was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Method and path: `GET /v1/charges/ch_1`.
    pub what: String,
    /// The headers of the call.
    pub headers: http::HeaderMap,
    /// Its body.
    pub body: String,
}

#[derive(Default)]
struct Said {
    answers: BTreeMap<String, (u16, Value)>,
    asked: Vec<Asked>,
}

/// A provider's API on an address of this computer. It ends with the test's runtime.
pub struct Provider {
    /// Where it is served.
    pub url: String,
    said: Arc<Mutex<Said>>,
}

impl Provider {
    /// One that knows nothing yet: it answers 404.
    pub async fn start() -> Self {
        let said = Arc::<Mutex<Said>>::default();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&said));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, said }
    }

    /// From now on, `what` is answered so.
    pub fn answers(&self, what: &str, status: u16, body: Value) {
        self.said
            .lock()
            .unwrap()
            .answers
            .insert(what.to_owned(), (status, body));
    }

    /// What it was asked so far, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.said.lock().unwrap().asked.clone()
    }
}

async fn answer(State(said): State<Arc<Mutex<Said>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let what = format!("{} {}", parts.method, parts.uri.path());
    let mut said = said.lock().unwrap();
    said.asked.push(Asked {
        what: what.clone(),
        headers: parts.headers,
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    match said.answers.get(&what) {
        Some((status, body)) => (
            StatusCode::from_u16(*status).unwrap(),
            axum::Json(body.clone()),
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// An event of Stripe.
pub fn stripe_event(id: &str, kind: &str, created: Timestamp, object: &Value) -> Value {
    json!({
        "id": id,
        "object": "event",
        "api_version": API_VERSION,
        "created": created.as_second(),
        "livemode": false,
        "pending_webhooks": 1,
        "request": {"id": null, "idempotency_key": null},
        "type": kind,
        "data": {"object": object},
    })
}

impl TestMachine {
    /// The key of Stripe's webhook.
    pub fn webhook_secret(&self) -> String {
        self.secret()["stripe"]["webhook_secrets"][0]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Delivers an event as Stripe does.
    pub async fn stripe_delivers(&self, event: &Value) -> Answer {
        let body = event.to_string();
        let signature = sign(&self.webhook_secret(), self.now(), body.as_bytes());
        self.stripe_sends(&signature, body).await
    }

    /// Delivers a body under this signature header.
    pub async fn stripe_sends(&self, signature: &str, body: String) -> Answer {
        let call = Call::new("POST", "/webhooks/payments/stripe")
            .header("content-type", "application/json");
        self.anonymous()
            .send(call.header("stripe-signature", signature).body(body))
            .await
    }

    /// Delivers a notification as YooKassa does.
    pub async fn yookassa_delivers(&self, event: &str, object: &Value) -> Answer {
        let body = json!({"type": "notification", "event": event, "object": object});
        self.anonymous()
            .post("/webhooks/payments/yookassa", &body)
            .await
    }
}
