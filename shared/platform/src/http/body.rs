//! Reading requests: bodies, ids in paths, queries, idempotency keys. What
//! can't be read becomes a problem document before anything is done.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{StatusCode, header, request::Parts},
};
use serde::de::DeserializeOwned;

use super::{Object, Problem};

/// The largest JSON body: 256 KiB.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// A JSON body, which is an object, with the bytes that it was read from.
#[derive(Debug)]
pub struct JsonBody<T> {
    /// What was read.
    pub value: T,
    /// The bytes, for an idempotency fingerprint.
    pub bytes: Bytes,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let json = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"));
        if !json {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "Send JSON, with the header `Content-Type: application/json`.",
            ));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|_| too_large())?;
        if bytes.len() > MAX_BODY_BYTES {
            return Err(too_large());
        }
        let Object(value) = serde_json::from_slice(&bytes).map_err(|e| unreadable(&e))?;
        Ok(Self { value, bytes })
    }
}

fn too_large() -> Problem {
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "body_too_large",
        "The body is larger than this address takes.",
    )
}

fn unreadable(error: &serde_json::Error) -> Problem {
    if error.is_data() {
        // serde names the field and what it expects; values of strings may be quoted, so cut them out
        let reason = error.to_string();
        let reason: String = reason.split('"').step_by(2).collect::<Vec<_>>().join("…");
        return Problem::invalid(
            "invalid_body",
            format!("The body is not as documented: {reason}."),
        );
    }
    Problem::new(
        StatusCode::BAD_REQUEST,
        "malformed_json",
        format!(
            "The body is not JSON (line {}, column {}).",
            error.line(),
            error.column()
        ),
    )
}

/// Ids in the path. What is not an id of the right kind is not found.
#[derive(Debug)]
pub struct PathId<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Path::<T>::from_request_parts(parts, state)
            .await
            .map(|Path(id)| Self(id))
            .map_err(|_| Problem::not_found())
    }
}

/// The query.
#[derive(Debug)]
pub struct QueryOf<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for QueryOf<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        Query::<T>::from_request_parts(parts, state)
            .await
            .map(|Query(query)| Self(query))
            .map_err(|_| Problem::invalid("invalid_query", "The query is not as documented."))
    }
}

/// The header `Idempotency-Key`, where it was sent: 1 to 255 printable characters.
#[derive(Debug)]
pub struct IdempotencyKey(pub Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(value) = parts.headers.get("idempotency-key") else {
            return Ok(Self(None));
        };
        let text = value.to_str().unwrap_or_default();
        if text.is_empty() || text.len() > 255 {
            return Err(Problem::invalid(
                "invalid_idempotency_key",
                "An `Idempotency-Key` has 1 to 255 printable ASCII characters.",
            ));
        }
        Ok(Self(Some(text.to_owned())))
    }
}
