//! The workspace: what it stores and may do, and the switch for AI.

use axum::extract::State;
use domain::{
    billing::{Access, Status},
    time::Timestamp,
    trial::Trial,
    workspace::{Features, Role},
};
use platform::http::{IfMatch, JsonBody, Problem, ProblemDocument, SignedIn, Versioned};
use serde::{Deserialize, Serialize};
use store::catalog::{Workspace, features::change_features};
use utoipa::ToSchema;

use crate::App;

/// Stored bytes, with those reserved by uploads under way.
#[derive(Serialize, ToSchema)]
pub(crate) struct Storage {
    /// What is used.
    used_bytes: u64,
    /// What may be used.
    limit_bytes: u64,
}

/// The free trial.
#[derive(Serialize, ToSchema)]
pub(crate) struct TrialView {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// When it ends, to the millisecond.
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
    /// When the data is due for destruction if nobody pays.
    #[schema(value_type = String, format = DateTime)]
    destruction_at: Timestamp,
}

impl From<Trial> for TrialView {
    fn from(trial: Trial) -> Self {
        Self {
            started_at: trial.started_at,
            ends_at: trial.ends_at,
            destruction_at: trial.destruction_at(),
        }
    }
}

/// The AI that is switched on. There is no recognition of faces or persons.
#[derive(Serialize, ToSchema)]
pub(crate) struct FeaturesView {
    /// Name what is seen in pictures.
    labels: bool,
    /// Read the text in pictures.
    text: bool,
    /// Warn of unsafe content.
    moderation: bool,
}

/// A workspace.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorkspaceView {
    /// The workspace.
    #[schema(example = "wsp_01890a5d8c3e7b6f9d2c4a1b0e8f7d6c")]
    id: String,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// What one is in it: `owner` or `member`.
    #[schema(value_type = String, example = "owner")]
    role: Role,
    /// `full`, or `read_only` when trial or paid period have ended.
    #[schema(value_type = String, example = "full")]
    access: Access,
    /// `trialing`, `active`, `past_due`, `suspended` or `canceled`.
    #[schema(value_type = String, example = "trialing")]
    status: Status,
    /// The plan that is paid for.
    plan: Option<String>,
    /// End of the period that is paid for.
    #[schema(value_type = Option<String>, format = DateTime)]
    paid_until: Option<Timestamp>,
    /// The trial; `null` when address or company had one before.
    trial: Option<TrialView>,
    /// What is stored.
    storage: Storage,
    /// The AI that is switched on.
    features: FeaturesView,
}

fn versioned(workspace: &Workspace, role: Role, now: Timestamp) -> Versioned<WorkspaceView> {
    let body = WorkspaceView {
        id: workspace.id.to_string(),
        created_at: workspace.created_at,
        role,
        access: workspace.access(now),
        status: workspace.billing.standing(now),
        plan: workspace.billing.plan.clone(),
        paid_until: workspace.billing.paid_until,
        trial: workspace.billing.trial.map(TrialView::from),
        storage: Storage {
            used_bytes: workspace.stored_bytes,
            limit_bytes: workspace.storage_limit_bytes,
        },
        features: FeaturesView {
            labels: workspace.features.labels,
            text: workspace.features.text,
            moderation: workspace.features.moderation,
        },
    };
    Versioned {
        revision: workspace.revision,
        body,
    }
}

/// Read the workspace
#[utoipa::path(
    get, path = "/workspace", tag = "workspace",
    responses(
        (status = 200, body = WorkspaceView, headers(("ETag" = String, description = "Send it as If-Match with a change"))),
        (status = 401, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(signed_in: SignedIn) -> Versioned<WorkspaceView> {
    versioned(&signed_in.workspace, signed_in.member.role, signed_in.now)
}

/// What is to be switched; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FeaturesChange {
    /// Name what is seen in pictures.
    labels: Option<bool>,
    /// Read the text in pictures.
    text: Option<bool>,
    /// Warn of unsafe content.
    moderation: Option<bool>,
}

/// What is to be changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WorkspaceChange {
    /// The switch for AI.
    #[serde(deserialize_with = "platform::http::object")]
    features: FeaturesChange,
}

/// Change the workspace
///
/// For an owner: switches the AI for the workspace's assets on and off. In a
/// read-only workspace it can be switched off only.
#[utoipa::path(
    patch, path = "/workspace", tag = "workspace", request_body = WorkspaceChange,
    params(("If-Match" = String, Header, description = "The ETag that was read")),
    responses(
        (status = 200, body = WorkspaceView, headers(("ETag" = String, description = "The new revision"))),
        (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 403, description = "Not an owner, or something is to be switched on while the workspace is read-only", body = ProblemDocument),
        (status = 412, body = ProblemDocument), (status = 413, body = ProblemDocument),
        (status = 415, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = 428, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn change(
    State(app): State<App>,
    signed_in: SignedIn,
    if_match: IfMatch,
    JsonBody { value, .. }: JsonBody<WorkspaceChange>,
) -> Result<Versioned<WorkspaceView>, Problem> {
    signed_in.must_own()?;
    if_match.check(signed_in.workspace.revision)?;
    let (now, role) = (signed_in.now, signed_in.member.role);
    let (on, wanted) = (signed_in.workspace.features, value.features);
    let features = Features {
        labels: wanted.labels.unwrap_or(on.labels),
        text: wanted.text.unwrap_or(on.text),
        moderation: wanted.moderation.unwrap_or(on.moderation),
    };
    // to keep the AI away is a choice about privacy, which outlives the right to write (3.2b)
    if switches_on(on, features) || signed_in.workspace.closing_since.is_some() {
        signed_in.may_write()?;
    }
    if features == on {
        return Ok(versioned(&signed_in.workspace, role, now));
    }
    match change_features(&app.db, signed_in.workspace, features, now).await {
        Err(error) if error.refused("workspace") => Err(IfMatch::failed()),
        other => Ok(versioned(&other?, role, now)),
    }
}

fn switches_on(before: Features, after: Features) -> bool {
    after.labels && !before.labels
        || after.text && !before.text
        || after.moderation && !before.moderation
}
