//! Beginning an upload: everything is checked before anything is stored.

use axum::{Json, extract::State, http::StatusCode};
use domain::{
    asset::{ObjectKind, file_name},
    ids::UploadId,
    time::shift,
    upload,
};
use platform::{
    http::{IdempotencyKey, JsonBody, Problem, ProblemDocument, SignedIn},
    objects::{Expected, Presigned},
};
use store::{
    StoreError,
    catalog::{Upload, UploadState, upload::LIFETIME},
    idempotency::{Earlier, Request},
};

use crate::{
    App,
    api::{NewUpload, UploadView},
};

/// Begin an upload
///
/// Reserves the bytes in the workspace's quota and answers with the address to
/// send them to. The same `Idempotency-Key` finds the same upload.
#[utoipa::path(
    post, path = "/uploads", tag = "uploads",
    request_body = NewUpload,
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 printable characters")),
    responses(
        (status = 201, body = UploadView),
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn begin(
    State(app): State<App>,
    signed_in: SignedIn,
    IdempotencyKey(key): IdempotencyKey,
    body: JsonBody<NewUpload>,
) -> Result<(StatusCode, Json<UploadView>), Problem> {
    signed_in.may_write()?;
    let request = key.as_deref().map(|key| Request {
        workspace: signed_in.workspace_id(),
        route: "POST /uploads",
        key,
        body: &body.bytes,
    });
    let mut upload = checked(&signed_in, body.value)?;
    if upload.size_bytes >= upload::MULTIPART_FROM_BYTES {
        let id = app
            .originals
            .create_multipart(&object_key(&upload), &upload.content_type)
            .await?;
        upload.multipart_id = Some(id);
    }
    let limit = signed_in.workspace.storage_limit_bytes;
    let upload = match app.db.begin_upload(&upload, limit, request.as_ref()).await {
        Ok(()) => upload,
        Err(error) => {
            // after any other error it may have been stored all the same, and goes on at S3
            if let StoreError::Refused(_) = error {
                undo(&app, &upload).await?;
            }
            found_again(&app, error, request.as_ref(), &signed_in).await?
        }
    };
    let put = put_address(&app, &upload).await?;
    Ok((
        StatusCode::CREATED,
        Json(UploadView::new(&upload, put, Vec::new())),
    ))
}

fn checked(signed_in: &SignedIn, new: NewUpload) -> Result<Upload, Problem> {
    let name = file_name(&new.name).map_err(|e| Problem::field("name", e))?;
    let content_type = upload::content_type(&new.content_type).ok_or_else(|| {
        Problem::invalid(
            "unsupported_type",
            "Files of this type are not taken: media, documents, images and videos are.",
        )
        .with("supported", upload::CONTENT_TYPES.to_vec())
    })?;
    if new.size_bytes == 0 {
        return Err(Problem::invalid("empty_file", "The file is empty."));
    }
    if new.size_bytes > upload::MAX_OBJECT_BYTES {
        return Err(Problem::invalid(
            "file_too_large",
            "A file may have at most 5 TiB.",
        ));
    }
    let sha256 = new.sha256.map(|text| sha256(&text)).transpose()?;
    if sha256.is_none() && new.size_bytes < upload::MULTIPART_FROM_BYTES {
        return Err(Problem::invalid(
            "checksum_required",
            "Send `sha256`, 64 hexadecimal digits: the file is checked against it before it is taken.",
        ));
    }
    Ok(Upload {
        workspace: signed_in.workspace_id(),
        id: UploadId::new(signed_in.now),
        state: UploadState::Open,
        uploaded_by: signed_in.subject(),
        name,
        content_type: content_type.to_owned(),
        size_bytes: new.size_bytes,
        sha256,
        multipart_id: None,
        created_at: signed_in.now,
        expires_at: shift(signed_in.now, LIFETIME),
    })
}

fn sha256(text: &str) -> Result<String, Problem> {
    let digits = text.to_lowercase();
    let valid = digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    valid
        .then_some(digits)
        .ok_or_else(|| Problem::field("sha256", "it has 64 hexadecimal digits"))
}

pub(crate) fn object_key(upload: &Upload) -> String {
    upload.objects().key(ObjectKind::Original)
}

/// The address of a single PUT, while one is awaited.
pub(crate) async fn put_address(app: &App, upload: &Upload) -> Result<Option<Presigned>, Problem> {
    let Some(sha256) = upload
        .sha256
        .as_deref()
        .filter(|_| upload.multipart_id.is_none() && upload.state == UploadState::Open)
    else {
        return Ok(None);
    };
    let expected = Expected {
        content_type: &upload.content_type,
        size_bytes: upload.size_bytes,
        sha256,
    };
    let put = app
        .originals
        .presign_put(&object_key(upload), &expected)
        .await?;
    Ok(Some(put))
}

/// A refused upload leaves nothing, at S3 neither.
async fn undo(app: &App, upload: &Upload) -> Result<(), Problem> {
    if let Some(id) = &upload.multipart_id {
        app.originals.abort(&object_key(upload), id).await?;
    }
    Ok(())
}

async fn found_again(
    app: &App,
    refused: StoreError,
    request: Option<&Request<'_>>,
    signed_in: &SignedIn,
) -> Result<Upload, Problem> {
    // the quota may be refused because the first request has used it up: look for that one first
    if let Some(request) = request {
        match app.db.earlier(request).await? {
            Some(Earlier::Same(id)) => return earlier(app, &id, signed_in).await,
            Some(Earlier::Other) => {
                return Err(Problem::invalid(
                    "idempotency_key_reused",
                    "This `Idempotency-Key` was used for another request. Take a new one.",
                ));
            }
            None => {}
        }
    }
    if refused.refused("quota") {
        let workspace = &signed_in.workspace;
        return Err(Problem::conflict(
            "over_quota",
            "The file does not fit into this workspace's storage. Purge the trash, or choose a larger plan.",
        )
        .with("stored_bytes", workspace.stored_bytes)
        .with("storage_limit_bytes", workspace.storage_limit_bytes));
    }
    Err(refused.into())
}

async fn earlier(app: &App, id: &str, signed_in: &SignedIn) -> Result<Upload, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let upload = app.db.upload(signed_in.workspace_id(), id).await?;
    upload.ok_or_else(Problem::not_found)
}
