//! The plumbing of Lambda: entry points, logs, and batches with partial failures.

use std::{fmt::Display, future::Future};

use aws_lambda_events::sqs::SqsMessage;
use axum::{Router, http::Uri};
use domain::ids::WorkspaceId;
use futures::{FutureExt, StreamExt, stream};
use lambda_http::{
    Request, RequestExt,
    request::RequestContext,
    tower::{ServiceExt, util::MapRequest},
};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;
use tracing::{Instrument, Span, error_span, field};
use tracing_subscriber::{
    Layer, filter::Targets, fmt, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::{deadline::Deadline, metrics};

/// Structured logs and metrics to the standard output. `RUST_LOG` sets the level of
/// the logs; metrics are written whatever it says.
pub fn init_logs() {
    let asked = std::env::var("RUST_LOG").ok();
    // levels by target only: what else `RUST_LOG` can say needs regular expressions in each program
    let filter: Option<Targets> = asked.and_then(|asked| asked.parse().ok());
    let filter = filter.unwrap_or_else(|| Targets::new().with_default(LevelFilter::INFO));
    let log = fmt::layer().json().without_time().with_filter(filter);
    tracing_subscriber::registry()
        .with(log)
        .with(metrics::to_stdout())
        .init();
}

/// What stands in a path's segment as it is (RFC 3986, section 3.3); the rest is encoded.
const NOT_IN_SEGMENTS: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b'@');

/// Serves HTTP events of API Gateway until the process ends.
///
/// # Errors
/// Those of the runtime's connection.
pub async fn serve(router: Router) -> Result<(), Error> {
    lambda_http::run(behind_gateway(router)).await
}

/// A router that takes requests at the address that the gateway matched to their route.
///
/// HTTP APIs hand the path on decoded and, unless the stage is `$default`, behind the stage.
/// `lambda_http` reads it as it would an address, in which `?`, `#`, `\` and `..` mean something
/// else than in a name: the request would come to another route than the gateway's, or lose its
/// query. Routes know of no stage and decode each segment once.
#[must_use]
pub fn behind_gateway(router: Router) -> MapRequest<Router, fn(Request) -> Request> {
    router.map_request(as_matched)
}

fn as_matched(mut request: Request) -> Request {
    if let Some(uri) = matched(&request) {
        *request.uri_mut() = uri;
    }
    request
}

fn matched(request: &Request) -> Option<Uri> {
    let RequestContext::ApiGatewayV2(context) = request.request_context_ref()? else {
        return None;
    };
    let raw = request.raw_http_path();
    let stage = context.stage.as_deref().unwrap_or("$default");
    let path = match raw.strip_prefix('/')?.strip_prefix(stage) {
        Some(rest) if stage != "$default" && rest.starts_with('/') => rest,
        _ => raw,
    };
    let segments = path.split('/');
    let encoded: Vec<_> = segments
        .map(|segment| utf8_percent_encode(segment, NOT_IN_SEGMENTS).to_string())
        .collect();
    let mut address = encoded.join("/");
    if let Some(query) = request.query_string_parameters_ref() {
        address = format!("{address}?{}", query.to_query_string());
    }
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = Some(address.parse().ok()?);
    Uri::from_parts(parts).ok()
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
        let deadline = Deadline::of(Some(&event.context));
        deadline
            // boxed: the types of handlers nest deeper than the compiler looks
            .answer(handle(event.payload).boxed_local())
            .await?
            .map_err(|error| Error::from(error.to_string()))
    });
    lambda_runtime::run(service).await
}

/// An event that is not of the kind that the function is connected to.
#[derive(Debug, thiserror::Error)]
#[error("the event can't be read: {0}")]
pub struct InvalidEvent(#[from] serde_json::Error);

/// Handles the messages of an SQS event, at most `at_once` at a time. A message
/// whose handling fails, or is not done when the invocation's time ends, is named in the
/// answer and comes again; the others are done.
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
    let deadline = Deadline::current();
    let failed: Vec<Value> = stream::iter(event.records)
        .map(|message| async {
            let id = message.message_id.clone().unwrap_or_default();
            let span = span_of(&message);
            let handling = handle(message).instrument(span.clone());
            let error = match deadline.message(handling).await {
                Ok(Ok(())) => return None,
                Ok(Err(error)) => error.to_string(),
                Err(out_of_time) => out_of_time.to_string(),
            };
            span.in_scope(|| {
                tracing::warn!(message_id = id, error, "message failed, it will come again");
            });
            Some(json!({"itemIdentifier": id}))
        })
        .buffer_unordered(at_once)
        .filter_map(|failed| async { failed })
        .collect()
        .await;
    Ok(json!({"batchItemFailures": failed}))
}

/// What every log line about a message says: which message; what it follows from, if
/// whoever sent it was traced; and the workspace that it names. At error level, so that
/// no level of the log leaves it out.
fn span_of(message: &SqsMessage) -> Span {
    let trace = message.attributes.get("AWSTraceHeader");
    let body = message.body.as_deref().unwrap_or_default();
    error_span!(
        "message",
        message_id = message.message_id,
        correlation = trace.and_then(|header| trace_root(header)),
        workspace = workspace_in(body).map(field::display),
    )
}

/// The id of a whole trace in an X-Ray header: `Root=1-5759e988-bd862e3fe1be46a994272793;…`
/// (<https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>).
#[must_use]
pub fn trace_root(header: &str) -> Option<&str> {
    let mut parts = header.split(';').map(str::trim);
    let root = parts.find_map(|part| part.strip_prefix("Root="))?;
    let is_id = |c: u8| c.is_ascii_hexdigit() || c == b'-';
    let sound = (1..=35).contains(&root.len()) && root.bytes().all(is_id);
    sound.then_some(root)
}

/// The first workspace that a text names: an id looks the same in a job, an object's
/// key and an item's.
#[must_use]
pub fn workspace_in(text: &str) -> Option<WorkspaceId> {
    const LENGTH: usize = WorkspaceId::PREFIX.len() + 33;
    text.match_indices(WorkspaceId::PREFIX)
        .find_map(|(at, _)| text.get(at..at + LENGTH)?.parse().ok())
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
            percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
        })
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use lambda_http::request::LambdaRequest;

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

    #[test]
    fn a_workspace_is_found_in_whatever_names_it() {
        let id = WorkspaceId::from_bytes([7; 16]);
        for text in [
            format!("{{\"workspace\":\"{id}\"}}"),
            format!("originals%2F{id}%2Fast_1"),
            format!("OUT#{id}"),
            format!("wsp_short wsp_{id}"),
        ] {
            assert_eq!(workspace_in(&text), Some(id), "{text}");
        }
        for text in ["", "wsp_", "OUT#usr_07070707070707070707070707070707"] {
            assert_eq!(workspace_in(text), None, "{text}");
        }
    }

    #[test]
    fn of_a_trace_only_an_id_is_taken() {
        let root = "1-5759e988-bd862e3fe1be46a994272793";
        for header in [
            format!("Root={root}"),
            format!("Self=1-1-1; Root={root};Parent=53995c3f42cd8ad8;Sampled=1"),
        ] {
            assert_eq!(trace_root(&header), Some(root));
        }
        let long = format!("Root={root}0");
        for header in [
            "",
            "Parent=1",
            "Root=",
            "Root=ann@example.com",
            long.as_str(),
        ] {
            assert_eq!(trace_root(header), None, "{header}");
        }
    }

    fn address_of(stage: &str, path: &str) -> String {
        let event = json!({
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": "limit=2&name=a%20b",
            "headers": {"host": "api.example"},
            "requestContext": {"http": {"method": "GET", "path": path}, "stage": stage},
            "isBase64Encoded": false,
        });
        let request: LambdaRequest = serde_json::from_value(event).unwrap();
        let request = as_matched(request.into());
        let mut query: Vec<_> = request.uri().query().unwrap().split('&').collect();
        query.sort_unstable();
        assert_eq!(query, ["limit=2", "name=a+b"]);
        assert_eq!(request.uri().host(), Some("api.example"));
        request.uri().path().to_owned()
    }

    #[test]
    fn routes_know_no_stage() {
        assert_eq!(address_of("$default", "/uploads"), "/uploads");
        assert_eq!(address_of("prod", "/prod/uploads"), "/uploads");
        assert_eq!(address_of("$default", "/products"), "/products");
        assert_eq!(address_of("prod", "/prod/products"), "/products");
    }

    #[test]
    fn a_name_in_a_path_stays_a_name() {
        for (decoded, encoded) in [
            ("/assets/a?b/restore", "/assets/a%3Fb/restore"),
            ("/assets/a#b/restore", "/assets/a%23b/restore"),
            ("/assets/../workspace", "/assets/../workspace"),
            ("/assets/a\\b", "/assets/a%5Cb"),
            ("/assets/100%41", "/assets/100%2541"),
            ("/assets/\u{438}\t", "/assets/%D0%B8%09"),
        ] {
            assert_eq!(address_of("$default", decoded), encoded);
            assert_eq!(address_of("prod", &format!("/prod{decoded}")), encoded);
        }
    }
}
