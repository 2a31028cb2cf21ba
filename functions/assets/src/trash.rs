//! The trash: what is deleted can be restored for 30 days, or purged at once.

use axum::{Json, extract::State, http::StatusCode};
use domain::{
    consequence::{Consequence, Job},
    ids::AssetId,
};
use platform::http::{IfMatch, PathId, Problem, ProblemDocument, QueryOf, SignedIn, Versioned};
use serde::Deserialize;
use store::{
    Tx,
    catalog::{Asset, asset::TRASH_PREFIX},
    outbox::{Message, Owner},
};
use utoipa::IntoParams;

use crate::{
    App,
    api::{AssetPage, AssetView},
    change::must_be_live,
    read::{find, limit, page},
};

/// Which page of the trash.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrashQuery {
    /// The most assets of the page: 1 to 100, 50 unless said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Where to go on: `next_cursor` of the page before.
    cursor: Option<String>,
}

/// List the trash
///
/// Newest first. An asset is purged 30 days after it came here.
#[utoipa::path(
    get, path = "/trash", tag = "assets", params(TrashQuery),
    responses(
        (status = 200, body = AssetPage),
        (status = 401, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    signed_in: SignedIn,
    QueryOf(query): QueryOf<TrashQuery>,
) -> Result<Json<AssetPage>, Problem> {
    let limit = limit(query.limit)?;
    let cursor = query.cursor.as_deref();
    let found = app
        .db
        .assets(signed_in.workspace_id(), TRASH_PREFIX, limit, cursor)
        .await?;
    Ok(page(found))
}

/// Delete an asset
///
/// It goes into the trash and is found by no list or search any more.
#[utoipa::path(
    delete, path = "/assets/{id}", tag = "assets",
    params(
        ("id" = String, Path, description = "The asset's id"),
        ("If-Match" = String, Header, description = "The ETag that was read"),
    ),
    responses(
        (status = 200, body = AssetView),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = 412, body = ProblemDocument), (status = 428, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn delete(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<AssetId>,
    if_match: IfMatch,
) -> Result<Versioned<AssetView>, Problem> {
    signed_in.may_write()?;
    let asset = find(&app, &signed_in, id).await?;
    must_be_live(&asset)?;
    if_match.check(asset.revision)?;
    let trashed = match app.db.trash_asset(&asset, signed_in.now).await {
        Ok(trashed) => trashed,
        Err(error) if error.refused("asset") => return Err(IfMatch::failed()),
        Err(error) => return Err(error.into()),
    };
    Ok(versioned(&trashed))
}

fn versioned(asset: &Asset) -> Versioned<AssetView> {
    Versioned {
        revision: asset.revision,
        body: AssetView::from(asset),
    }
}

fn must_be_in_trash(asset: &Asset) -> Result<(), Problem> {
    if asset.trashed_at.is_some() {
        return Ok(());
    }
    Err(Problem::conflict(
        "not_in_trash",
        "This asset is not in the trash. Delete it first.",
    ))
}

/// Restore an asset
#[utoipa::path(
    post, path = "/assets/{id}/restore", tag = "assets",
    params(("id" = String, Path, description = "The asset's id")),
    responses(
        (status = 200, body = AssetView),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn restore(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<AssetId>,
) -> Result<Versioned<AssetView>, Problem> {
    signed_in.may_write()?;
    let asset = find(&app, &signed_in, id).await?;
    must_be_in_trash(&asset)?;
    let restored = app.db.restore_asset(&asset, signed_in.now).await?;
    Ok(versioned(&restored))
}

/// Purge an asset
///
/// Destroys it for good, with every version of its objects. It can't be undone.
#[utoipa::path(
    post, path = "/assets/{id}/purge", tag = "assets",
    params(("id" = String, Path, description = "The asset's id")),
    responses(
        (status = 202, description = "It is being destroyed."),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn purge(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<AssetId>,
) -> Result<StatusCode, Problem> {
    signed_in.may_write()?;
    let asset = find(&app, &signed_in, id).await?;
    must_be_in_trash(&asset)?;
    let job = Job::PurgeAsset {
        workspace: signed_in.workspace_id(),
        asset: id,
    };
    let owner = Owner::Workspace(signed_in.workspace_id());
    let mut tx = Tx::new();
    tx.emit(&Message::new(
        owner,
        Consequence::Job { job },
        signed_in.now,
    ));
    app.db.commit(tx).await?;
    Ok(StatusCode::ACCEPTED)
}
