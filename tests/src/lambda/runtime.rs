//! The Lambda Runtime API
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;

/// Longer than any invocation here takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// How an invocation ended.
#[derive(Debug)]
pub enum Outcome {
    /// With what the function returned.
    Answer(Value),
    /// With an error, as the runtime reports it.
    Error(Value),
}

/// An event on its way, and when its invocation ends (milliseconds of the epoch).
struct Invocation {
    id: String,
    deadline_ms: i64,
    event: Value,
}

type Waiting = Arc<Mutex<HashMap<String, oneshot::Sender<Outcome>>>>;

#[derive(Clone)]
struct Queue {
    invocations: Arc<Mutex<mpsc::Receiver<Invocation>>>,
    waiting: Waiting,
}

/// The API that one process asks for events and tells how they ended.
pub struct RuntimeApi {
    address: SocketAddr,
    invocations: mpsc::Sender<Invocation>,
    waiting: Waiting,
    _server: JoinSet<()>,
}

impl RuntimeApi {
    /// Serves it on a free port.
    pub async fn start() -> Self {
        let (invocations, receiver) = mpsc::channel(1);
        let queue = Queue {
            invocations: Arc::new(Mutex::new(receiver)),
            waiting: Waiting::default(),
        };
        let waiting = Arc::clone(&queue.waiting);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        // without this, small answers wait for the peer's acknowledgement
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(response),
            )
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .with_state(queue);
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            invocations,
            waiting,
            _server: server,
        }
    }

    /// What a process must find in `AWS_LAMBDA_RUNTIME_API`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Hands an event over to whoever asks next, and waits for what comes of it. Nobody ends an
    /// invocation whose time is over; the process only reads when that is.
    pub async fn invoke(&self, event: Value, within: Duration) -> Outcome {
        let id = hex::encode(crate::random::<16>());
        let (sender, outcome) = oneshot::channel();
        self.waiting.lock().await.insert(id.clone(), sender);
        let within = i64::try_from(within.as_millis()).unwrap();
        let invocation = Invocation {
            id,
            deadline_ms: jiff::Timestamp::now().as_millisecond() + within,
            event,
        };
        let sent = self.invocations.send(invocation).await;
        assert!(sent.is_ok(), "nobody asks for events");
        let outcome = tokio::time::timeout(PATIENCE, outcome).await;
        outcome.expect("an answer in time").expect("an answer")
    }
}

async fn next(State(queue): State<Queue>) -> Response {
    let invocation = queue.invocations.lock().await.recv().await;
    let Some(invocation) = invocation else {
        // nothing comes any more: the process is about to be ended
        return std::future::pending().await;
    };
    let headers = [
        ("lambda-runtime-aws-request-id", invocation.id),
        (
            "lambda-runtime-deadline-ms",
            invocation.deadline_ms.to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:000000000000:function:x".to_owned(),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0".to_owned(),
        ),
    ];
    (headers, Json(invocation.event)).into_response()
}

async fn response(State(queue): State<Queue>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    queue.ended(&id, Outcome::Answer(read(&body))).await
}

async fn error(State(queue): State<Queue>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    queue.ended(&id, Outcome::Error(read(&body))).await
}

fn read(body: &Bytes) -> Value {
    serde_json::from_slice(body).expect("JSON of the program")
}

impl Queue {
    async fn ended(&self, id: &str, outcome: Outcome) -> StatusCode {
        if let Some(sender) = self.waiting.lock().await.remove(id) {
            // nobody may wait any more
            let _ = sender.send(outcome);
        }
        StatusCode::ACCEPTED
    }
}
