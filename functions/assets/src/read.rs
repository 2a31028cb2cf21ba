//! Reading the catalogue.

use axum::{Json, extract::State};
use domain::{
    asset::{ObjectKind, PreviewState},
    ids::AssetId,
    time::{SignedDuration, shift},
};
use platform::{
    http::{PathId, Problem, ProblemDocument, QueryOf, SignedIn, Versioned},
    objects::DOWNLOAD_ADDRESS,
};
use store::{
    Page,
    catalog::{Asset, asset::LIVE_PREFIX},
};

use crate::{
    App,
    api::{AssetPage, AssetView, ListQuery, ReadAddress},
};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u8 = 100;

pub(crate) fn limit(asked: Option<u32>) -> Result<u8, Problem> {
    u8::try_from(asked.unwrap_or(DEFAULT_LIMIT))
        .ok()
        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        .ok_or_else(|| Problem::field("limit", "it is a number from 1 to 100"))
}

pub(crate) fn page(page: Page<Asset>) -> Json<AssetPage> {
    Json(AssetPage {
        items: page.items.iter().map(AssetView::from).collect(),
        next_cursor: page.next,
    })
}

/// List assets
///
/// Newest first, all of them or those with a label.
#[utoipa::path(
    get, path = "/assets", tag = "assets", params(ListQuery),
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
    QueryOf(query): QueryOf<ListQuery>,
) -> Result<Json<AssetPage>, Problem> {
    let (limit, cursor) = (limit(query.limit)?, query.cursor.as_deref());
    let workspace = signed_in.workspace_id();
    let found = match query.label {
        None => app.db.assets(workspace, LIVE_PREFIX, limit, cursor).await?,
        Some(label) => {
            app.db
                .assets_with_label(workspace, &label, limit, cursor)
                .await?
        }
    };
    Ok(page(found))
}

/// Read an asset
#[utoipa::path(
    get, path = "/assets/{id}", tag = "assets",
    params(("id" = String, Path, description = "The asset's id")),
    responses(
        (status = 200, body = AssetView, headers(("ETag" = String, description = "Send it as If-Match with a change"))),
        (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<AssetId>,
) -> Result<Versioned<AssetView>, Problem> {
    let asset = find(&app, &signed_in, id).await?;
    Ok(Versioned {
        revision: asset.revision,
        body: AssetView::from(&asset),
    })
}

pub(crate) async fn find(app: &App, signed_in: &SignedIn, id: AssetId) -> Result<Asset, Problem> {
    let asset = app.db.asset_anywhere(signed_in.workspace_id(), id).await?;
    asset.ok_or_else(Problem::not_found)
}

/// Download an asset
///
/// Gives an address from which the original is saved under its name.
#[utoipa::path(
    get, path = "/assets/{id}/download", tag = "assets",
    params(("id" = String, Path, description = "The asset's id")),
    responses(
        (status = 200, body = ReadAddress),
        (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn download(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<AssetId>,
) -> Result<Json<ReadAddress>, Problem> {
    let asset = find(&app, &signed_in, id).await?;
    address(&app, &signed_in, &asset, ObjectKind::Original).await
}

/// See an asset's preview
///
/// Gives the address of a JPEG, longest side 1,600.
#[utoipa::path(
    get, path = "/assets/{id}/preview", tag = "assets",
    params(("id" = String, Path, description = "The asset's id")),
    responses(
        (status = 200, body = ReadAddress),
        (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn preview(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<AssetId>,
) -> Result<Json<ReadAddress>, Problem> {
    rendition(&app, &signed_in, id, ObjectKind::Preview).await
}

/// See an asset's thumbnail
///
/// Gives the address of a JPEG, longest side 320.
#[utoipa::path(
    get, path = "/assets/{id}/thumbnail", tag = "assets",
    params(("id" = String, Path, description = "The asset's id")),
    responses(
        (status = 200, body = ReadAddress),
        (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn thumbnail(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<AssetId>,
) -> Result<Json<ReadAddress>, Problem> {
    rendition(&app, &signed_in, id, ObjectKind::Thumbnail).await
}

async fn rendition(
    app: &App,
    signed_in: &SignedIn,
    id: AssetId,
    kind: ObjectKind,
) -> Result<Json<ReadAddress>, Problem> {
    let asset = find(app, signed_in, id).await?;
    if asset.preview != PreviewState::Ready {
        return Err(Problem::conflict(
            "no_preview",
            "This asset has no preview; its `preview` says why.",
        ));
    }
    address(app, signed_in, &asset, kind).await
}

async fn address(
    app: &App,
    signed_in: &SignedIn,
    asset: &Asset,
    kind: ObjectKind,
) -> Result<Json<ReadAddress>, Problem> {
    let save_as = (kind == ObjectKind::Original).then_some(asset.name.as_str());
    let presigned = app
        .objects
        .presign_get(&asset.objects().key(kind), save_as)
        .await?;
    let valid = SignedDuration::try_from(DOWNLOAD_ADDRESS).unwrap_or(SignedDuration::ZERO);
    Ok(Json(ReadAddress {
        url: presigned.url,
        expires_at: shift(signed_in.now, valid).to_string(),
    }))
}
