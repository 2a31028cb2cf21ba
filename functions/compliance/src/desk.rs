//! What every register's routes have in common.

use axum::http::{HeaderName, header};
use domain::{compliance::Period, ids::SubjectId, ledger::Hash, request::Ground, time::Timestamp};
pub(crate) use platform::http::field::{instant, sha256, words};
use platform::http::{
    Problem,
    field::{nobody, person_at},
};
use serde::{Deserialize, Serialize};
use store::{
    StoreError,
    compliance::{Case, Filed},
};
use utoipa::{IntoParams, ToSchema};

use crate::App;

/// How many cases a page of a register has.
pub(crate) const PAGE: i32 = 50;

/// Which cases of a register.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListQuery {
    /// Only those that are not closed, the nearest deadline first: at most 100.
    #[serde(default)]
    pub open: bool,
    /// Where to go on in the whole register, as the page before said.
    pub cursor: Option<String>,
}

/// Cases of a register, and where the next page begins.
pub(crate) async fn list<P: Filed>(
    app: &App,
    query: &ListQuery,
) -> Result<(Vec<Case<P>>, Option<String>), Problem> {
    if query.open {
        return Ok((app.db.open_cases().await?, None));
    }
    let page = app.db.register(query.cursor.as_deref(), PAGE).await?;
    Ok((page.items, page.next))
}

pub(crate) async fn find<P: Filed>(app: &App, id: P::Id) -> Result<Case<P>, Problem> {
    let case = app.db.case::<P>(id).await?;
    case.ok_or_else(Problem::not_found)
}

pub(crate) fn law(field: &str, text: &str) -> Result<Ground, Problem> {
    Ground::new(text).map_err(|reason| Problem::field(field, reason))
}

/// A period as it goes in and out.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PeriodBody {
    /// The first instant.
    #[schema(example = "2026-11-01T00:00:00Z")]
    pub from: String,
    /// The last instant.
    #[schema(example = "2026-11-23T00:00:00Z")]
    pub to: String,
}

impl PeriodBody {
    pub fn read(&self) -> Result<Period, Problem> {
        let (from, to) = (instant("from", &self.from)?, instant("to", &self.to)?);
        Period::new(from, to).map_err(|reason| Problem::field("to", reason))
    }
}

impl From<Period> for PeriodBody {
    fn from(period: Period) -> Self {
        Self {
            from: period.from.to_string(),
            to: period.to.to_string(),
        }
    }
}

/// Whom the staff name: by id, or by the address on file.
pub(crate) async fn person(app: &App, text: &str) -> Result<SubjectId, Problem> {
    if let Ok(subject) = text.parse() {
        let there = app.db.can_be_told(subject).await?;
        return there.then_some(subject).ok_or_else(nobody);
    }
    person_at(&app.db, &app.lookup, text).await
}

/// The text of a package, which must be the one that was registered.
pub(crate) fn as_registered(text: String, sha256: Hash) -> Result<String, Problem> {
    if Hash::of(text.as_bytes()) == sha256 {
        return Ok(text);
    }
    let error = StoreError::Rejected("a package is not the one that was registered".to_owned());
    Err(Problem::internal(&error))
}

/// A package as the answer that hands it out.
pub(crate) type Attachment = ([(HeaderName, String); 2], String);

/// A package under the name of a file.
pub(crate) fn attachment(name: &str, text: String) -> Attachment {
    let disposition = format!("attachment; filename=\"{name}.json\"");
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, text)
}

/// The problem of a step that does not follow, from the sentence that says why.
pub(crate) fn illegal(code: &'static str, reason: impl ToString) -> Problem {
    let mut sentence = reason.to_string();
    sentence.push('.');
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Problem::conflict(code, sentence)
}

/// The problem of a commit that a running erasure refused.
pub(crate) fn erasing(error: StoreError) -> Problem {
    if error.refused("person") {
        return Problem::conflict(
            "being_erased",
            "This person's data is being destroyed; nothing can be added to it.",
        );
    }
    error.into()
}

pub(crate) fn text(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}
