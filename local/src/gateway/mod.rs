//! The HTTP API (API Gateway, payload format 2.0) on a listener of this machine.

mod answer;
mod cors;
mod event;
mod routes;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use http::{Method, StatusCode};

use crate::clock::MachineClock;
use crate::functions::{Functions, InvokeError};
use crate::template::{Cors, Model};
use answer::message;
use event::Incoming;
use routes::Routes;

/// API Gateway's limit of the request line and headers together.
const LARGEST_HEAD: usize = 10_240;
/// API Gateway's limit of a request's body: 10 MB
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
const LARGEST_BODY: usize = 10 * 1024 * 1024;
/// Lambda's limit of an event and of an answer: 6 MB
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const LARGEST_EVENT: usize = 6 * 1024 * 1024;
/// API Gateway's longest wait for a function: 30 s.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The HTTP API.
#[derive(Clone)]
pub(crate) struct Gateway {
    shared: Arc<Shared>,
}

struct Shared {
    routes: Routes,
    cors: Option<Cors>,
    functions: Functions,
    clock: MachineClock,
}

impl Gateway {
    pub(crate) fn new(
        model: &Model,
        functions: Functions,
        clock: MachineClock,
    ) -> Result<Self, String> {
        Ok(Self {
            shared: Arc::new(Shared {
                routes: Routes::new(&model.routes)?,
                cors: model.cors.clone(),
                functions,
                clock,
            }),
        })
    }

    /// Serves every path that the router it is the fallback of doesn't.
    pub(crate) fn router(self) -> axum::Router {
        axum::Router::new().fallback(serve).with_state(self)
    }

    async fn answer(&self, peer: SocketAddr, request: Request) -> Response {
        let cors = self.shared.cors.as_ref();
        let origin = cors::origin_of(request.headers());
        if request.method() == Method::OPTIONS
            && let Some(cors) = cors
            && cors::is_preflight(request.headers())
        {
            return cors::preflight(cors, request.headers());
        }
        let mut response = self.invoke(peer, request).await;
        if let Some(cors) = cors {
            cors::mark(cors, origin.as_ref(), response.headers_mut());
        }
        response
    }

    async fn invoke(&self, peer: SocketAddr, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        if event::head_len(&parts) > LARGEST_HEAD {
            let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
            return message(status, "Request Header Fields Too Large");
        }
        if !event::has_sound_host(&parts.headers) {
            return message(StatusCode::BAD_REQUEST, "Bad Request");
        }
        let path = event::decoded_path(&parts.uri);
        let Some(matched) = self.shared.routes.find(&parts.method, &path) else {
            return message(StatusCode::NOT_FOUND, "Not Found");
        };
        let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
            return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        };
        let incoming = Incoming {
            parts: &parts,
            path: &path,
            body: &body,
            matched: &matched,
            peer,
            now: self.shared.clock.now(),
        };
        let event = incoming.event();
        if event.to_string().len() > LARGEST_EVENT {
            return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        }
        let invocation = self.shared.functions.invoke(matched.function, event);
        match tokio::time::timeout(LONGEST_WAIT, invocation).await {
            Ok(Ok(result)) => answer::from_result(&result, LARGEST_EVENT),
            Ok(Err(InvokeError::TimedOut(_))) | Err(_) => {
                message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
            }
            Ok(Err(_)) => message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
        }
    }
}

async fn serve(
    State(gateway): State<Gateway>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response {
    gateway.answer(peer, request).await
}
