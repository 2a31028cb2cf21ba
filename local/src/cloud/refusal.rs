//! Errors in the services' wire formats.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use quick_xml::escape::escape;
use serde_json::{Value, json};

use super::calls::Call;
use crate::template::Need;

/// An error of a service.
fn refusal(service: &str, status: u16, code: &str, message: &str) -> HttpResponse {
    let text = escape(message);
    let body = match service {
        "s3" => format!("<Error><Code>{code}</Code><Message>{text}</Message></Error>"),
        "ses" => format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error></ErrorResponse>"
        ),
        _ => serde_json::json!({"__type": code, "message": message}).to_string(),
    };
    answer(status, SdkBody::from(body))
}

/// What DynamoDB says to a query that compares a key with an empty text; the database of one
/// machine would take it.
pub(super) fn of_an_empty_key(call: &Call, body: &[u8]) -> Option<HttpResponse> {
    if (call.service, call.operation.as_str()) != ("dynamodb", "Query") {
        return None;
    }
    let asked: Value = serde_json::from_slice(body).ok()?;
    let condition = asked["KeyConditionExpression"].as_str()?;
    let values = asked["ExpressionAttributeValues"].as_object()?;
    let named = |name: &String| {
        let is_end = |c: char| !c.is_ascii_alphanumeric() && c != '_';
        let mut places = condition.match_indices(name.as_str());
        places.any(|(at, _)| {
            condition[at + name.len()..]
                .chars()
                .next()
                .is_none_or(is_end)
        })
    };
    let mut empty = values.iter().filter(|(_, value)| value["S"] == "");
    let message = "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value.";
    empty
        .any(|(name, _)| named(name))
        .then(|| refusal(call.service, 400, "ValidationException", message))
}

/// What an injected error says.
const INJECTED: &str = "an injected fault";

/// The service's own error, in its words
/// (the lists of common errors in each service's API reference).
pub(super) fn server_error(call: &Call) -> HttpResponse {
    let code = match call.service {
        "dynamodb" | "rekognition" => "InternalServerError",
        "kms" => "KMSInternalException",
        "secretsmanager" => "InternalServiceError",
        "s3" => "InternalError",
        _ => "InternalFailure",
    };
    injected(call, 500, code)
}

/// The service is away.
pub(super) fn unavailable(call: &Call) -> HttpResponse {
    injected(call, 503, "ServiceUnavailable")
}

/// The refusal of a call for the rate of calls. A batch of DynamoDB is not refused: it is answered
/// with everything unprocessed; a transaction is canceled, and says why for each of its items.
/// `body` is the request's.
pub(super) fn throttled(call: &Call, body: &[u8]) -> HttpResponse {
    let asked = || serde_json::from_slice::<Value>(body).unwrap_or_default();
    let (status, code) = match (call.service, call.operation.as_str()) {
        ("dynamodb", "BatchGetItem") => {
            let left = asked()["RequestItems"].take();
            return json_answer(200, &json!({"Responses": {}, "UnprocessedKeys": left}));
        }
        ("dynamodb", "BatchWriteItem") => {
            let left = asked()["RequestItems"].take();
            return json_answer(200, &json!({"UnprocessedItems": left}));
        }
        ("dynamodb", "TransactWriteItems") => {
            let items = asked()["TransactItems"].as_array().map_or(1, Vec::len);
            return canceled(items);
        }
        ("dynamodb" | "rekognition", _) => (400, "ProvisionedThroughputExceededException"),
        ("s3", _) => (503, "SlowDown"),
        ("ses", _) => (400, "Throttling"),
        ("sqs", _) => (400, "RequestThrottled"),
        _ => (400, "ThrottlingException"),
    };
    injected(call, status, code)
}

/// A transaction whose first item met the table's limit.
fn canceled(items: usize) -> HttpResponse {
    let reason = |item: usize| match item {
        0 => json!({"Code": "ProvisionedThroughputExceeded", "Message": INJECTED}),
        _ => json!({"Code": "None"}),
    };
    let reasons: Vec<Value> = (0..items.max(1)).map(reason).collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": INJECTED,
        "CancellationReasons": reasons,
    });
    json_answer(400, &body)
}

fn json_answer(status: u16, body: &Value) -> HttpResponse {
    answer(status, SdkBody::from(body.to_string()))
}

fn injected(call: &Call, status: u16, code: &str) -> HttpResponse {
    match call.operation.as_str() {
        // an answer to HEAD has no body
        "HeadObject" | "HeadBucket" => answer(status, SdkBody::empty()),
        _ => refusal(call.service, status, code, INJECTED),
    }
}

/// The refusal of a call that the caller's role doesn't allow.
pub(super) fn access_denied(call: &Call, need: &Need) -> HttpResponse {
    let message = format!("{} is {need}", call.caller);
    match (call.service, call.operation.as_str()) {
        // an answer to HEAD has no body
        ("s3", "HeadObject" | "HeadBucket") => answer(403, SdkBody::empty()),
        (service @ ("s3" | "ses"), _) => refusal(service, 403, "AccessDenied", &message),
        (service, _) => refusal(service, 400, "AccessDeniedException", &message),
    }
}

fn answer(status: u16, body: SdkBody) -> HttpResponse {
    let status = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::BAD_GATEWAY);
    HttpResponse::new(status.into(), body)
}
