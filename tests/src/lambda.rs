//! The Lambda Runtime API, and a function's real program on it
//! (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>).

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use aws_credential_types::provider::ProvideCredentials;
use aws_types::service_config::ServiceConfigKey;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::TestMachine;

/// How an invocation ended.
#[derive(Debug)]
pub enum Outcome {
    /// With what the function returned.
    Answer(Value),
    /// With an error, as the runtime reports it.
    Error(Value),
}

type Waiting = Arc<Mutex<HashMap<String, oneshot::Sender<Outcome>>>>;

#[derive(Clone)]
struct Runtime {
    events: Arc<Mutex<mpsc::Receiver<(String, Value)>>>,
    waiting: Waiting,
}

/// A program that takes events. It ends with the value.
pub struct Program {
    events: mpsc::Sender<(String, Value)>,
    waiting: Waiting,
    _child: Child,
}

impl Program {
    /// Builds a function's program and starts it as Lambda does, against a machine's services.
    pub async fn start(machine: &TestMachine, package: &str, function: &str) -> Self {
        let program = built(package).await;
        let (events, receiver) = mpsc::channel(1);
        let runtime = Runtime {
            events: Arc::new(Mutex::new(receiver)),
            waiting: Waiting::default(),
        };
        let waiting = Arc::clone(&runtime.waiting);
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0))
            .await
            .unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(response),
            )
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .with_state(runtime);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let declared = machine.model().function(function).expect("a function");
        let child = Command::new(program)
            .env_clear()
            .envs(&declared.environment)
            .envs(services(machine).await)
            .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", &declared.name)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/x")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "x")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        Self {
            events,
            waiting,
            _child: child,
        }
    }

    /// Hands one event over and waits for what comes of it.
    pub async fn invoke(&self, event: Value) -> Outcome {
        let id = hex::encode(crate::random::<16>());
        let (sender, receiver) = oneshot::channel();
        self.waiting.lock().await.insert(id.clone(), sender);
        self.events
            .send((id, event))
            .await
            .expect("the program listens");
        let outcome = tokio::time::timeout(std::time::Duration::from_secs(60), receiver);
        outcome
            .await
            .expect("an answer in time")
            .expect("an answer")
    }
}

/// The program of a package, built with what is built for these tests.
async fn built(package: &str) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    cargo.args([
        "build",
        "--offline",
        "--message-format=json",
        "--tests",
        "--bin",
        package,
    ]);
    cargo.args(["-p", package, "-p", env!("CARGO_PKG_NAME")]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let output = cargo
        .stderr(Stdio::piped())
        .output()
        .await
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let messages = String::from_utf8(output.stdout).unwrap();
    let artifacts = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs = artifacts.filter(|artifact| {
        let target = &artifact["target"];
        artifact["profile"]["test"] == false
            && target["name"] == package
            && target["kind"][0] == "bin"
    });
    let program = programs.next().expect("a program");
    program["executable"].as_str().expect("its path").into()
}

/// The variables by which the SDKs find this machine's services, in the place of AWS's.
async fn services(machine: &TestMachine) -> HashMap<String, String> {
    let config = machine.sdk_config("bootstrap");
    let credentials = config
        .credentials_provider()
        .unwrap()
        .provide_credentials()
        .await
        .unwrap();
    let mut variables = HashMap::from([
        (
            "AWS_REGION".to_owned(),
            config.region().unwrap().to_string(),
        ),
        (
            "AWS_ACCESS_KEY_ID".to_owned(),
            credentials.access_key_id().to_owned(),
        ),
        (
            "AWS_SECRET_ACCESS_KEY".to_owned(),
            credentials.secret_access_key().to_owned(),
        ),
    ]);
    for service in [
        "DynamoDB",
        "S3",
        "SQS",
        "SES",
        "KMS",
        "Secrets Manager",
        "Rekognition",
    ] {
        let key = ServiceConfigKey::builder()
            .service_id(service)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url");
        let endpoint = config
            .service_config()
            .unwrap()
            .load_config(key.build().unwrap())
            .unwrap();
        let name = service.to_uppercase().replace(' ', "_");
        variables.insert(format!("AWS_ENDPOINT_URL_{name}"), endpoint);
    }
    variables
}

async fn next(State(runtime): State<Runtime>) -> impl IntoResponse {
    let event = runtime.events.lock().await.recv().await;
    let Some((id, event)) = event else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let deadline = jiff::Timestamp::now().as_millisecond() + 30_000;
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-central-1:000000000000:function:x".to_owned(),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0".to_owned(),
        ),
    ];
    (headers, Json(event)).into_response()
}

async fn response(
    State(runtime): State<Runtime>,
    Path(id): Path<String>,
    body: Bytes,
) -> StatusCode {
    runtime.ended(&id, Outcome::Answer(read(&body))).await
}

async fn error(State(runtime): State<Runtime>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    runtime.ended(&id, Outcome::Error(read(&body))).await
}

fn read(body: &Bytes) -> Value {
    serde_json::from_slice(body).expect("JSON of the program")
}

impl Runtime {
    async fn ended(&self, id: &str, outcome: Outcome) -> StatusCode {
        if let Some(sender) = self.waiting.lock().await.remove(id) {
            // Nobody may wait any more.
            let _ = sender.send(outcome);
        }
        StatusCode::ACCEPTED
    }
}
