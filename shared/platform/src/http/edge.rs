//! What happens to every request and answer: an id, a log line without
//! personal data, security headers, rendered problems.

use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request},
    http::{HeaderName, HeaderValue, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
};
use lambda_http::{RequestExt, request::RequestContext};
use std::time::Instant;
use tracing::{Instrument, Span, error_span, field};

use super::Problem;
use crate::{deadline::Deadline, lambda::trace_root};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACE_ID: &str = "x-amzn-trace-id";

fn request_id(request: &Request) -> String {
    let context = request.extensions().get::<RequestContext>();
    let from_gateway = match context {
        Some(RequestContext::ApiGatewayV2(context)) => context.request_id.clone(),
        _ => None,
    };
    from_gateway.unwrap_or_else(|| {
        let mut bytes = [0; 12];
        // an id that is not unique only makes a log line harder to find
        let _ = getrandom::fill(&mut bytes);
        hex::encode(bytes)
    })
}

/// What every log line of a request says: its id, the trace that it belongs to, and the
/// workspace as soon as a session names one. At error level, so that no level of the log
/// leaves it out.
fn span_of(request: &Request, id: &str) -> Span {
    let trace = request.headers().get(TRACE_ID);
    let trace = trace.and_then(|value| value.to_str().ok());
    error_span!(
        "request",
        request_id = id,
        correlation = trace.and_then(trace_root),
        workspace = field::Empty,
    )
}

async fn wrap(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let span = span_of(&request, &id);
    let method = request.method().clone();
    // the pattern, never the path: a path may hold a link's secret
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unmatched", MatchedPath::as_str)
        .to_owned();
    let deadline = Deadline::of(request.lambda_context_ref());
    let answering = next.run(request).instrument(span.clone());
    let answer = deadline.answer(answering).await;
    let mut response = answer.unwrap_or_else(|_| Problem::busy().into_response());
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        let headers = std::mem::take(response.headers_mut());
        let extra: Vec<_> = headers
            .into_iter()
            .filter_map(|(name, value)| Some((name?, value)))
            .filter(|(name, _)| *name == header::SET_COOKIE)
            .collect();
        response = problem.render(&id);
        response.headers_mut().extend(extra);
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            header::STRICT_TRANSPORT_SECURITY,
            "max-age=63072000; includeSubDomains",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    span.in_scope(|| {
        tracing::info!(
            request_id = id,
            %method,
            route,
            status = response.status().as_u16(),
            millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "request"
        );
    });
    response
}

async fn no_route() -> Problem {
    Problem::not_found()
}

async fn wrong_method() -> Response<Body> {
    Problem::new(
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This address does not take this method.",
    )
    .into_response()
}

/// Puts the edge around a function's routes.
pub fn edge(routes: Router) -> Router {
    routes
        .fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(wrap))
}
