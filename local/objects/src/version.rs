//! Versions of objects, as they are kept.

use std::collections::BTreeMap;
use std::time::SystemTime;

use jiff::Timestamp;
use s3s::dto;
use s3s::{S3Error, S3ErrorCode, s3_error};
use serde::{Deserialize, Serialize};

use crate::checksum::ObjectChecksum;
use crate::contents::ContentId;
use crate::retention::Retention;

/// The version id of an object in a bucket without versioning.
pub(crate) const NULL_VERSION: &str = "null";

/// One version of one key.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    /// Greater for every later change in the store.
    pub seq: i64,
    pub key: String,
    pub version_id: String,
    pub is_latest: bool,
    pub modified: Timestamp,
    pub state: State,
}

/// What a version holds.
#[derive(Debug, Clone)]
pub(crate) enum State {
    DeleteMarker,
    Object(ContentId, Box<StoredObject>),
}

/// An object without its bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredObject {
    /// Bytes.
    pub size: u64,
    /// Without quotes.
    pub etag: String,
    /// MD5 of the bytes, hexadecimal: the entity tag of a copy.
    pub md5: String,
    pub checksum: ObjectChecksum,
    pub attributes: Attributes,
    pub tags: Vec<(String, String)>,
    pub retention: Option<Retention>,
}

/// What the uploader says about an object and gets back when reading it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attributes {
    pub cache_control: Option<String>,
    pub content_disposition: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    pub content_type: Option<String>,
    pub expires: Option<Timestamp>,
    pub metadata: BTreeMap<String, String>,
}

impl Attributes {
    /// What S3 gives an object whose uploader named no type.
    pub const DEFAULT_TYPE: &str = "binary/octet-stream";

    /// Removes what belongs to the transfer and not to the object.
    pub fn without_transfer_coding(mut self) -> Self {
        self.content_encoding = self.content_encoding.and_then(|codings| {
            let kept: Vec<_> = codings
                .split(',')
                .map(str::trim)
                .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("aws-chunked"))
                .collect();
            (!kept.is_empty()).then(|| kept.join(","))
        });
        self
    }
}

/// A version for inspection by tests and pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionInfo {
    /// The object's key.
    pub key: String,
    /// The version's id; `null` in a bucket without versioning.
    pub version_id: String,
    /// Whether reading the key without a version finds this one.
    pub is_latest: bool,
    /// Whether this is a delete marker.
    pub is_delete_marker: bool,
    /// Bytes; 0 for a delete marker.
    pub size: u64,
    /// The entity tag without quotes; empty for a delete marker.
    pub etag: String,
    /// SHA-256 of the bytes, hexadecimal; absent for a delete marker.
    pub sha256: Option<String>,
    /// The media type that the uploader gave.
    pub content_type: Option<String>,
    /// When it was written.
    pub last_modified: Timestamp,
    /// Until when Object Lock keeps it.
    pub retain_until: Option<Timestamp>,
}

impl From<Version> for VersionInfo {
    fn from(version: Version) -> Self {
        let (content, object) = match version.state {
            State::DeleteMarker => (None, None),
            State::Object(content, object) => (Some(content), Some(object)),
        };
        Self {
            key: version.key,
            version_id: version.version_id,
            is_latest: version.is_latest,
            is_delete_marker: object.is_none(),
            size: object.as_ref().map_or(0, |object| object.size),
            etag: object
                .as_ref()
                .map_or_else(String::new, |object| object.etag.clone()),
            sha256: content.map(|content| content.as_str().to_owned()),
            content_type: object
                .as_ref()
                .and_then(|object| object.attributes.content_type.clone()),
            last_modified: version.modified,
            retain_until: object
                .and_then(|object| object.retention)
                .map(|retention| retention.until),
        }
    }
}

/// A time for an S3 message.
pub(crate) fn to_dto_time(time: Timestamp) -> dto::Timestamp {
    dto::Timestamp::from(SystemTime::from(time))
}

/// A time from an S3 message.
pub(crate) fn from_dto_time(time: &dto::Timestamp) -> Result<Timestamp, S3Error> {
    let mut text = Vec::new();
    time.format(dto::TimestampFormat::DateTime, &mut text)
        .map_err(|error| s3_error!(error, InvalidArgument))?;
    String::from_utf8_lossy(&text)
        .parse()
        .map_err(|_| S3ErrorCode::InvalidArgument.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_transfer_coding_is_not_the_objects() {
        let of = |coding: &str| {
            Attributes {
                content_encoding: Some(coding.to_owned()),
                ..Attributes::default()
            }
            .without_transfer_coding()
            .content_encoding
        };
        assert_eq!(of("aws-chunked"), None);
        assert_eq!(of("aws-chunked, gzip"), Some("gzip".to_owned()));
        assert_eq!(of("gzip"), Some("gzip".to_owned()));
    }

    #[test]
    fn times_survive_the_message() {
        let time: Timestamp = "2026-11-22T10:11:12.345Z".parse().unwrap();
        assert_eq!(from_dto_time(&to_dto_time(time)).unwrap(), time);
    }
}
