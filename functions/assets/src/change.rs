//! Changing what people say about an asset.

use axum::extract::State;
use domain::{
    asset::{description, file_name, own_labels},
    ids::AssetId,
};
use platform::http::{IfMatch, JsonBody, PathId, Problem, ProblemDocument, SignedIn, Versioned};
use store::catalog::{Asset, asset::Edit};

use crate::{
    App,
    api::{AssetPatch, AssetView},
    read::find,
};

/// Change an asset
///
/// Name, description and the labels of people. The labels of the AI are its own.
#[utoipa::path(
    patch, path = "/assets/{id}", tag = "assets",
    params(
        ("id" = String, Path, description = "The asset's id"),
        ("If-Match" = String, Header, description = "The ETag that was read"),
    ),
    request_body = AssetPatch,
    responses(
        (status = 200, body = AssetView),
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = 412, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = 428, body = ProblemDocument), (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn edit(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<AssetId>,
    if_match: IfMatch,
    body: JsonBody<AssetPatch>,
) -> Result<Versioned<AssetView>, Problem> {
    signed_in.may_write()?;
    let asset = find(&app, &signed_in, id).await?;
    must_be_live(&asset)?;
    if_match.check(asset.revision)?;
    let edit = checked(&asset, body.value)?;
    let changed = match app.db.edit_asset(&asset, edit, signed_in.now).await {
        Ok(changed) => changed,
        Err(error) if error.refused("asset") => return Err(IfMatch::failed()),
        Err(error) => return Err(error.into()),
    };
    Ok(Versioned {
        revision: changed.revision,
        body: AssetView::from(&changed),
    })
}

pub(crate) fn must_be_live(asset: &Asset) -> Result<(), Problem> {
    if asset.trashed_at.is_none() {
        return Ok(());
    }
    Err(Problem::conflict(
        "in_trash",
        "This asset is in the trash. Restore it first.",
    ))
}

fn checked(asset: &Asset, patch: AssetPatch) -> Result<Edit, Problem> {
    let name = match patch.name {
        Some(text) => file_name(&text).map_err(|e| Problem::field("name", e))?,
        None => asset.name.clone(),
    };
    let description = match patch.description {
        Some(Some(text)) => description(&text).map_err(|e| Problem::field("description", e))?,
        Some(None) => None,
        None => asset.description.clone(),
    };
    let own_labels = match patch.own_labels {
        Some(labels) => own_labels(&labels).map_err(|e| Problem::field("own_labels", e))?,
        None => asset.own_labels.clone(),
    };
    Ok(Edit {
        name,
        description,
        own_labels,
    })
}
