//! A small HTTP client: the tour uses the API as any front end would.

use bytes::Bytes;
use http::request::Builder;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client as Hyper, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::TourError;

/// A client of one API, signed in or not.
#[derive(Clone)]
pub(super) struct Client {
    hyper: Hyper<HttpConnector, Full<Bytes>>,
    base: String,
    token: Option<String>,
}

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) etag: Option<HeaderValue>,
    pub(super) bytes: Bytes,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    /// The answer's JSON, if it has this status.
    pub(super) fn expect(self, status: StatusCode, what: &str) -> Result<Value, TourError> {
        if self.status == status {
            return Ok(self.json());
        }
        let text = String::from_utf8_lossy(&self.bytes);
        Err(TourError(format!(
            "{what}: expected {status}, got {}: {text}",
            self.status
        )))
    }
}

impl Client {
    pub(super) fn new(base: &str) -> Self {
        Self {
            hyper: Hyper::builder(TokioExecutor::new()).build_http(),
            base: base.to_owned(),
            token: None,
        }
    }

    pub(super) fn signed_in(&self, token: &str) -> Self {
        let mut client = self.clone();
        client.token = Some(token.to_owned());
        client
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, TourError> {
        let answer = self.hyper.request(request).await;
        let answer = answer.map_err(|error| TourError(format!("no answer: {error}")))?;
        let status = answer.status();
        let etag = answer.headers().get(header::ETAG).cloned();
        let body = answer.into_body().collect().await;
        let body = body.map_err(|error| TourError(format!("the answer broke off: {error}")))?;
        Ok(Answer {
            status,
            etag,
            bytes: body.to_bytes(),
        })
    }

    fn request(&self, method: Method, path: &str) -> Builder {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    /// A request to the API.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, TourError> {
        let mut request = self.request(method, path);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let bytes = body.map(ToString::to_string).unwrap_or_default();
        self.send(built(request.body(Full::from(bytes)))?).await
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer, TourError> {
        self.call(Method::GET, path, None).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Answer, TourError> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// A change of what was read under this entity tag.
    pub(super) async fn patch(
        &self,
        path: &str,
        etag: &HeaderValue,
        body: &Value,
    ) -> Result<Answer, TourError> {
        let request = self.request(Method::PATCH, path);
        let request = request
            .header(header::IF_MATCH, etag)
            .header(header::CONTENT_TYPE, "application/json");
        self.send(built(request.body(Full::from(body.to_string())))?)
            .await
    }

    /// A presigned request, sent as it was given.
    pub(super) async fn presigned(
        &self,
        method: &str,
        url: &str,
        headers: &Value,
        body: Bytes,
    ) -> Result<Answer, TourError> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers.as_object().into_iter().flatten() {
            request = request.header(name.as_str(), value.as_str().unwrap_or_default());
        }
        self.send(built(request.body(Full::from(body)))?).await
    }
}

fn built(
    request: Result<Request<Full<Bytes>>, http::Error>,
) -> Result<Request<Full<Bytes>>, TourError> {
    request.map_err(|error| TourError(format!("the request can't be made: {error}")))
}
