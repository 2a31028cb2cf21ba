//! Answers: signed JSON, and errors in the form of OpenDSR (7.6), which hold
//! nothing of what was sent.

use axum::{
    Json,
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use store::StoreError;
use utoipa::ToSchema;

use crate::{party::Party, signature::Unusable};

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct OpenDsrFault {
    /// What kind of thing: `Validation`, `Authentication`, `State`, `Service`.
    #[schema(value_type = String)]
    pub domain: &'static str,
    /// The stable code.
    #[schema(value_type = String)]
    pub reason: &'static str,
    /// What is wrong and what can be done.
    pub message: String,
}

/// An error.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenDsrErrorBody {
    /// The HTTP status.
    #[schema(example = 400)]
    pub code: u16,
    /// What is wrong.
    pub message: String,
    /// Each thing that is wrong.
    pub errors: Vec<OpenDsrFault>,
}

/// An error as OpenDSR wants it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenDsrError {
    /// The error.
    pub error: OpenDsrErrorBody,
}

/// Why a request is not answered as the sender wanted.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    faults: Vec<OpenDsrFault>,
    retry_after: Option<i64>,
}

impl OpenDsrFault {
    /// Something of a request that can't be taken.
    pub fn validation(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            domain: "Validation",
            reason,
            message: message.into(),
        }
    }
}

impl Failure {
    fn one(
        status: StatusCode,
        domain: &'static str,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            faults: vec![OpenDsrFault {
                domain,
                reason,
                message: message.into(),
            }],
            retry_after: None,
        }
    }

    /// 400: the request is not as the specification and our discovery say.
    pub fn invalid(faults: Vec<OpenDsrFault>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            faults,
            retry_after: None,
        }
    }

    /// 400: what is asked does not follow from where the request stands.
    pub fn state(reason: &'static str, message: &str) -> Self {
        Self::one(StatusCode::BAD_REQUEST, "State", reason, message)
    }

    /// 413.
    pub fn too_large() -> Self {
        let message = "The body is larger than 64 KiB.";
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        Self::one(status, "Validation", "body_too_large", message)
    }

    /// 401: no registered controller's token.
    pub fn unauthorized() -> Self {
        let message = "Send the bearer token that you were registered with.";
        let status = StatusCode::UNAUTHORIZED;
        Self::one(status, "Authentication", "unknown_sender", message)
    }

    /// 403: the signature is missing where one is due, or is not that of the body.
    pub fn bad_signature() -> Self {
        let message =
            "The body is not signed with the key of the certificate that you have registered.";
        let status = StatusCode::FORBIDDEN;
        Self::one(status, "Authentication", "bad_signature", message)
    }

    /// 404: no request of this controller.
    pub fn not_found() -> Self {
        let message = "You have sent no request with this id.";
        Self::one(StatusCode::NOT_FOUND, "State", "not_found", message)
    }

    /// 404: nobody may send here.
    pub fn not_set_up() -> Self {
        let message = "OpenDSR is not set up here.";
        Self::one(StatusCode::NOT_FOUND, "Service", "not_set_up", message)
    }

    /// 429.
    pub fn too_many(seconds: i64) -> Self {
        let message = "There were too many requests. Send this one again later.";
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self {
            retry_after: Some(seconds.max(1)),
            ..Self::one(status, "Service", "too_many_requests", message)
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if let StoreError::Unavailable(reason) = &error {
            tracing::warn!(reason, "store unavailable");
            let message = "The service is busy. Send the same request again in a moment.";
            let status = StatusCode::SERVICE_UNAVAILABLE;
            return Self {
                retry_after: Some(1),
                ..Self::one(status, "Service", "busy", message)
            };
        }
        internal(&error)
    }
}

impl From<Unusable> for Failure {
    fn from(error: Unusable) -> Self {
        internal(&error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        internal(&error)
    }
}

fn internal(error: &dyn std::error::Error) -> Failure {
    tracing::error!(%error, "internal error");
    let message = "Something went wrong on our side. It has been noted.";
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    Failure::one(status, "Service", "internal", message)
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let message = self.faults.first().map(|fault| fault.message.clone());
        let error = OpenDsrErrorBody {
            code: self.status.as_u16(),
            message: message.unwrap_or_default(),
            errors: self.faults,
        };
        let mut response = (self.status, Json(OpenDsrError { error })).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let bearer = HeaderValue::from_static("Bearer");
            headers.insert(header::WWW_AUTHENTICATE, bearer);
        }
        response
    }
}

/// An answer in JSON with the signature of its bytes.
pub(crate) fn signed(
    party: &Party,
    status: StatusCode,
    answer: &impl Serialize,
) -> Result<Response, Failure> {
    let body = serde_json::to_vec(answer)?;
    let mut response = Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in party.headers(&body)? {
        response = response.header(name, value);
    }
    response
        .body(Body::from(body))
        .map_err(|error| internal(&error))
}
