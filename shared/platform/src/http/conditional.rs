//! `ETag` and `If-Match`: a change names the state that it was made from.

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::Problem;

/// The entity tag of a revision.
#[must_use]
pub fn etag(revision: u64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// A body with its entity tag.
#[derive(Debug)]
pub struct Versioned<T> {
    /// The revision that the tag names.
    pub revision: u64,
    /// The body.
    pub body: T,
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        ([(header::ETAG, etag(self.revision))], Json(self.body)).into_response()
    }
}

/// The revision in `If-Match`, which changes must send (428 without it).
#[derive(Debug, Clone, Copy)]
pub struct IfMatch(pub u64);

impl IfMatch {
    /// 412 unless this is the current revision.
    ///
    /// # Errors
    /// The problem that says so.
    pub fn check(self, current: u64) -> Result<(), Problem> {
        if self.0 == current {
            Ok(())
        } else {
            Err(Self::failed())
        }
    }

    /// 412: it was changed since it was read.
    #[must_use]
    pub fn failed() -> Problem {
        Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "changed_meanwhile",
            "This was changed since you read it. Read it again and repeat the change.",
        )
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Err(Problem::new(
                StatusCode::PRECONDITION_REQUIRED,
                "if_match_required",
                "Send the `ETag` that you read as `If-Match`, so that no change is lost.",
            ));
        };
        let tag = value.to_str().unwrap_or_default().trim_matches('"');
        // a tag that we never gave matches nothing
        tag.parse().map(Self).map_err(|_| Self::failed())
    }
}
