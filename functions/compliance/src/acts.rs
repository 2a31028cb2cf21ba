//! The register of acts of destruction (order of Roskomnadzor No. 179), with which the staff
//! prove an erasure to the authority. The erasure writes it.

use axum::{Json, extract::State};
use domain::{
    certificate::act::{self, Progress},
    compliance::StaffRole,
    ids::CaseId,
    processing::{Actor, Operation},
};
use platform::http::{PathId, Problem, ProblemDocument, QueryOf, Staff};
use serde::{Deserialize, Serialize};
use store::{compliance::Filed, erasure::Act};
use utoipa::{IntoParams, ToSchema};

use crate::{
    App,
    desk::{PAGE, find, text},
};

/// Which acts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActsQuery {
    /// Where to go on, as the page before said.
    cursor: Option<String>,
}

/// An act without its words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActView {
    /// The case of the erasure, which its certificate names.
    #[schema(example = "cas_0193a1b2c3d47e8f90a1b2c3d4e5f607")]
    pub id: String,
    /// When the erasure began.
    pub began_at: String,
    /// When it was done.
    pub destroyed_at: Option<String>,
    /// Until when the act is kept.
    pub kept_until: Option<String>,
}

impl From<&Act> for ActView {
    fn from(act: &Act) -> Self {
        Self {
            id: act.id.to_string(),
            began_at: act.progress.began_at().to_string(),
            destroyed_at: text(act.progress.finished_at()),
            kept_until: text(act.progress.kept_until()),
        }
    }
}

/// Acts of destruction.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActList {
    /// The newest first.
    pub items: Vec<ActView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// An act with its words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ActFile {
    /// The act.
    #[serde(flatten)]
    pub view: ActView,
    /// What the order demands; absent while the erasure is under way.
    #[schema(value_type = Option<Object>)]
    pub act: Option<act::Act>,
    /// The export of the event log, as CSV.
    pub log_csv: Option<String>,
}

/// The register of acts of destruction
#[utoipa::path(
    get, path = "/compliance/acts", tag = "compliance",
    params(ActsQuery),
    responses(
        (status = 200, body = ActList), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    staff: Staff,
    QueryOf(query): QueryOf<ActsQuery>,
) -> Result<Json<ActList>, Problem> {
    staff.must_be(StaffRole::Privacy)?;
    let page = app
        .db
        .register::<Progress>(query.cursor.as_deref(), PAGE)
        .await?;
    Ok(Json(ActList {
        items: page.items.iter().map(ActView::from).collect(),
        next_cursor: page.next,
    }))
}

/// Read an act of destruction
///
/// With the export of the event log. It names the person: each reading is in the ledger.
#[utoipa::path(
    get, path = "/compliance/acts/{id}", tag = "compliance",
    params(("id" = String, Path, description = "The case of the erasure")),
    responses(
        (status = 200, body = ActFile), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<CaseId>,
) -> Result<Json<ActFile>, Problem> {
    staff.must_be(StaffRole::Privacy)?;
    let case: Act = find(&app, id).await?;
    let (_, file) = case
        .open(&app.gate, Operation::Extract, Actor::Staff, staff.0.now)
        .await?;
    let act = case.progress.act(id, &file);
    Ok(Json(ActFile {
        view: ActView::from(&case),
        log_csv: act.as_ref().map(act::Act::log_csv),
        act,
    }))
}
