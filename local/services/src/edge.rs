//! The HTTP edge: which service a request is for, and the JSON form of its answer.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fault::Fault;
use crate::{Services, kms, secrets, ses, sqs};

/// Lets a mail that is over SES's limit in, up to about 90 MB, to be refused in SES's own words.
const BODY_LIMIT: usize = 128 * 1024 * 1024;

pub(crate) fn router(services: Services) -> Router {
    Router::new()
        .route("/", post(dispatch))
        // Some SDKs post to the queue's URL.
        .route("/{account}/{queue}", post(dispatch))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(services)
}

async fn dispatch(State(services): State<Services>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let mut response = match header("x-amz-target").and_then(|target| target.split_once('.')) {
        Some(("AmazonSQS", operation)) => {
            let host = header(HOST.as_str()).unwrap_or("localhost");
            let result = sqs::answer(services.sqs(), operation, &body, host).await;
            let query_error = result.as_ref().err().map(sqs::query_error);
            with_query_error(json_answer("1.0", result), query_error)
        }
        Some(("TrentService", operation)) => {
            json_answer("1.1", kms::answer(services.kms(), operation, &body))
        }
        Some(("secretsmanager", operation)) => {
            let result = secrets::answer(services.secrets(), operation, body.clone()).await;
            json_answer("1.1", result)
        }
        Some((service, _)) => json_answer("1.1", Err(unknown_operation(service))),
        None => ses::answer(services.mailbox(), &body).await,
    };
    let request_id = Uuid::new_v4().to_string();
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-amzn-requestid", value);
    }
    response
}

fn json_answer(version: &str, result: Result<Value, Fault>) -> Response {
    let (status, body) = match result {
        Ok(body) => (StatusCode::OK, body),
        Err(fault) => (
            fault.status,
            json!({"__type": fault.code, "message": fault.message}),
        ),
    };
    let content_type = format!("application/x-amz-json-{version}");
    (status, [(CONTENT_TYPE, content_type)], body.to_string()).into_response()
}

/// The header from which the SDK takes the error codes that SQS had before it spoke JSON.
fn with_query_error(mut response: Response, code: Option<String>) -> Response {
    if let Some(value) = code.and_then(|code| HeaderValue::from_str(&code).ok()) {
        response.headers_mut().insert("x-amzn-query-error", value);
    }
    response
}

/// A call that this service does not serve.
pub(crate) fn unknown_operation(operation: &str) -> Fault {
    Fault::sender(
        "UnknownOperationException",
        format!("{operation} is not served here"),
    )
}

/// Reads a JSON request. A field that the request type does not have is an error,
/// so that nothing asked for is silently left out.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8], code: &'static str) -> Result<T, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::sender(code, error.to_string()))
}

/// Bytes that travel as base64.
pub(crate) struct Blob(pub(crate) Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        BASE64_STANDARD
            .decode(text)
            .map(Self)
            .map_err(|_| D::Error::custom("not base64"))
    }
}
