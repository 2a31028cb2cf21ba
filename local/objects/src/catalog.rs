//! The metadata in SQLite: opening it, buckets, versions and references to contents.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, Rows, params};

use crate::Error;
use crate::bucket::{Bucket, BucketOptions};
use crate::contents::ContentId;
use crate::version::{State, StoredObject, Version};

/// Opens the file, makes the tables when they are missing.
pub(crate) fn open(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == 0 {
        connection.execute_batch(&format!("BEGIN;{}COMMIT;", include_str!("schema.sql")))?;
    }
    Ok(connection)
}

/// Overwrites what removed rows left in the write-ahead log.
pub(crate) fn scrub_log(connection: &Connection) -> Result<(), Error> {
    Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}

/// All buckets.
pub(crate) fn buckets(connection: &Connection) -> Result<Vec<Bucket>, Error> {
    let mut statement = connection
        .prepare("SELECT name, versioned, object_lock_days, cors_origins, created FROM bucket")?;
    let rows = statement.query_map([], |row| {
        Ok(Bucket {
            options: BucketOptions {
                name: row.get(0)?,
                versioned: row.get(1)?,
                object_lock_days: row.get(2)?,
                cors_origins: json_column(row, 3)?,
            },
            created: time_column(row, 4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Makes a bucket or changes its settings.
pub(crate) fn put_bucket(connection: &Connection, bucket: &Bucket) -> Result<(), Error> {
    let options = &bucket.options;
    connection.execute(
        "INSERT INTO bucket (name, versioned, object_lock_days, cors_origins, created)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (name) DO UPDATE SET versioned = ?2, object_lock_days = ?3, cors_origins = ?4",
        params![
            options.name,
            options.versioned,
            options.object_lock_days,
            serde_json::to_string(&options.cors_origins)?,
            bucket.created.as_millisecond(),
        ],
    )?;
    Ok(())
}

const VERSION_COLUMNS: &str = "seq, key, version_id, is_latest, modified, content, object";

/// The newest version of a key, which may be a delete marker.
pub(crate) fn latest_version(
    connection: &Connection,
    bucket: &str,
    key: &str,
) -> Result<Option<Version>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {VERSION_COLUMNS} FROM version WHERE bucket = ?1 AND key = ?2 AND is_latest"
    ))?;
    Ok(statement.query_row([bucket, key], version_row).optional()?)
}

/// One version of a key.
pub(crate) fn version(
    connection: &Connection,
    bucket: &str,
    key: &str,
    id: &str,
) -> Result<Option<Version>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {VERSION_COLUMNS} FROM version WHERE bucket = ?1 AND key = ?2 AND version_id = ?3"
    ))?;
    Ok(statement
        .query_row([bucket, key, id], version_row)
        .optional()?)
}

/// Visits the newest objects from a key on, without deleted ones, in the order of keys.
pub(crate) fn visit_objects(
    connection: &Connection,
    bucket: &str,
    from: &str,
    visit: impl FnMut(Version) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {VERSION_COLUMNS} FROM version
         WHERE bucket = ?1 AND key >= ?2 AND is_latest AND content IS NOT NULL ORDER BY key"
    ))?;
    visit_rows(statement.query([bucket, from])?, visit)
}

/// Visits versions from a key on, newest first within a key; of the first key, only those before
/// `seq`.
pub(crate) fn visit_versions(
    connection: &Connection,
    bucket: &str,
    from: &str,
    before: i64,
    visit: impl FnMut(Version) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {VERSION_COLUMNS} FROM version
         WHERE bucket = ?1 AND key >= ?2 AND (key > ?2 OR seq < ?3) ORDER BY key, seq DESC"
    ))?;
    visit_rows(statement.query(params![bucket, from, before])?, visit)
}

fn visit_rows(
    mut rows: Rows<'_>,
    mut visit: impl FnMut(Version) -> ControlFlow<()>,
) -> Result<(), Error> {
    while let Some(row) = rows.next()? {
        if visit(version_row(row)?).is_break() {
            break;
        }
    }
    Ok(())
}

/// Adds a version as the newest of its key.
pub(crate) fn insert_version(
    connection: &Connection,
    bucket: &str,
    version: &Version,
) -> Result<(), Error> {
    connection
        .prepare_cached(
            "UPDATE version SET is_latest = FALSE WHERE bucket = ?1 AND key = ?2 AND is_latest",
        )?
        .execute([bucket, &version.key])?;
    let (content, object) = match &version.state {
        State::DeleteMarker => (None, None),
        State::Object(content, object) => {
            (Some(content.as_str()), Some(serde_json::to_string(object)?))
        }
    };
    connection
        .prepare_cached(
            "INSERT INTO version (seq, bucket, key, version_id, is_latest, modified, content, object)
             VALUES (?1, ?2, ?3, ?4, TRUE, ?5, ?6, ?7)",
        )?
        .execute(params![
            version.seq,
            bucket,
            version.key,
            version.version_id,
            version.modified.as_millisecond(),
            content,
            object,
        ])?;
    Ok(())
}

/// Removes a version; the one before it becomes the newest.
pub(crate) fn delete_version(
    connection: &Connection,
    bucket: &str,
    version: &Version,
) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM version WHERE seq = ?1")?
        .execute([version.seq])?;
    if version.is_latest {
        connection
            .prepare_cached(
                "UPDATE version SET is_latest = TRUE WHERE seq =
                 (SELECT max(seq) FROM version WHERE bucket = ?1 AND key = ?2)",
            )?
            .execute([bucket, &version.key])?;
    }
    Ok(())
}

/// Replaces what is kept about a version's object.
pub(crate) fn update_object(
    connection: &Connection,
    seq: i64,
    object: &StoredObject,
) -> Result<(), Error> {
    connection
        .prepare_cached("UPDATE version SET object = ?2 WHERE seq = ?1")?
        .execute(params![seq, serde_json::to_string(object)?])?;
    Ok(())
}

/// Whether any version or pending part holds a content.
pub(crate) fn is_referenced(connection: &Connection, content: &ContentId) -> Result<bool, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM version WHERE content = ?1)
             OR EXISTS (SELECT 1 FROM part WHERE content = ?1)",
    )?;
    Ok(statement.query_row([content.as_str()], |row| row.get(0))?)
}

/// Every content that a version or a pending part holds.
pub(crate) fn referenced(connection: &Connection) -> Result<HashSet<ContentId>, Error> {
    let mut statement = connection.prepare(
        "SELECT content FROM version WHERE content IS NOT NULL UNION SELECT content FROM part",
    )?;
    let rows = statement.query_map([], |row| content_column(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn version_row(row: &Row<'_>) -> rusqlite::Result<Version> {
    let state = match row
        .get_ref(5)?
        .as_str_or_null()
        .map_err(rusqlite::Error::from)?
    {
        None => State::DeleteMarker,
        Some(_) => State::Object(content_column(row, 5)?, json_column(row, 6)?),
    };
    Ok(Version {
        seq: row.get(0)?,
        key: row.get(1)?,
        version_id: row.get(2)?,
        is_latest: row.get(3)?,
        modified: time_column(row, 4)?,
        state,
    })
}

/// A time kept as milliseconds.
pub(crate) fn time_column(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(row.get(column)?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, error.into())
    })
}

/// A value kept as JSON.
pub(crate) fn json_column<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Text, error.into())
    })
}

/// A content's name.
pub(crate) fn content_column(row: &Row<'_>, column: usize) -> rusqlite::Result<ContentId> {
    ContentId::parse(row.get_ref(column)?.as_str()?)
        .ok_or_else(|| rusqlite::Error::InvalidColumnType(column, "content".to_owned(), Type::Text))
}
