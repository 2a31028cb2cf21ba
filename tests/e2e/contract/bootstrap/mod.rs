//! The real programs of the functions, driven over the Lambda Runtime API with real events: those
//! that are built with these tests, or those of the folder that `ASSETBOX_BOOTSTRAPS` names.

mod deadlines;
mod failures;
mod messages;
mod requests;
mod sources;

use serde_json::{Value, json};

use crate::support::lambda::{ApiRequest, Program};

/// An answer as API Gateway takes it, payload format 2.0.
struct Reply {
    status: Value,
    headers: Value,
    cookies: Value,
    body: Value,
}

impl Reply {
    fn of(mut answer: Value) -> Self {
        assert_eq!(answer["isBase64Encoded"], false, "{answer}");
        let body = answer["body"].as_str().filter(|body| !body.is_empty());
        let body = body.unwrap_or("null");
        Self {
            body: serde_json::from_str(body).expect("a JSON body"),
            status: answer["statusCode"].take(),
            headers: answer["headers"].take(),
            cookies: answer["cookies"].take(),
        }
    }

    /// The body, after checking the status.
    #[track_caller]
    fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Fails the test unless it is this problem, told with the request's id.
    #[track_caller]
    fn problem(self, status: u16, code: &str) {
        assert_eq!(self.headers["content-type"], "application/problem+json");
        let body = self.is(status);
        let told = (&body["code"], &body["request_id"]);
        assert_eq!(told, (&json!(code), &json!(ApiRequest::ID)), "{body}");
    }
}

async fn send(program: &Program, request: ApiRequest) -> Reply {
    Reply::of(program.answer(request.event()).await)
}

/// A message of a queue with another id and body.
fn message(like: &Value, id: &str, body: &str) -> Value {
    let mut message = like.clone();
    message["messageId"] = json!(id);
    message["body"] = json!(body);
    message
}

/// What S3 sends when notifications are set up
/// (S3 user guide, "Enabling and configuring event notifications").
fn test_event() -> String {
    json!({
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "2014-10-13T15:57:02.089Z",
        "Bucket": "amzn-s3-demo-bucket",
        "RequestId": "5582815E1AEA5ADF",
        "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE",
    })
    .to_string()
}

/// The partial answer of a batch in which these failed.
fn failed(ids: &[&str]) -> Value {
    let failures = ids.iter().map(|id| json!({"itemIdentifier": id}));
    json!({"batchItemFailures": failures.collect::<Vec<_>>()})
}
