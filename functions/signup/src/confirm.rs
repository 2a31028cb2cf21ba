//! The page that mailed links lead to. The link's secret stands in the
//! fragment, which no browser sends: the page reads it there and acts by POST
//! when the person clicks, because mail scanners open every link.

use std::sync::LazyLock;

use axum::http::{HeaderName, HeaderValue, header};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("confirm/style.css");
const SCRIPT: &str = include_str!("confirm/script.js");

static PAGE: LazyLock<String> = LazyLock::new(|| {
    include_str!("confirm/page.html")
        .replace("{style}", STYLE)
        .replace("{script}", SCRIPT)
});

static CONTENT_SECURITY_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        STANDARD.encode(Sha256::digest(SCRIPT)),
        STANDARD.encode(Sha256::digest(STYLE)),
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

/// The page of mailed links
///
/// Self-contained HTML; opening it changes nothing.
#[utoipa::path(
    get, path = "/confirm", tag = "signup",
    responses((status = 200, body = String, content_type = "text/html")),
)]
pub(crate) async fn page() -> ([(HeaderName, HeaderValue); 2], &'static str) {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            CONTENT_SECURITY_POLICY.clone(),
        ),
    ];
    (headers, PAGE.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_loads_nothing_and_holds_what_the_policy_hashes() {
        assert!(PAGE.contains(&format!("<style>{STYLE}</style>")));
        assert!(PAGE.contains(&format!("<script>{SCRIPT}</script>")));
        for outside in ["http://", "https://", "src=", "@import", "url(", "<link"] {
            assert!(!PAGE.contains(outside), "{outside}");
        }
    }
}
