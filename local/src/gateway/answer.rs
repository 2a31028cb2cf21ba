//! What a function's result becomes on the wire.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Value, json};

/// An answer of the gateway itself.
pub(super) fn message(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({"message": text}))).into_response()
}

/// The answer that payload format 2.0 describes; 500 for a result that is not one.
pub(super) fn from_result(result: &Value, largest: usize) -> Response {
    build(result, largest)
        .unwrap_or_else(|| message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"))
}

fn build(result: &Value, largest: usize) -> Option<Response> {
    let status = u16::try_from(result.get("statusCode")?.as_u64()?).ok()?;
    let body = body(result)?;
    if body.len() > largest {
        return None;
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    let headers = response.headers_mut();
    for (name, value) in result["headers"].as_object().into_iter().flatten() {
        headers.append(name.parse::<HeaderName>().ok()?, header_value(value)?);
    }
    for (name, values) in result["multiValueHeaders"]
        .as_object()
        .into_iter()
        .flatten()
    {
        for value in values.as_array()? {
            headers.append(name.parse::<HeaderName>().ok()?, header_value(value)?);
        }
    }
    for cookie in result["cookies"].as_array().into_iter().flatten() {
        headers.append(SET_COOKIE, header_value(cookie)?);
    }
    let has_body = status != 204 && status != 304;
    if has_body && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain;charset=utf-8"),
        );
    }
    Some(response)
}

fn body(result: &Value) -> Option<Vec<u8>> {
    let text = result["body"].as_str().unwrap_or_default();
    if result["isBase64Encoded"] == true {
        STANDARD.decode(text).ok()
    } else {
        Some(text.as_bytes().to_vec())
    }
}

fn header_value(value: &Value) -> Option<HeaderValue> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        Value::Bool(flag) => flag.to_string().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[tokio::test]
    async fn a_result_is_an_answer() {
        let result = json!({
            "statusCode": 201,
            "headers": {"x-a": "1", "content-type": "image/png"},
            "cookies": ["a=1; Secure", "b=2"],
            "body": "/wA=",
            "isBase64Encoded": true,
        });
        let response = from_result(&result, 100);
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers()["x-a"], "1");
        let cookies: Vec<_> = response.headers().get_all(SET_COOKIE).iter().collect();
        assert_eq!(cookies, ["a=1; Secure", "b=2"]);
        let body = axum::body::to_bytes(response.into_body(), 100)
            .await
            .unwrap();
        assert_eq!(body.as_ref(), [0xff, 0x00]);
    }

    #[test]
    fn what_is_not_an_answer_is_an_error() {
        for result in [
            json!(null),
            json!({"body": "x"}),
            json!({"statusCode": 99999}),
            json!({"statusCode": 200, "headers": {"bad name": "x"}}),
            json!({"statusCode": 200, "body": "too long for this test"}),
        ] {
            assert_eq!(from_result(&result, 10).status(), 500, "{result}");
        }
    }
}
