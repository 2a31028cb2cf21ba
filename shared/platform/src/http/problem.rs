//! Problem documents (RFC 9457): the one form of every error.

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{consent::InvalidTick, processing::Refusal};
use serde::Serialize;
use serde_json::{Map, Value};
use store::{StoreError, personal::GateError};
use utoipa::ToSchema;

/// An error as the client sees it: a status, a stable code, and a sentence
/// that the reader can act on.
#[derive(Debug, Clone)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    more: Map<String, Value>,
    retry_after: Option<i64>,
}

/// What went wrong (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemDocument {
    /// `urn:assetbox:problem:{code}`.
    #[serde(rename = "type")]
    #[schema(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// The stable code.
    pub code: String,
    /// What is wrong and what can be done.
    pub detail: String,
    /// What to name when asking for help.
    pub request_id: String,
    /// Further facts, by code.
    #[serde(flatten)]
    #[schema(additional_properties)]
    pub more: Map<String, Value>,
}

impl Problem {
    /// An error of this status, code and sentence.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            more: Map::new(),
            retry_after: None,
        }
    }

    /// 404 for whatever is not there, or is another workspace's: one answer for both.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is no such thing here.",
        )
    }

    /// 422 for input that can't be taken.
    #[must_use]
    pub fn invalid(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 422 that names the field at fault.
    #[must_use]
    pub fn field(field: &str, detail: impl std::fmt::Display) -> Self {
        Self::invalid("invalid_field", format!("Check `{field}`: {detail}.")).with("field", field)
    }

    /// 409: what was asked does not fit what is there.
    #[must_use]
    pub fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 403: this session may not do it.
    #[must_use]
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 401: sign in (again).
    #[must_use]
    pub fn unauthorized(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
    }

    /// 429: too often.
    #[must_use]
    pub fn too_many(retry_after_seconds: i64) -> Self {
        let mut problem = Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            "too_many_requests",
            "That was tried too often. Wait a while and try again.",
        );
        problem.retry_after = Some(retry_after_seconds.max(1));
        problem
    }

    /// 503: nothing was done; the same request may work in a moment.
    #[must_use]
    pub fn busy() -> Self {
        let mut problem = Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "The service is busy. Send the same request again in a moment.",
        );
        problem.retry_after = Some(1);
        problem
    }

    /// 500: our fault. The error is logged here, once, and not shown.
    #[must_use]
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = %error, "internal error");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong on our side. It has been noted.",
        )
    }

    /// Adds a fact.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn render(self, request_id: &str) -> Response {
        let document = ProblemDocument {
            kind: format!("urn:assetbox:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            code: self.code.to_owned(),
            detail: self.detail,
            request_id: request_id.to_owned(),
            more: self.more,
        };
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        (self.status, headers, Json(document)).into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        // the edge renders it, with the request's id
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(_) => Self::conflict(
                "changed_meanwhile",
                "This was changed by somebody else meanwhile. Read it again and repeat the change.",
            ),
            StoreError::InvalidCursor => Self::invalid(
                "invalid_cursor",
                "This cursor is not one that the list has given. Begin without one.",
            ),
            StoreError::Unavailable(ref reason) => {
                tracing::warn!(reason, "store unavailable");
                Self::busy()
            }
            StoreError::Malformed(_) | StoreError::Rejected(_) => Self::internal(&error),
        }
    }
}

impl From<InvalidTick> for Problem {
    fn from(error: InvalidTick) -> Self {
        let sentence = format!("{error}.");
        match error {
            InvalidTick::UnknownDocument(_) => Self::invalid("unknown_document", sentence),
            InvalidTick::Stale {
                document,
                current,
                sha256,
            } => Self::conflict("stale_consent", sentence)
                .with("document", document)
                .with("version", current)
                .with("sha256", sha256),
        }
    }
}

impl From<GateError> for Problem {
    fn from(error: GateError) -> Self {
        match error {
            GateError::Unknown => Self::not_found(),
            GateError::Refused(Refusal::Restricted) => Self::forbidden(
                "processing_restricted",
                "Processing of this person's data is restricted; it can be read and destroyed, not changed.",
            ),
            GateError::Refused(Refusal::NoConsent) => Self::forbidden(
                "no_consent",
                "The person's consent that this needs was not given or was withdrawn, or they object to it. It can be given again with PUT /me/consents/{purpose}.",
            ),
            GateError::Store(error) => error.into(),
            GateError::Keys(ref reason) => {
                tracing::warn!(reason, "key service unavailable");
                Self::busy()
            }
            GateError::Refused(Refusal::OutsidePurpose) | GateError::Tampered(_) => {
                Self::internal(&error)
            }
        }
    }
}

impl From<crate::objects::ObjectError> for Problem {
    fn from(error: crate::objects::ObjectError) -> Self {
        use crate::objects::ObjectError;
        match error {
            ObjectError::Missing => Self::not_found(),
            ObjectError::Unavailable(ref reason) => {
                tracing::warn!(reason, "object storage unavailable");
                Self::busy()
            }
            ObjectError::Refused(_) => Self::internal(&error),
        }
    }
}
