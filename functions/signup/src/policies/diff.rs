//! What differs between two versions of a document.

use domain::policy::{self, Change, ChangeKind, Locale, Publication};
use platform::http::{PathId, Problem, ProblemDocument, QueryOf};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Cached, SOON, cached};

/// Between which versions, in which language.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DiffQuery {
    /// The version before.
    #[param(example = "2026-11-22")]
    from: String,
    /// The version after.
    #[param(example = "2026-11-22")]
    to: String,
    /// `en` (the default) or `ru`.
    #[param(value_type = Option<String>, example = "en")]
    locale: Option<Locale>,
}

/// What became of a paragraph.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ParagraphChange {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It says something else.
    Changed,
}

impl From<ChangeKind> for ParagraphChange {
    fn from(kind: ChangeKind) -> Self {
        match kind {
            ChangeKind::Added => Self::Added,
            ChangeKind::Removed => Self::Removed,
            ChangeKind::Changed => Self::Changed,
        }
    }
}

/// A paragraph, or a row of a table, that differs.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangedParagraph {
    /// What became of it.
    kind: ParagraphChange,
    /// The clause that it is, or stands under.
    #[schema(example = "5.2a")]
    clause: Option<&'static str>,
    /// What it said, Markdown.
    before: Option<&'static str>,
    /// What it says, Markdown.
    after: Option<&'static str>,
}

impl From<Change<'static>> for ChangedParagraph {
    fn from(change: Change<'static>) -> Self {
        Self {
            kind: change.kind.into(),
            clause: change.clause,
            before: change.before,
            after: change.after,
        }
    }
}

/// Two versions of a document, compared.
#[derive(Serialize, ToSchema)]
pub(crate) struct PolicyDiff {
    /// The document.
    #[schema(example = "privacy-policy")]
    document: &'static str,
    /// The version before.
    from: &'static str,
    /// The version after.
    to: &'static str,
    /// The language of the texts.
    #[schema(value_type = String, example = "en")]
    locale: Locale,
    /// What differs, in the order of the text; empty when nothing does.
    changes: Vec<ChangedParagraph>,
}

fn text(publication: &'static Publication, locale: Locale) -> Option<&'static str> {
    policy::text(publication.text(locale)?)
}

/// Compare two versions of a document
///
/// Paragraph by paragraph. To see what was taken back, exchange `from` and `to`.
#[utoipa::path(
    get, path = "/policies/{document}/diff", tag = "policies",
    params(("document" = String, Path, description = "Such as `privacy-policy`"), DiffQuery),
    responses(
        (status = 200, body = PolicyDiff),
        (status = 404, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn diff(
    PathId(document): PathId<String>,
    QueryOf(query): QueryOf<DiffQuery>,
) -> Result<Cached<PolicyDiff>, Problem> {
    let version = |name: &str| policy::version(&document, name).ok_or_else(Problem::not_found);
    let (from, to) = (version(&query.from)?, version(&query.to)?);
    let locale = query.locale.unwrap_or(Locale::En);
    let (Some(before), Some(after)) = (text(from, locale), text(to, locale)) else {
        return Err(Problem::not_found());
    };
    let changes = policy::changes(before, after);
    let compared = PolicyDiff {
        document: &to.document,
        from: &from.version,
        to: &to.version,
        locale,
        changes: changes.into_iter().map(ChangedParagraph::from).collect(),
    };
    Ok(cached(SOON, compared))
}
