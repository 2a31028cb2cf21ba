//! Cross-origin requests of web pages:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html>.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use s3s::Body;

use crate::store::ObjectStore;

const METHODS: [&str; 5] = ["GET", "HEAD", "PUT", "POST", "DELETE"];
const EXPOSED: &str = "ETag, Location, x-amz-version-id, x-amz-request-id";
/// Seconds for which a browser may keep a preflight's answer.
const MAX_AGE: &str = "3000";

/// An origin that a bucket lets in.
#[derive(Debug, Clone)]
pub(crate) struct Allowed {
    origin: HeaderValue,
    /// Whether the bucket lets in every origin.
    any: bool,
}

impl Allowed {
    /// The origin of a request to `path`, if the bucket lets it in.
    pub fn of_request(store: &ObjectStore, path: &str, headers: &HeaderMap) -> Option<Self> {
        let origin = headers.get(ORIGIN)?;
        let text = origin.to_str().ok()?;
        let bucket = store.find_bucket(path.split('/').nth(1)?)?;
        let rule = bucket
            .options
            .cors_origins
            .iter()
            .find(|rule| matches(rule, text))?;
        Some(Self {
            origin: origin.clone(),
            any: rule == "*",
        })
    }

    /// Adds what lets the page read the answer.
    pub fn mark(&self, headers: &mut HeaderMap) {
        if self.any {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        } else {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.origin.clone());
            headers.insert(
                ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
        headers.insert(
            ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(EXPOSED),
        );
        headers.append(
            VARY,
            HeaderValue::from_static(
                "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
            ),
        );
    }
}

/// Answers the question that a browser asks before a request.
pub(crate) fn preflight(allowed: Option<Allowed>, asked: &HeaderMap) -> Response<Body> {
    let method = asked.get(ACCESS_CONTROL_REQUEST_METHOD);
    let is_method = method.is_some_and(|method| METHODS.iter().any(|known| method == known));
    let Some(allowed) = allowed.filter(|_| is_method) else {
        return refusal();
    };
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    allowed.mark(headers);
    headers.insert(
        ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, HEAD, PUT, POST, DELETE"),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE));
    if let Some(names) = asked.get(ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
    }
    response
}

fn refusal() -> Response<Body> {
    let body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessForbidden</Code>\
        <Message>CORSResponse: This CORS request is not allowed.</Message></Error>";
    let mut response = Response::new(Body::from(body.to_owned()));
    *response.status_mut() = StatusCode::FORBIDDEN;
    let headers = response.headers_mut();
    headers.insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/xml"),
    );
    response
}

/// Whether an origin fits a rule with at most one `*`.
fn matches(rule: &str, origin: &str) -> bool {
    match rule.split_once('*') {
        None => rule == origin,
        Some((start, end)) => {
            origin.len() >= start.len() + end.len()
                && origin.starts_with(start)
                && origin.ends_with(end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_fit_rules() {
        assert!(matches("https://app.example", "https://app.example"));
        assert!(!matches("https://app.example", "https://app.example.evil"));
        assert!(matches("http://localhost:*", "http://localhost:5173"));
        assert!(!matches("http://localhost:*", "http://localhost.evil:5173"));
        assert!(matches("*", "https://anything.example"));
        assert!(!matches("https://aa*a", "https://aa"));
    }
}
