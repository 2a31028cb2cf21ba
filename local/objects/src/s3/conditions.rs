//! Conditional requests: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html>
//! and RFC 9110, section 13.

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use rusqlite::Connection;
use s3s::dto::{self, ETag, ETagCondition};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

use super::refuse_if;
use crate::version::{State, from_dto_time};
use crate::{Error, catalog};

/// What must hold for an object to be written.
#[derive(Debug, Default)]
pub(super) struct WriteCondition {
    if_match: Option<ETagCondition>,
    if_none_match: bool,
}

impl WriteCondition {
    /// Reads a request's headers. Like S3, `If-None-Match` takes `*` only.
    pub fn of_request(
        if_match: Option<ETagCondition>,
        if_none_match: Option<ETagCondition>,
    ) -> S3Result<Self> {
        refuse_if(
            if_none_match
                .as_ref()
                .is_some_and(|condition| !condition.is_any()),
            "If-None-Match with an entity tag",
        )?;
        Ok(Self {
            if_match,
            if_none_match: if_none_match.is_some(),
        })
    }

    /// Whether there is nothing to check.
    pub fn is_none(&self) -> bool {
        self.if_match.is_none() && !self.if_none_match
    }

    /// Checks them against the newest version.
    pub fn check(&self, rows: &Connection, bucket: &str, key: &str) -> Result<(), Error> {
        if self.is_none() {
            return Ok(());
        }
        let latest = catalog::latest_version(rows, bucket, key)?;
        let etag = latest.and_then(|version| match version.state {
            State::Object(_, object) => Some(object.etag),
            State::DeleteMarker => None,
        });
        match (&self.if_match, etag) {
            (_, Some(_)) if self.if_none_match => Err(precondition_failed().into()),
            (Some(_), None) => Err(S3ErrorCode::NoSuchKey.into()),
            (Some(condition), Some(etag)) if !holds(condition, &etag) => {
                Err(precondition_failed().into())
            }
            _ => Ok(()),
        }
    }
}

/// What must hold for an object to be read.
#[derive(Debug, Default)]
pub(super) struct ReadCondition {
    pub if_match: Option<ETagCondition>,
    pub if_none_match: Option<ETagCondition>,
    pub if_modified_since: Option<dto::Timestamp>,
    pub if_unmodified_since: Option<dto::Timestamp>,
}

impl ReadCondition {
    /// Checks them in the order of RFC 9110, section 13.2.2: a tag outdoes a time.
    pub fn check(&self, etag: &str, modified: Timestamp) -> S3Result<()> {
        if !self.allows_current(etag, modified)? {
            return Err(precondition_failed());
        }
        if self.is_known(etag, modified)? {
            return Err(not_modified(etag));
        }
        Ok(())
    }

    /// The same for the source of a copy, where a known state is no success either.
    pub fn check_source(&self, etag: &str, modified: Timestamp) -> S3Result<()> {
        if !self.allows_current(etag, modified)? || self.is_known(etag, modified)? {
            return Err(precondition_failed());
        }
        Ok(())
    }

    fn allows_current(&self, etag: &str, modified: Timestamp) -> S3Result<bool> {
        match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) => Ok(holds(condition, etag)),
            (None, Some(since)) => Ok(modified.as_second() <= from_dto_time(since)?.as_second()),
            (None, None) => Ok(true),
        }
    }

    fn is_known(&self, etag: &str, modified: Timestamp) -> S3Result<bool> {
        match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) => Ok(holds(condition, etag)),
            (None, Some(since)) => Ok(modified.as_second() <= from_dto_time(since)?.as_second()),
            (None, None) => Ok(false),
        }
    }
}

fn holds(condition: &ETagCondition, etag: &str) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(expected) => expected.value() == etag,
    }
}

fn precondition_failed() -> S3Error {
    s3_error!(
        PreconditionFailed,
        "At least one of the pre-conditions you specified did not hold"
    )
}

fn not_modified(etag: &str) -> S3Error {
    let mut error = S3Error::new(S3ErrorCode::NotModified);
    if let Ok(etag) = ETag::Strong(etag.to_owned()).to_http_header() {
        let mut headers: HeaderMap<HeaderValue> = HeaderMap::new();
        headers.insert(http::header::ETAG, etag);
        error.set_headers(headers);
    }
    error
}
