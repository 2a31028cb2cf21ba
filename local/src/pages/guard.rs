//! The local pages are for this computer's user alone. They have no sign-in, so they answer
//! only to addresses of this computer (a page elsewhere could give its own name this address)
//! and take changes only from themselves.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::HOST;
use http::{HeaderMap, Method, StatusCode};

/// Lets through what comes from this computer's own pages and programs.
pub(super) async fn only_this_computer(request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !names_this_computer(headers) || (request.method() != Method::GET && !is_own(headers)) {
        let reason = "The local pages answer to this computer only.";
        return (StatusCode::FORBIDDEN, reason).into_response();
    }
    next.run(request).await
}

fn names_this_computer(headers: &HeaderMap) -> bool {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) {
            name
        } else {
            host
        }
    });
    ["127.0.0.1", "localhost", "[::1]"].contains(&name)
}

/// Browsers say where a request comes from; programs say nothing.
fn is_own(headers: &HeaderMap) -> bool {
    let site = headers
        .get("sec-fetch-site")
        .map(http::HeaderValue::as_bytes);
    site.is_none_or(|site| site == b"same-origin" || site == b"none")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use http::HeaderValue;

    use super::*;

    fn headers(name: &'static str, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn only_names_of_this_computer_are_answered() {
        for host in ["127.0.0.1:8080", "localhost:1", "localhost", "[::1]:8080"] {
            assert!(names_this_computer(&headers("host", host)), "{host}");
        }
        for host in [
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "",
            "10.0.0.1",
        ] {
            assert!(!names_this_computer(&headers("host", host)), "{host}");
        }
    }

    #[test]
    fn other_sites_change_nothing() {
        assert!(is_own(&HeaderMap::new()));
        assert!(is_own(&headers("sec-fetch-site", "same-origin")));
        assert!(!is_own(&headers("sec-fetch-site", "cross-site")));
        assert!(!is_own(&headers("sec-fetch-site", "same-site")));
    }
}
