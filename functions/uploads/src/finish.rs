//! Ending an upload: its bytes are all there, or it is given up.

use axum::{Json, extract::State, http::StatusCode};
use domain::{ids::UploadId, upload};
use platform::{
    http::{PathId, Problem, ProblemDocument, SignedIn},
    objects::{ObjectError, Part},
};
use store::catalog::{Upload, UploadState};

use crate::{
    App,
    api::UploadView,
    begin::object_key,
    progress::{arrived, closing, find, may_go_on, over},
};

/// Complete an upload
///
/// Checks that every byte has arrived, joins the parts, and makes the asset.
/// May be repeated. After a single PUT it may be left out: the bucket's event does the same.
/// An upload that was begun may be completed when the workspace has become read-only, too.
#[utoipa::path(
    post, path = "/uploads/{id}/complete", tag = "uploads",
    params(("id" = String, Path, description = "The upload's id")),
    responses(
        (status = 403, description = "A cookie from another site's page", body = ProblemDocument),
        (status = 200, body = UploadView),
        (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn complete(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<UploadId>,
) -> Result<Json<UploadView>, Problem> {
    let mut upload = find(&app, &signed_in, id).await?;
    if upload.state != UploadState::Finished {
        may_go_on(&upload, &signed_in)?;
        join(&app, &upload).await?;
        upload = finished(&app, &signed_in, upload).await?;
    }
    Ok(Json(UploadView::new(&upload, None, Vec::new())))
}

async fn finished(app: &App, signed_in: &SignedIn, upload: Upload) -> Result<Upload, Problem> {
    match app.db.finish_upload(&upload, signed_in.now).await {
        Ok(Some(_)) => Ok(Upload {
            state: UploadState::Finished,
            ..upload
        }),
        // it ended at the same time: by the bucket's event, or it was given up
        Ok(None) => {
            let ended = find(app, signed_in, upload.id).await?;
            match ended.state {
                UploadState::Finished => Ok(ended),
                UploadState::Open | UploadState::Aborted => Err(over()),
            }
        }
        Err(error) if error.refused("workspace") => Err(closing()),
        Err(error) => Err(error.into()),
    }
}

async fn join(app: &App, upload: &Upload) -> Result<(), Problem> {
    let key = object_key(upload);
    if let Some(multipart) = &upload.multipart_id {
        let parts = arrived(app, upload).await?;
        if parts.is_empty() {
            // joined by an earlier attempt, or nothing has arrived
            return arrived_whole(app, upload).await;
        }
        must_be_whole(upload, &parts)?;
        return match app.originals.complete(&key, multipart, &parts).await {
            Ok(()) => Ok(()),
            Err(ObjectError::Missing) => arrived_whole(app, upload).await,
            Err(error) => Err(error.into()),
        };
    }
    arrived_whole(app, upload).await
}

async fn arrived_whole(app: &App, upload: &Upload) -> Result<(), Problem> {
    match app.originals.head(&object_key(upload)).await {
        Ok(info) if info.size_bytes == upload.size_bytes => Ok(()),
        Ok(_) | Err(ObjectError::Missing) => Err(Problem::conflict(
            "bytes_missing",
            "The file has not arrived yet. Send it to the upload's address first.",
        )),
        Err(error) => Err(error.into()),
    }
}

fn must_be_whole(upload: &Upload, parts: &[Part]) -> Result<(), Problem> {
    let count = upload::part_count(upload.size_bytes);
    let wrong: Vec<u64> = (1..=count)
        .filter(|number| {
            let length = upload::part_length(upload.size_bytes, *number);
            let part = parts.iter().find(|part| u64::from(part.number) == *number);
            part.map(|part| part.size_bytes) != length
        })
        .take(100)
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Problem::conflict(
        "bytes_missing",
        "Some parts have not arrived, or have the wrong size. Send those in `parts` and complete again.",
    )
    .with("parts", wrong))
}

/// Give an upload up
///
/// Returns its bytes to the quota and destroys what had arrived. May be repeated.
#[utoipa::path(
    delete, path = "/uploads/{id}", tag = "uploads",
    params(("id" = String, Path, description = "The upload's id")),
    responses(
        (status = 403, description = "A cookie from another site's page", body = ProblemDocument),
        (status = 204, description = "It is given up."),
        (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn give_up(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<UploadId>,
) -> Result<StatusCode, Problem> {
    let upload = find(&app, &signed_in, id).await?;
    if upload.state == UploadState::Finished {
        return Err(Problem::conflict(
            "upload_finished",
            "The upload is finished. Delete the asset instead.",
        ));
    }
    if !app.db.abort_upload(&upload).await? && upload.state == UploadState::Open {
        return Err(Problem::conflict(
            "upload_finished",
            "The upload was finished meanwhile. Delete the asset instead.",
        ));
    }
    let key = object_key(&upload);
    if let Some(multipart) = &upload.multipart_id {
        app.originals.abort(&key, multipart).await?;
    }
    let versions = app.originals.versions(&key).await?;
    app.originals.destroy(&versions).await?;
    Ok(StatusCode::NO_CONTENT)
}
