//! What a schedule sends to a function that takes HTTP requests only.

use axum::{extract::FromRequestParts, http::request::Parts};
use lambda_http::request::RequestContext;

use super::Problem;

/// A schedule's request: like one of an HTTP API, but through no API. One that
/// came through an API says so, and finds nothing.
#[derive(Debug, Clone, Copy)]
pub struct Scheduled;

impl<S: Send + Sync> FromRequestParts<S> for Scheduled {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<RequestContext>() {
            Some(RequestContext::ApiGatewayV2(context)) if context.apiid.is_none() => Ok(Self),
            _ => Err(Problem::not_found()),
        }
    }
}
