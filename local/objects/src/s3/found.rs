//! Finding the object that a request reads.

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use rusqlite::Connection;
use s3s::{S3Error, S3ErrorCode};

use crate::bucket::Bucket;
use crate::contents::ContentId;
use crate::version::{NULL_VERSION, State, StoredObject, Version};
use crate::{Error, catalog};

/// An object that exists.
#[derive(Debug)]
pub(super) struct Found {
    pub seq: i64,
    /// Absent in a bucket without versioning.
    pub version_id: Option<String>,
    pub modified: Timestamp,
    pub content: ContentId,
    pub object: Box<StoredObject>,
}

/// Finds the newest version, or the one with that id.
///
/// # Errors
/// `NoSuchKey`, `NoSuchVersion`, and for a delete marker that is asked for by its id
/// `MethodNotAllowed`, as S3.
pub(super) fn find_object(
    rows: &Connection,
    bucket: &Bucket,
    key: &str,
    version_id: Option<&str>,
) -> Result<Found, Error> {
    let (version, missing, marked) = match version_id {
        None => (
            catalog::latest_version(rows, bucket.name(), key)?,
            S3ErrorCode::NoSuchKey,
            S3ErrorCode::NoSuchKey,
        ),
        Some(id) => (
            catalog::version(rows, bucket.name(), key, id)?,
            S3ErrorCode::NoSuchVersion,
            S3ErrorCode::MethodNotAllowed,
        ),
    };
    let version = version.ok_or(missing)?;
    let version_id = shown_version_id(&version);
    match version.state {
        State::DeleteMarker => Err(delete_marker(marked, version_id).into()),
        State::Object(content, object) => Ok(Found {
            seq: version.seq,
            version_id,
            modified: version.modified,
            content,
            object,
        }),
    }
}

/// The version's id as an answer shows it: not at all in a bucket without versioning.
pub(super) fn shown_version_id(version: &Version) -> Option<String> {
    (version.version_id != NULL_VERSION).then(|| version.version_id.clone())
}

fn delete_marker(code: S3ErrorCode, version_id: Option<String>) -> S3Error {
    let mut headers = HeaderMap::new();
    headers.insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/xml"),
    );
    headers.insert(
        HeaderName::from_static("x-amz-delete-marker"),
        HeaderValue::from_static("true"),
    );
    if let Some(id) = version_id.and_then(|id| HeaderValue::from_str(&id).ok()) {
        headers.insert(HeaderName::from_static("x-amz-version-id"), id);
    }
    let mut error = S3Error::new(code);
    error.set_headers(headers);
    error
}
