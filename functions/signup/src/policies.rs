//! The published documents (clause 9.2): the texts, what differs between two
//! versions, and the feed of publications. Drafts are no part of it.

pub(crate) mod diff;
pub(crate) mod feed;

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, header},
};
use domain::{
    consent::{self, ConsentPurpose},
    policy::{self, Locale, Publication},
    time::Timestamp,
};
use platform::http::{PathId, Problem, ProblemDocument, QueryOf};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;

const SOON: HeaderValue = HeaderValue::from_static("public, max-age=60");
const NEVER_CHANGES: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

type Cached<T> = ([(HeaderName, HeaderValue); 1], Json<T>);

fn cached<T>(how: HeaderValue, body: T) -> Cached<T> {
    ([(header::CACHE_CONTROL, how)], Json(body))
}

/// A text of a version, by its hash.
#[derive(Serialize, ToSchema)]
pub(crate) struct TextRecord {
    /// `en` or `ru`.
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    /// Where it lies in the published folder.
    path: &'static str,
    /// SHA-256 of the text's bytes, hexadecimal.
    sha256: &'static str,
}

/// What a version changes, in a sentence.
#[derive(Serialize, ToSchema)]
pub(crate) struct WhatChanges {
    /// In English.
    en: &'static str,
    /// In Russian.
    ru: &'static str,
}

/// An immutable version of a document: a link of the hash chain over all documents.
#[derive(Serialize, ToSchema)]
pub(crate) struct PolicyVersion {
    /// The document.
    #[schema(example = "privacy-policy")]
    document: &'static str,
    /// The version.
    #[schema(example = "2026-11-22")]
    version: &'static str,
    /// When it was posted.
    #[schema(format = DateTime)]
    posted_at: String,
    /// From when it binds.
    #[schema(format = DateTime)]
    effective_at: String,
    /// The texts.
    texts: Vec<TextRecord>,
    /// What it changes, in a sentence of each language; absent in a document's
    /// first version.
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<WhatChanges>,
    /// The hash of the publication before this one; 64 zeros for the first.
    previous: &'static str,
    /// SHA-256 over the canonical JSON of the fields above.
    hash: &'static str,
}

impl From<&'static Publication> for PolicyVersion {
    fn from(publication: &'static Publication) -> Self {
        let texts = publication.texts.iter().map(|text| TextRecord {
            locale: text.locale,
            path: &text.path,
            sha256: &text.sha256,
        });
        Self {
            document: &publication.document,
            version: &publication.version,
            posted_at: publication.posted_at.to_string(),
            effective_at: publication.effective_at.to_string(),
            texts: texts.collect(),
            summary: publication.summary.as_ref().map(|summary| WhatChanges {
                en: &summary.en,
                ru: &summary.ru,
            }),
            previous: &publication.previous,
            hash: &publication.hash,
        }
    }
}

/// A version in the list, with whether it binds now.
#[derive(Serialize, ToSchema)]
pub(crate) struct ListedVersion {
    /// The version.
    #[serde(flatten)]
    version: PolicyVersion,
    /// Whether it is the one that binds now.
    in_force: bool,
}

fn listed(publication: &'static Publication, now: Timestamp) -> ListedVersion {
    let current = policy::current(&publication.document, now);
    ListedVersion {
        in_force: current.is_some_and(|current| current.hash == publication.hash),
        version: publication.into(),
    }
}

/// Versions, in the order of the chain.
#[derive(Serialize, ToSchema)]
pub(crate) struct PolicyList {
    /// The versions.
    items: Vec<ListedVersion>,
    /// Always `null`: the list is short.
    next_cursor: Option<String>,
}

/// A version with its text in one language.
#[derive(Serialize, ToSchema)]
pub(crate) struct PolicyText {
    /// The version.
    #[serde(flatten)]
    version: PolicyVersion,
    /// The language of the text.
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    /// SHA-256 of the text: what a consent names.
    sha256: &'static str,
    /// The text, Markdown; its bytes are what was hashed.
    text: &'static str,
    /// What stands beside the box, word for word, if the document asks for consent.
    label: Option<String>,
}

fn with_text(publication: &'static Publication, locale: Locale) -> Result<PolicyText, Problem> {
    let published = publication.text(locale).ok_or_else(Problem::not_found)?;
    let text = policy::text(published).ok_or_else(Problem::not_found)?;
    let label = ConsentPurpose::of_document(&publication.document)
        .and_then(|consent| consent::label(consent, locale));
    Ok(PolicyText {
        version: publication.into(),
        locale,
        sha256: &published.sha256,
        text,
        label,
    })
}

/// In which language.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LocaleQuery {
    /// `en` (the default) or `ru`.
    #[param(value_type = Option<String>, example = "en")]
    locale: Option<Locale>,
}

impl LocaleQuery {
    fn locale(&self) -> Locale {
        self.locale.unwrap_or(Locale::En)
    }
}

/// List the published documents
///
/// Every version of every document, in the order of the hash chain.
#[utoipa::path(
    get, path = "/policies", tag = "policies",
    responses((status = 200, body = PolicyList), (status = "default", body = ProblemDocument)),
)]
pub(crate) async fn list(State(app): State<App>) -> Cached<PolicyList> {
    let now = app.clock.now();
    let items = policy::publications().iter().map(|p| listed(p, now));
    let page = PolicyList {
        items: items.collect(),
        next_cursor: None,
    };
    cached(SOON, page)
}

/// Read a document
///
/// The version that binds now.
#[utoipa::path(
    get, path = "/policies/{document}", tag = "policies",
    params(("document" = String, Path, description = "Such as `privacy-policy`"), LocaleQuery),
    responses(
        (status = 200, body = PolicyText),
        (status = 404, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn current(
    State(app): State<App>,
    PathId(document): PathId<String>,
    QueryOf(query): QueryOf<LocaleQuery>,
) -> Result<Cached<PolicyText>, Problem> {
    let publication = policy::current(&document, app.clock.now()).ok_or_else(Problem::not_found)?;
    Ok(cached(SOON, with_text(publication, query.locale())?))
}

/// List a document's versions
#[utoipa::path(
    get, path = "/policies/{document}/versions", tag = "policies",
    params(("document" = String, Path, description = "Such as `privacy-policy`")),
    responses(
        (status = 200, body = PolicyList), (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn versions(
    State(app): State<App>,
    PathId(document): PathId<String>,
) -> Result<Cached<PolicyList>, Problem> {
    let now = app.clock.now();
    let items: Vec<ListedVersion> = policy::publications()
        .iter()
        .filter(|publication| publication.document == document)
        .map(|publication| listed(publication, now))
        .collect();
    if items.is_empty() {
        return Err(Problem::not_found());
    }
    let page = PolicyList {
        items,
        next_cursor: None,
    };
    Ok(cached(SOON, page))
}

/// Read a version of a document
///
/// A published version never changes.
#[utoipa::path(
    get, path = "/policies/{document}/versions/{version}", tag = "policies",
    params(
        ("document" = String, Path, description = "Such as `privacy-policy`"),
        ("version" = String, Path, description = "Such as `2026-11-22`"),
        LocaleQuery,
    ),
    responses(
        (status = 200, body = PolicyText),
        (status = 404, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn version(
    PathId((document, version)): PathId<(String, String)>,
    QueryOf(query): QueryOf<LocaleQuery>,
) -> Result<Cached<PolicyText>, Problem> {
    let publication = policy::version(&document, &version).ok_or_else(Problem::not_found)?;
    Ok(cached(
        NEVER_CHANGES,
        with_text(publication, query.locale())?,
    ))
}
