//! Declining a version of the privacy policy or the terms, and accepting it
//! after all (clause 2.6). Consents are other documents, each given and
//! withdrawn by itself.

use axum::{Json, extract::State};
use domain::{
    policy::{self, Locale, Publication},
    time::Timestamp,
};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, SignedIn};
use serde::{Deserialize, Serialize};
use store::people::{PersonRecord, STATE_STANCE, Stance, person_key, stances, state_stance};
use utoipa::ToSchema;

use crate::App;

/// What a person said of a version.
#[derive(Serialize, ToSchema)]
pub(crate) struct StanceView {
    /// Accepted, or declined.
    accepted: bool,
    /// The version.
    #[schema(example = "2026-11-22")]
    version: String,
    /// SHA-256 of the text that was shown.
    sha256: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl From<&Stance> for StanceView {
    fn from(stance: &Stance) -> Self {
        Self {
            accepted: stance.accepted,
            version: stance.version.clone(),
            sha256: stance.sha256.clone(),
            at: stance.at,
        }
    }
}

/// What can be done while a document is declined.
#[derive(Serialize, ToSchema)]
pub(crate) struct WaysOut {
    /// To get a copy of one's data.
    copy: &'static str,
    /// To close the account: every consent is withdrawn, processing stops at
    /// once, and the data is destroyed in the period of the law.
    close: &'static str,
    /// To go on as before.
    accept: String,
}

/// A document as it stands with the person.
#[derive(Serialize, ToSchema)]
pub(crate) struct DocumentView {
    /// `privacy-policy` or `terms`.
    #[schema(example = "privacy-policy")]
    document: &'static str,
    /// The version that was posted last.
    #[schema(example = "2026-11-22")]
    version: &'static str,
    /// From when it binds.
    #[schema(format = DateTime)]
    effective_at: String,
    /// SHA-256 of its text in the person's language.
    sha256: &'static str,
    /// The language.
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    /// What it changes; none in a first version.
    changes: Option<&'static str>,
    /// The person declines it: they can look and download, and change nothing.
    declined: bool,
    /// The last thing that the person said of it.
    last: Option<StanceView>,
    /// What can be done while it is declined.
    ways_out: Option<WaysOut>,
}

/// The documents that a person acknowledges.
#[derive(Serialize, ToSchema)]
pub(crate) struct DocumentList {
    /// One for each document.
    items: Vec<DocumentView>,
    /// Always `null`: the list is short.
    next_cursor: Option<String>,
}

fn view(
    latest: &'static Publication,
    locale: Locale,
    declined: bool,
    last: Option<&Stance>,
) -> Result<DocumentView, Problem> {
    let text = latest.text(locale).ok_or_else(Problem::not_found)?;
    let ways_out = declined.then(|| WaysOut {
        copy: "POST /data-subject-requests with the kind `access`",
        close: "POST /data-subject-requests with the kind `withdrawal`",
        accept: format!("PUT /me/policies/{} with `accepted`", latest.document),
    });
    Ok(DocumentView {
        document: &latest.document,
        version: &latest.version,
        effective_at: latest.effective_at.to_string(),
        sha256: &text.sha256,
        locale,
        changes: latest.summary.as_ref().map(|summary| summary.text(locale)),
        declined,
        last: last.map(StanceView::from),
        ways_out,
    })
}

fn last_of<'a>(history: &'a [Stance], document: &str) -> Option<&'a Stance> {
    history.iter().rev().find(|s| s.document == document)
}

/// List the documents that one acknowledges
///
/// With what one has said of them. Consents are listed at `/me/consents`.
#[utoipa::path(
    get, path = "/me/policies", tag = "consents",
    responses(
        (status = 200, body = DocumentList), (status = 401, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    signed_in: SignedIn,
) -> Result<Json<DocumentList>, Problem> {
    let subject = signed_in.subject();
    let record: Option<PersonRecord> = app.db.get(&person_key(subject)).await?;
    let record = record.ok_or_else(Problem::not_found)?;
    let history = stances(&app.db, subject).await?;
    let latest = policy::ACKNOWLEDGED.into_iter().filter_map(policy::latest);
    let items = latest.map(|latest| {
        let (document, declined) = (&latest.document, &record.declined);
        let last = last_of(&history, document);
        view(latest, record.locale, declined.contains(document), last)
    });
    Ok(Json(DocumentList {
        items: items.collect::<Result<_, _>>()?,
        next_cursor: None,
    }))
}

/// What the person says of the version that was posted last.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StanceChange {
    /// Accept, or decline.
    accepted: bool,
    /// The version that was shown.
    #[schema(example = "2026-11-22")]
    version: String,
    /// SHA-256 of the text that was shown.
    sha256: String,
    /// The language in which it was shown.
    #[schema(value_type = String, example = "en")]
    locale: Locale,
}

impl StanceChange {
    /// What was shown is the text that was posted last, whose bytes are hashed anew.
    fn check(&self, latest: &Publication) -> Result<(), Problem> {
        let text = latest.text(self.locale).and_then(policy::text);
        let sha256 = policy::fingerprint(text.ok_or_else(Problem::not_found)?);
        if self.version == latest.version && self.sha256 == sha256 {
            return Ok(());
        }
        Err(Problem::conflict(
            "stale_policy",
            format!(
                "The text of `{}` has changed; show version {} and ask again.",
                latest.document, latest.version
            ),
        )
        .with("document", latest.document.as_str())
        .with("version", latest.version.as_str())
        .with("sha256", sha256))
    }
}

/// Decline a document, or accept it after all
///
/// Who declines it can look and download, get a copy of their data and close the
/// account, and changes nothing else from then on. A letter confirms it.
#[utoipa::path(
    put, path = "/me/policies/{document}", tag = "consents", request_body = StanceChange,
    params(("document" = String, Path, description = "`privacy-policy` or `terms`")),
    responses(
        (status = 200, body = DocumentView),
        (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 403, description = "A cookie from another site's page", body = ProblemDocument),
        (status = 404, body = ProblemDocument),
        (status = 409, description = "The text has changed", body = ProblemDocument),
        (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn change(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(document): PathId<String>,
    JsonBody { value: change, .. }: JsonBody<StanceChange>,
) -> Result<Json<DocumentView>, Problem> {
    let known = policy::ACKNOWLEDGED.into_iter().find(|d| *d == document);
    let latest = known
        .and_then(policy::latest)
        .ok_or_else(Problem::not_found)?;
    change.check(latest)?;
    let (subject, now) = (signed_in.subject(), signed_in.now);
    let person = app.gate.open(subject, STATE_STANCE, now).await?;
    let history = stances(&app.db, subject).await?;
    let stance = Stance {
        subject,
        document,
        version: change.version,
        sha256: change.sha256,
        locale: change.locale,
        accepted: change.accepted,
        at: now,
    };
    let said = last_of(&history, &stance.document)
        .filter(|last| (last.accepted, &last.version) == (stance.accepted, &stance.version));
    if said.is_none() {
        state_stance(&app.db, &person, &stance).await?;
    }
    let last = Some(said.unwrap_or(&stance));
    let view = view(latest, person.record().locale, !stance.accepted, last)?;
    Ok(Json(view))
}
