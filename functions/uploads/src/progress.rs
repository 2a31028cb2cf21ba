//! Going on with an upload: what has arrived, and fresh addresses.

use axum::{Json, extract::State};
use domain::{ids::UploadId, upload};
use platform::{
    http::{JsonBody, PathId, Problem, ProblemDocument, SignedIn},
    objects::{ObjectError, Part},
};
use store::catalog::{Upload, UploadState};

use crate::{
    App,
    api::{PartAddress, PartAddresses, PartsWanted, UploadView},
    begin::{object_key, put_address},
};

/// The most addresses of one answer.
const MAX_ADDRESSES: usize = 100;

/// Read an upload
///
/// Says which parts have arrived, and gives a fresh address for a single PUT,
/// so that an upload can be resumed after hours.
#[utoipa::path(
    get, path = "/uploads/{id}", tag = "uploads",
    params(("id" = String, Path, description = "The upload's id")),
    responses(
        (status = 200, body = UploadView),
        (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<UploadId>,
) -> Result<Json<UploadView>, Problem> {
    let upload = find(&app, &signed_in, id).await?;
    let put = match may_go_on(&upload, &signed_in) {
        Ok(()) => put_address(&app, &upload).await?,
        Err(_) => None,
    };
    let arrived = arrived(&app, &upload).await?;
    Ok(Json(UploadView::new(&upload, put, arrived)))
}

/// Get addresses of parts
///
/// Each address takes one part of exactly the size that it names.
#[utoipa::path(
    post, path = "/uploads/{id}/parts", tag = "uploads",
    params(("id" = String, Path, description = "The upload's id")),
    request_body = PartsWanted,
    responses(
        (status = 200, body = PartAddresses),
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = 422, body = ProblemDocument), (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn addresses(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<UploadId>,
    body: JsonBody<PartsWanted>,
) -> Result<Json<PartAddresses>, Problem> {
    let upload = find(&app, &signed_in, id).await?;
    may_go_on(&upload, &signed_in)?;
    let Some(multipart) = &upload.multipart_id else {
        return Err(Problem::conflict(
            "not_in_parts",
            "This upload is one PUT; its address is in `put`.",
        ));
    };
    let numbers = body.value.numbers;
    if numbers.is_empty() || numbers.len() > MAX_ADDRESSES {
        return Err(Problem::field(
            "numbers",
            "ask for 1 to 100 parts at a time",
        ));
    }
    let mut items = Vec::with_capacity(numbers.len());
    for number in numbers {
        let length = upload::part_length(upload.size_bytes, u64::from(number));
        let size_bytes = length.ok_or_else(|| {
            Problem::field(
                "numbers",
                "parts count from 1 to the upload's number of parts",
            )
        })?;
        let presigned = app
            .originals
            .presign_part(&object_key(&upload), multipart, number, size_bytes)
            .await?;
        items.push(PartAddress {
            number,
            size_bytes,
            address: presigned.into(),
        });
    }
    Ok(Json(PartAddresses { items }))
}

pub(crate) async fn find(app: &App, signed_in: &SignedIn, id: UploadId) -> Result<Upload, Problem> {
    let upload = app.db.upload(signed_in.workspace_id(), id).await?;
    upload.ok_or_else(Problem::not_found)
}

/// An upload that was begun may go on until it expires, in a workspace that has
/// become read-only too: its bytes were reserved when it began, and the
/// addresses that were given out work on. The bucket's event decides the same way.
pub(crate) fn may_go_on(upload: &Upload, signed_in: &SignedIn) -> Result<(), Problem> {
    if signed_in.workspace.closing_since.is_some() {
        return Err(closing());
    }
    match upload.is_open(signed_in.now) {
        true => Ok(()),
        false => Err(over()),
    }
}

pub(crate) fn over() -> Problem {
    Problem::conflict(
        "upload_over",
        "This upload is finished, was given up, or has run out. Begin a new one.",
    )
}

pub(crate) fn closing() -> Problem {
    Problem::conflict(
        "workspace_closing",
        "This workspace is being destroyed; nothing can be added to it any more.",
    )
}

/// The parts at S3; none when the upload there is over.
pub(crate) async fn arrived(app: &App, upload: &Upload) -> Result<Vec<Part>, Problem> {
    let (Some(multipart), UploadState::Open) = (&upload.multipart_id, upload.state) else {
        return Ok(Vec::new());
    };
    match app.originals.parts(&object_key(upload), multipart).await {
        Ok(parts) => Ok(parts),
        Err(ObjectError::Missing) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}
