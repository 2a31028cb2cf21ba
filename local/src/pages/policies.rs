//! The published documents, for reading.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::policy::{self, Locale, Publication};
use domain::time::Timestamp;
use http::StatusCode;
use maud::html;

use super::{Pages, layout};

/// A document that binds now.
pub(super) struct Document {
    pub name: &'static str,
    /// In English.
    pub title: &'static str,
    pub version: &'static str,
}

/// Every document that binds at this time.
pub(super) fn in_force(now: Timestamp) -> Vec<Document> {
    let publications = policy::publications().iter();
    publications
        .filter(|publication| policy::current(&publication.document, now) == Some(publication))
        .map(|publication| Document {
            name: &publication.document,
            title: text(publication, Locale::En).map_or("", title),
            version: &publication.version,
        })
        .collect()
}

fn text(publication: &'static Publication, locale: Locale) -> Option<&'static str> {
    publication.text(locale).and_then(policy::text)
}

/// The first heading.
fn title(text: &'static str) -> &'static str {
    text.lines()
        .next()
        .unwrap_or_default()
        .trim_start_matches("# ")
}

/// One document in one language, as it binds now.
pub(super) async fn page(
    State(pages): State<Pages>,
    Path((document, locale)): Path<(String, String)>,
) -> Response {
    let locale = match locale.as_str() {
        "en" => Locale::En,
        "ru" => Locale::Ru,
        _ => return not_found(),
    };
    let now = pages.clock.for_functions().now();
    let publication = policy::current(&document, now);
    let Some(text) = publication.and_then(|publication| text(publication, locale)) else {
        return not_found();
    };
    let body = html! {
        section { article { pre { (text) } } }
    };
    layout::page(title(text), None, &body)
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "There is no such document.").into_response()
}
