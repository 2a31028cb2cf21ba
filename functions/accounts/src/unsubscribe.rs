//! Unsubscribing from marketing with one click (RFC 8058, clause 4.10).

use std::sync::LazyLock;

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::token::LinkToken;
use platform::http::{ClientInfo, PathId, Problem, ProblemDocument};
use sha2::{Digest, Sha256};
use store::{
    people::{LinkPurpose, Origin, find_link, withdraw_marketing},
    personal::GateError,
};

use crate::{App, link_over};

const STYLE: &str = include_str!("unsubscribe/style.css");

static CONTENT_SECURITY_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let style = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

type Html = ([(HeaderName, HeaderValue); 2], String);

fn html(page: &str) -> Html {
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
    (headers, page.replace("{style}", STYLE))
}

fn reads_russian(headers: &HeaderMap) -> bool {
    headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|languages| languages.trim_start().to_lowercase().starts_with("ru"))
}

/// The unsubscribe page
///
/// A page with a button, for people who open the link; opening it changes nothing.
#[utoipa::path(
    get, path = "/unsubscribe/{token}", tag = "consents",
    params(("token" = String, Path, description = "The link's secret")),
    responses((status = 200, body = String, content_type = "text/html")),
)]
pub(crate) async fn page(headers: HeaderMap) -> Html {
    if reads_russian(&headers) {
        html(include_str!("unsubscribe/ask.ru.html"))
    } else {
        html(include_str!("unsubscribe/ask.en.html"))
    }
}

/// `List-Unsubscribe=One-Click`, urlencoded or as a part of a multipart form.
fn is_one_click(headers: &HeaderMap, body: &[u8]) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_ascii_lowercase();
    if content_type.starts_with("multipart/form-data") {
        let text = String::from_utf8_lossy(body);
        let heads = text.split("\r\n\r\n");
        return heads.clone().zip(heads.skip(1)).any(|(head, value)| {
            head.contains("name=\"List-Unsubscribe\"") && value.starts_with("One-Click")
        });
    }
    let urlencoded = content_type.starts_with("application/x-www-form-urlencoded");
    urlencoded
        && form_urlencoded::parse(body).any(|(n, v)| n == "List-Unsubscribe" && v == "One-Click")
}

/// Unsubscribe with one click
///
/// Withdraws the consent to marketing at once, without cookies and without a
/// redirect. May be sent again; the link works for a year.
#[utoipa::path(
    post, path = "/unsubscribe/{token}", tag = "consents",
    params(("token" = String, Path, description = "The link's secret")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded", description = "`List-Unsubscribe=One-Click`, also as multipart/form-data"),
    responses(
        (status = 200, description = "No marketing is sent any more", body = String, content_type = "text/html"),
        (status = 410, description = "There is no such link any more", body = ProblemDocument),
        (status = 413, body = ProblemDocument),
        (status = 422, description = "Not the body of RFC 8058", body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn unsubscribe(
    State(app): State<App>,
    PathId(token): PathId<String>,
    client: ClientInfo,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Html, Problem> {
    if !is_one_click(&headers, &body) {
        return Err(Problem::invalid(
            "not_one_click",
            "Send `List-Unsubscribe=One-Click` as a form (RFC 8058).",
        ));
    }
    let now = app.clock.now();
    let token = LinkToken::parse(&token).ok_or_else(link_over)?;
    let link = find_link(&app.db, &token, LinkPurpose::Unsubscribe, now)
        .await?
        .ok_or_else(link_over)?;
    let (form, origin) = ("unsubscribe", Origin::from(&client));
    match withdraw_marketing(&app.db, &app.gate, link.subject, form, &origin, now).await {
        Err(GateError::Unknown) => return Err(link_over()),
        other => other?,
    }
    let done = if reads_russian(&headers) {
        include_str!("unsubscribe/done.ru.html")
    } else {
        include_str!("unsubscribe/done.en.html")
    };
    Ok(html(done))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(content_type: &'static str) -> HeaderMap {
        let value = HeaderValue::from_static(content_type);
        HeaderMap::from_iter([(header::CONTENT_TYPE, value)])
    }

    #[test]
    fn both_forms_of_the_standard_are_taken_and_nothing_else() {
        let form = typed("application/x-www-form-urlencoded");
        assert!(is_one_click(&form, b"List-Unsubscribe=One-Click"));
        assert!(!is_one_click(&form, b"List-Unsubscribe=No"));
        assert!(!is_one_click(&form, b""));
        let multipart = typed("multipart/form-data; boundary=x");
        let part = b"--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
        assert!(is_one_click(&multipart, part));
        assert!(!is_one_click(&multipart, b"--x--\r\n"));
        assert!(!is_one_click(
            &typed("application/json"),
            b"List-Unsubscribe=One-Click"
        ));
    }

    #[test]
    fn the_pages_load_nothing_and_hold_what_the_policy_hashes() {
        for page in [
            include_str!("unsubscribe/ask.en.html"),
            include_str!("unsubscribe/ask.ru.html"),
            include_str!("unsubscribe/done.en.html"),
            include_str!("unsubscribe/done.ru.html"),
        ] {
            let (_, page) = html(page);
            assert!(page.contains(&format!("<style>{STYLE}</style>")));
            for outside in ["http", "src=", "<script", "<link"] {
                assert!(!page.contains(outside), "{outside}");
            }
        }
    }
}
