//! Multipart uploads that are under way, in SQLite.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use s3s::{S3Error, s3_error};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::catalog::{content_column, json_column, time_column};
use crate::change::Change;
use crate::checksum::{Algorithm, Checksums, Coverage};
use crate::contents::ContentId;
use crate::retention::Retention;
use crate::version::Attributes;

/// An upload.
#[derive(Debug, Clone)]
pub(crate) struct Upload {
    pub id: String,
    pub key: String,
    pub initiated: Timestamp,
    pub request: UploadRequest,
}

/// What the object will be like.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct UploadRequest {
    pub attributes: Attributes,
    pub tags: Vec<(String, String)>,
    pub algorithm: Algorithm,
    pub coverage: Coverage,
    /// What was asked for; else the bucket's default counts from the completion.
    pub retention: Option<Retention>,
}

/// A part that has arrived.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub number: u32,
    pub content: ContentId,
    pub facts: PartFacts,
}

/// What is kept about a part.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PartFacts {
    /// Bytes.
    pub size: u64,
    /// MD5, hexadecimal: the part's entity tag.
    pub md5: String,
    pub checksums: Checksums,
    pub modified: Timestamp,
}

fn no_such_upload() -> S3Error {
    s3_error!(
        NoSuchUpload,
        "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
    )
}

/// Begins an upload.
pub(crate) fn insert(rows: &Connection, bucket: &str, upload: &Upload) -> Result<(), Error> {
    rows.execute(
        "INSERT INTO upload (id, bucket, key, initiated, request) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            upload.id,
            bucket,
            upload.key,
            upload.initiated.as_millisecond(),
            serde_json::to_string(&upload.request)?,
        ],
    )?;
    Ok(())
}

const UPLOAD_COLUMNS: &str = "id, key, initiated, request";

/// The upload of that id to that key, or `NoSuchUpload`.
pub(crate) fn find(rows: &Connection, bucket: &str, key: &str, id: &str) -> Result<Upload, Error> {
    rows.prepare_cached(&format!(
        "SELECT {UPLOAD_COLUMNS} FROM upload WHERE id = ?1 AND bucket = ?2 AND key = ?3"
    ))?
    .query_row([id, bucket, key], upload_row)
    .optional()?
    .ok_or_else(|| no_such_upload().into())
}

/// Uploads after a key, and in that key after an id; by key and age.
pub(crate) fn after(
    rows: &Connection,
    bucket: &str,
    prefix: &str,
    key: &str,
    id: Option<&str>,
    limit: usize,
) -> Result<Vec<Upload>, Error> {
    let mut statement = rows.prepare_cached(&format!(
        "SELECT {UPLOAD_COLUMNS} FROM upload
         WHERE bucket = ?1 AND (key > ?2 OR (key = ?2 AND id > ?3)) ORDER BY key, id"
    ))?;
    // Without an id the marker's own key is not listed again: no id is greater than this.
    let uploads = statement.query_map([bucket, key, id.unwrap_or("\u{10FFFF}")], upload_row)?;
    uploads
        .filter(|upload| {
            upload
                .as_ref()
                .map_or(true, |upload| upload.key.starts_with(prefix))
        })
        .take(limit)
        .map(|upload| Ok(upload?))
        .collect()
}

/// The parts after a number.
pub(crate) fn parts_after(
    rows: &Connection,
    upload: &str,
    number: u32,
    limit: usize,
) -> Result<Vec<Part>, Error> {
    let mut statement = rows.prepare_cached(
        "SELECT number, content, part FROM part WHERE upload = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let parts = statement.query_map(params![upload, number, limit], part_row)?;
    Ok(parts.collect::<Result<_, _>>()?)
}

/// Keeps a part, in place of one of the same number.
pub(crate) fn put_part(change: &mut Change<'_>, upload: &str, part: &Part) -> Result<(), Error> {
    let replaced = change
        .rows()
        .prepare_cached("SELECT content FROM part WHERE upload = ?1 AND number = ?2")?
        .query_row(params![upload, part.number], |row| content_column(row, 0))
        .optional()?;
    if let Some(replaced) = replaced {
        change.release(replaced);
    }
    change
        .rows()
        .prepare_cached(
            "INSERT OR REPLACE INTO part (upload, number, content, part) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            upload,
            part.number,
            part.content.as_str(),
            serde_json::to_string(&part.facts)?,
        ])?;
    Ok(())
}

/// Ends an upload and lets go of its parts.
pub(crate) fn remove(change: &mut Change<'_>, upload: &str) -> Result<(), Error> {
    for part in parts_after(change.rows(), upload, 0, usize::MAX)? {
        change.release(part.content);
    }
    change
        .rows()
        .execute("DELETE FROM part WHERE upload = ?1", [upload])?;
    change
        .rows()
        .execute("DELETE FROM upload WHERE id = ?1", [upload])?;
    Ok(())
}

fn upload_row(row: &Row<'_>) -> rusqlite::Result<Upload> {
    Ok(Upload {
        id: row.get(0)?,
        key: row.get(1)?,
        initiated: time_column(row, 2)?,
        request: json_column(row, 3)?,
    })
}

fn part_row(row: &Row<'_>) -> rusqlite::Result<Part> {
    Ok(Part {
        number: row.get(0)?,
        content: content_column(row, 1)?,
        facts: json_column(row, 2)?,
    })
}
