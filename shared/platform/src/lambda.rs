//! The plumbing of Lambda: entry points, logs, and batches with partial failures.

use std::{fmt::Display, future::Future};

use aws_lambda_events::sqs::SqsMessage;
use axum::Router;
use futures::{StreamExt, stream};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use tracing_subscriber::{EnvFilter, fmt};

/// Structured logs to the standard output, at the level of `RUST_LOG`.
pub fn init_logs() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    fmt().json().with_env_filter(filter).without_time().init();
}

/// Serves HTTP events of API Gateway until the process ends.
///
/// # Errors
/// Those of the runtime's connection.
pub async fn serve(router: Router) -> Result<(), Error> {
    lambda_http::run(router).await
}

/// Serves other events until the process ends.
///
/// # Errors
/// Those of the runtime's connection.
pub async fn listen<F, Fut, E>(handle: F) -> Result<(), Error>
where
    F: Fn(Value) -> Fut,
    Fut: Future<Output = Result<Value, E>>,
    E: Display + std::fmt::Debug,
{
    let handle = &handle;
    let service = service_fn(move |event: LambdaEvent<Value>| async move {
        handle(event.payload)
            .await
            .map_err(|error| Error::from(error.to_string()))
    });
    lambda_runtime::run(service).await
}

/// An event that is not of the kind that the function is connected to.
#[derive(Debug, thiserror::Error)]
#[error("the event can't be read: {0}")]
pub struct InvalidEvent(#[from] serde_json::Error);

/// Handles the messages of an SQS event, at most `at_once` at a time. A message
/// whose handling fails is named in the answer and comes again; the others are done.
///
/// # Errors
/// [`InvalidEvent`].
pub async fn messages<F, Fut, E>(
    event: Value,
    at_once: usize,
    handle: F,
) -> Result<Value, InvalidEvent>
where
    F: Fn(SqsMessage) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Display,
{
    let event: aws_lambda_events::sqs::SqsEvent = serde_json::from_value(event)?;
    let failed: Vec<Value> = stream::iter(event.records)
        .map(|message| async {
            let id = message.message_id.clone().unwrap_or_default();
            match handle(message).await {
                Ok(()) => None,
                Err(error) => {
                    tracing::warn!(message_id = id, error = %error, "message failed, it will come again");
                    Some(json!({"itemIdentifier": id}))
                }
            }
        })
        .buffer_unordered(at_once)
        .filter_map(|failed| async { failed })
        .collect()
        .await;
    Ok(json!({"batchItemFailures": failed}))
}

/// The keys of the objects that a bucket's event says were created, decoded
/// (S3 sends them URL-encoded, with `+` for a space). Removals and the test
/// event that S3 sends when notifications are set up hold none.
///
/// # Errors
/// Text that is no JSON.
pub fn created_keys(body: &str) -> Result<Vec<String>, serde_json::Error> {
    let event: Value = serde_json::from_str(body)?;
    let records = event["Records"].as_array().map_or(&[][..], Vec::as_slice);
    Ok(records
        .iter()
        .filter(|record| {
            let name = record["eventName"].as_str().unwrap_or_default();
            name.starts_with("ObjectCreated:")
        })
        .filter_map(|record| record["s3"]["object"]["key"].as_str())
        .map(|key| {
            let spaced = key.replace('+', " ");
            percent_encoding::percent_decode_str(&spaced)
                .decode_utf8_lossy()
                .into_owned()
        })
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keys_are_decoded_and_removals_passed_over() {
        let body = json!({"Records": [
            {"eventName": "ObjectCreated:Put", "s3": {"object": {"key": "a+b%2Fc%20d"}}},
            {"eventName": "ObjectRemoved:Delete", "s3": {"object": {"key": "gone"}}},
        ]});
        assert_eq!(created_keys(&body.to_string()).unwrap(), ["a b/c d"]);
        assert_eq!(
            created_keys("{\"Event\":\"s3:TestEvent\"}").unwrap(),
            Vec::<String>::new()
        );
        assert!(created_keys("no JSON").is_err());
    }
}
