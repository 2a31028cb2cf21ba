//! The frame that all local pages share.

use axum::response::{Html, IntoResponse, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");

/// Nothing from elsewhere, no scripts; the frame shows a mail.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page with a title and a body. `refresh_s` reloads it after so many seconds.
pub(super) fn page(title: &str, refresh_s: Option<u32>, body: &Markup) -> Response {
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                @if let Some(seconds) = refresh_s {
                    meta http-equiv="refresh" content=(seconds);
                }
                title { (title) " · Assetbox on one machine" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    a.brand href="/_local/" { "Assetbox" span { "on one machine" } }
                    nav {
                        a href="/_local/" { "Overview" }
                        a href="/_local/mail" { "Mailbox" }
                        a href="/_local/letters" { "Write" }
                        a href="/_local/provider/checkouts" { "Payments" }
                        a href="/_local/api/" { "API" }
                    }
                }
                main { (body) }
            }
        }
    };
    let mut response = Html(document.into_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
