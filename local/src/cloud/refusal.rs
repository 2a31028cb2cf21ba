//! Errors in the services' wire formats.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use quick_xml::escape::escape;

use super::calls::Call;
use crate::template::Need;

/// An error of a service.
pub(super) fn refusal(service: &str, status: u16, code: &str, message: &str) -> HttpResponse {
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
