//! Whether the site honours Global Privacy Control (W3C editor's draft of 3 April
//! 2026, "GPC support representation").

use axum::Json;
use domain::policy;
use serde::Serialize;
use utoipa::ToSchema;

/// The document that says so.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Support {
    /// The signal is honoured.
    gpc: bool,
    /// When that was last stated: the latest posting of the policy that promises it.
    #[schema(example = "2026-11-22")]
    last_update: String,
}

/// Whether Global Privacy Control is honoured
#[utoipa::path(
    get, path = "/.well-known/gpc.json", tag = "site",
    responses((status = 200, body = Support)),
)]
pub(crate) async fn support() -> Json<Support> {
    let promises = policy::publications().iter();
    let posted = promises
        .filter(|publication| publication.document == "privacy-policy")
        .map(|publication| publication.posted_at)
        .max();
    Json(Support {
        gpc: true,
        last_update: posted.map_or_else(String::new, |at| at.strftime("%Y-%m-%d").to_string()),
    })
}
