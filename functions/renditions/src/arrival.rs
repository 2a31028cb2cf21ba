//! What happens when an original has arrived.

use bytes::Bytes;
use domain::{
    asset::{ObjectKeys, ObjectKind, PreviewState},
    ids::AssetId,
};
use picture::{Failure, Limits, Renditions};
use platform::objects::ObjectError;
use store::{
    StoreError,
    catalog::{Asset, Upload, UploadState, asset::Rendered},
};

use crate::{App, Error, describe};

/// Originals over this size get no preview: they would not fit the function's memory.
const MAX_ORIGINAL_BYTES: u64 = 256 * 1024 * 1024;

pub(crate) async fn arrived(app: &App, keys: &ObjectKeys) -> Result<(), Error> {
    let Some(asset) = asset_of(app, keys).await? else {
        return destroy_orphan(app, keys).await;
    };
    if asset.preview != PreviewState::Pending || asset.version != keys.version() {
        return Ok(());
    }
    let rendered = render(app, keys, &asset).await?;
    match app.db.rendered(&asset, &rendered, app.clock.now()).await {
        Err(StoreError::Refused(_)) => overtaken(app, keys).await,
        other => Ok(other?),
    }
}

/// The asset, made of its upload if nobody has finished that yet.
async fn asset_of(app: &App, keys: &ObjectKeys) -> Result<Option<Asset>, Error> {
    let (workspace, id) = (keys.workspace(), keys.asset());
    let asset = app.db.asset_anywhere(workspace, id).await?;
    if asset.is_some() {
        return Ok(asset);
    }
    let upload = app.db.upload(workspace, Upload::of_asset(id)).await?;
    match upload {
        Some(upload) if upload.is_open(app.clock.now()) => finish(app, &upload, id).await,
        // finished by another delivery between the two reads: look again before calling it an orphan
        Some(upload) if upload.state == UploadState::Finished => {
            Ok(app.db.asset_anywhere(workspace, id).await?)
        }
        _ => Ok(None),
    }
}

async fn finish(app: &App, upload: &Upload, id: AssetId) -> Result<Option<Asset>, Error> {
    match app.db.finish_upload(upload, app.clock.now()).await {
        Ok(Some(asset)) => Ok(Some(asset)),
        Ok(None) => Ok(app.db.asset_anywhere(upload.workspace, id).await?),
        Err(error) if error.refused("workspace") => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Bytes that belong to no asset (given up, purged, erased, or sent again by
/// an address that still held) are destroyed.
async fn destroy_orphan(app: &App, keys: &ObjectKeys) -> Result<(), Error> {
    for kind in ObjectKind::ALL {
        let versions = app.objects.versions(&keys.key(kind)).await?;
        app.objects.destroy(&versions).await?;
    }
    Ok(())
}

/// Another delivery has noted its outcome, or the asset is gone meanwhile: then
/// what was just written must go too.
async fn overtaken(app: &App, keys: &ObjectKeys) -> Result<(), Error> {
    let asset = app
        .db
        .asset_anywhere(keys.workspace(), keys.asset())
        .await?;
    match asset {
        Some(_) => Ok(()),
        None => destroy_orphan(app, keys).await,
    }
}

async fn render(app: &App, keys: &ObjectKeys, asset: &Asset) -> Result<Rendered, Error> {
    if !asset.content_type.starts_with("image/") {
        return Ok(unsupported());
    }
    if asset.size_bytes > MAX_ORIGINAL_BYTES {
        return Ok(failed("too_large", "The file is too large for a preview."));
    }
    let original = match app.objects.get(&keys.key(ObjectKind::Original)).await {
        Ok(bytes) => bytes,
        Err(ObjectError::Missing) => {
            return Ok(failed("missing", "The file is not there any more."));
        }
        Err(error) => return Err(error.into()),
    };
    match decode(original, asset.content_type.clone()).await? {
        Ok(renditions) => keep(app, keys, renditions).await,
        Err(Failure::Unsupported(_)) => Ok(unsupported()),
        Err(failure) => Ok(failed(failure.code(), &describe::sentence(&failure))),
    }
}

async fn decode(
    original: Bytes,
    content_type: String,
) -> Result<Result<Renditions, Failure>, Error> {
    tokio::task::spawn_blocking(move || {
        picture::render(&original, &content_type, &Limits::default())
    })
    .await
    .map_err(|_| Error::Broken)
}

/// The thumbnail first: the preview's arrival starts the tagging.
async fn keep(app: &App, keys: &ObjectKeys, renditions: Renditions) -> Result<Rendered, Error> {
    let thumbnail = Bytes::from(renditions.thumbnail.bytes);
    let preview = Bytes::from(renditions.preview.bytes);
    app.objects
        .put(&keys.key(ObjectKind::Thumbnail), "image/jpeg", thumbnail)
        .await?;
    app.objects
        .put(&keys.key(ObjectKind::Preview), "image/jpeg", preview)
        .await?;
    Ok(Rendered {
        preview: PreviewState::Ready,
        technical: Some(describe::technical(&renditions.technical)),
    })
}

fn unsupported() -> Rendered {
    Rendered {
        preview: PreviewState::Unsupported,
        technical: None,
    }
}

fn failed(code: &str, message: &str) -> Rendered {
    Rendered {
        preview: PreviewState::Failed {
            code: code.to_owned(),
            message: message.to_owned(),
        },
        technical: None,
    }
}
