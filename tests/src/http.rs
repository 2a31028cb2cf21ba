//! A light HTTP client, and callers as types: nobody, a bearer token, a browser's cookie.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// No answer of one machine takes longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sends requests over plain HTTP.
#[derive(Clone)]
pub struct Http(Pool<HttpConnector, Full<Bytes>>);

impl Default for Http {
    fn default() -> Self {
        Self(Pool::builder(TokioExecutor::new()).build_http())
    }
}

impl Http {
    /// Sends a call to an address and waits for its answer.
    pub async fn send(&self, call: Call, url: &str) -> Answer {
        self.attempt(call, url).await.expect("an answer")
    }

    /// `None` when the server hangs up while it is still being sent to, as S3 does with a body
    /// that it will not take.
    pub async fn attempt(&self, call: Call, url: &str) -> Option<Answer> {
        let told = format!("{} {}", call.method, call.path);
        let mut request = Request::new(Full::new(call.body));
        *request.method_mut() = call.method;
        *request.uri_mut() = url.parse().unwrap();
        *request.headers_mut() = call.headers;
        let sent = tokio::time::timeout(PATIENCE, self.0.request(request));
        let (parts, body) = sent.await.expect("an answer in time").ok()?.into_parts();
        Some(Answer {
            told,
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.ok()?.to_bytes(),
        })
    }
}

/// A request without its sender.
#[derive(Debug, Clone)]
pub struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Call {
    /// A request without headers and body.
    pub fn new(method: &str, path: impl Into<String>) -> Self {
        Self {
            method: method.parse().unwrap(),
            path: path.into(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    /// With a JSON body.
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(body.to_string())
    }

    /// With a form's body, encoded already.
    pub fn form(self, body: &str) -> Self {
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_owned())
    }

    /// With these bytes.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Whether it has this header.
    pub fn has(&self, name: &str) -> bool {
        self.headers.contains_key(name)
    }

    /// With this header, in place of one of the same name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name: HeaderName = name.parse().unwrap();
        self.headers
            .insert(name, HeaderValue::from_str(value).unwrap());
        self
    }
}

/// Who sends.
pub trait Caller: Clone {
    /// Puts on the request what proves who sends it.
    fn sign(&self, call: Call) -> Call;
}

/// Nobody in particular.
#[derive(Clone, Copy)]
pub struct Anonymous;

/// A program with a session's token.
#[derive(Clone)]
pub struct Bearer(pub String);

/// A browser that shows one of our own pages.
#[derive(Clone)]
pub struct Cookie(pub String);

impl Caller for Anonymous {
    fn sign(&self, call: Call) -> Call {
        call
    }
}

impl Caller for Bearer {
    fn sign(&self, call: Call) -> Call {
        call.header("authorization", &format!("Bearer {}", self.0))
    }
}

impl Caller for Cookie {
    fn sign(&self, call: Call) -> Call {
        let call = call.header(
            "cookie",
            &format!("{}={}", platform::http::SESSION_COOKIE, self.0),
        );
        let own = call.has("sec-fetch-site");
        if own {
            call
        } else {
            call.header("sec-fetch-site", "same-origin")
        }
    }
}

/// Somebody at the API.
#[derive(Clone)]
pub struct Client<C> {
    /// Sends.
    pub http: Http,
    /// What every path is put behind.
    pub base: String,
    /// Who sends.
    pub caller: C,
    /// The header `user-agent`.
    pub user_agent: String,
}

impl<C: Caller> Client<C> {
    /// Sends a call as this caller.
    pub async fn send(&self, call: Call) -> Answer {
        let url = format!("{}{}", self.base, call.path);
        let call = self
            .caller
            .sign(call)
            .header("user-agent", &self.user_agent);
        self.http.send(call, &url).await
    }

    /// `GET`.
    pub async fn get(&self, path: impl Into<String>) -> Answer {
        self.send(Call::new("GET", path)).await
    }

    /// `POST` with a JSON body.
    pub async fn post(&self, path: impl Into<String>, body: &Value) -> Answer {
        self.send(Call::new("POST", path).json(body)).await
    }

    /// A POST without a body.
    pub async fn act(&self, path: impl Into<String>) -> Answer {
        self.send(Call::new("POST", path)).await
    }

    /// `PUT` with a JSON body.
    pub async fn put(&self, path: impl Into<String>, body: &Value) -> Answer {
        self.send(Call::new("PUT", path).json(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: impl Into<String>) -> Answer {
        self.send(Call::new("DELETE", path)).await
    }

    /// A change of what was read under this entity tag.
    pub async fn change(
        &self,
        method: &str,
        path: impl Into<String>,
        etag: &str,
        body: Option<&Value>,
    ) -> Answer {
        let call = Call::new(method, path).header("if-match", etag);
        self.send(match body {
            Some(body) => call.json(body),
            None => call,
        })
        .await
    }

    /// The same program or browser as somebody else.
    pub fn with<D: Caller>(&self, caller: D) -> Client<D> {
        Client {
            http: self.http.clone(),
            base: self.base.clone(),
            caller,
            user_agent: self.user_agent.clone(),
        }
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    told: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
}

impl Answer {
    /// A header that is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The entity tag.
    #[track_caller]
    pub fn etag(&self) -> String {
        self.header("etag").expect("an ETag").to_owned()
    }

    /// The body, after checking the status.
    #[track_caller]
    pub fn json(&self, status: u16) -> Value {
        self.is(status);
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.told, self.text()))
    }

    /// Fails the test unless the status is this one.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{}: {}",
            self.told,
            self.text()
        );
        self
    }

    /// The problem document, after checking its form, status and code (RFC 9457).
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.json(status);
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{}",
            self.told
        );
        assert_eq!(problem["code"], code, "{}: {problem}", self.told);
        assert_eq!(problem["status"], status, "{problem}");
        assert_eq!(
            problem["type"],
            format!("urn:assetbox:problem:{code}"),
            "{problem}"
        );
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| detail.len() > 10),
            "{problem}"
        );
        assert!(
            problem["request_id"]
                .as_str()
                .is_some_and(|id| !id.is_empty()),
            "{problem}"
        );
        problem
    }
}

/// What two answers must have in common that tell nothing: everything but the request's id.
pub fn told(answer: &Answer) -> (StatusCode, Option<String>, Value) {
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
    }
    (
        answer.status,
        answer.header("content-type").map(str::to_owned),
        body,
    )
}
