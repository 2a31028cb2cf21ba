//! What the browser asks for by itself: Global Privacy Control and Do Not Track.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderName, HeaderValue, header, request::Parts},
};
use domain::site::is_on;

/// The header on answers that depend on Global Privacy Control.
pub const VARY_GPC: [(HeaderName, HeaderValue); 1] =
    [(header::VARY, HeaderValue::from_static("Sec-GPC"))];

/// The signals of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signals {
    /// `Sec-GPC: 1`.
    pub gpc: bool,
    /// `DNT: 1`.
    pub dnt: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for Signals {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let on = |name| {
            let values = parts.headers.get_all(name).iter();
            is_on(values.filter_map(|value| value.to_str().ok()))
        };
        Ok(Self {
            gpc: on("sec-gpc"),
            dnt: on("dnt"),
        })
    }
}
