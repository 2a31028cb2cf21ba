//! GetObject and HeadObject.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};
use s3s::dto::{
    self, ChecksumMode, ETag, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput,
    StreamingBlob,
};
use s3s::{Body, S3Error, S3ErrorCode, S3Response, S3Result};
use tokio::io::AsyncReadExt as _;

use super::conditions::ReadCondition;
use super::found::{Found, find_object};
use super::{count, refuse_if, size};
use crate::Error;
use crate::checksum::set_checksums;
use crate::store::ObjectStore;
use crate::version::{Attributes, to_dto_time};

/// Up to this size, the bytes are read together with the metadata.
const AT_ONCE: u64 = 256 * 1024;
/// Bytes read at a time from a larger object.
const CHUNK: usize = 256 * 1024;

/// Which object and which bytes of it.
struct Wanted {
    bucket: String,
    key: String,
    version_id: Option<String>,
    condition: ReadCondition,
    range: Option<dto::Range>,
}

/// The bytes that a range selects.
#[derive(Debug, Clone)]
struct Selection {
    bytes: Range<u64>,
    /// Whether the request asked for a range.
    is_partial: bool,
}

impl Selection {
    fn of(range: Option<&dto::Range>, size: u64) -> S3Result<Self> {
        let bytes = match range {
            None => 0..size,
            Some(range) => range.check(size).map_err(|_| not_satisfiable(size))?,
        };
        Ok(Self {
            bytes,
            is_partial: range.is_some(),
        })
    }

    fn length(&self) -> u64 {
        self.bytes.end - self.bytes.start
    }

    fn content_range(&self, size: u64) -> Option<String> {
        let last = self.bytes.end.saturating_sub(1);
        self.is_partial
            .then(|| format!("bytes {}-{last}/{size}", self.bytes.start))
    }
}

fn not_satisfiable(size: u64) -> S3Error {
    let mut headers = HeaderMap::new();
    headers.insert(
        http::header::CONTENT_TYPE,
        HeaderValue::from_static("application/xml"),
    );
    if let Ok(range) = HeaderValue::from_str(&format!("bytes */{size}")) {
        headers.insert(http::header::CONTENT_RANGE, range);
    }
    let mut error = S3Error::new(S3ErrorCode::InvalidRange);
    error.set_headers(headers);
    error
}

impl ObjectStore {
    pub(super) async fn get_object(&self, input: GetObjectInput) -> S3Result<GetObjectOutput> {
        refuse_if(input.part_number.is_some(), "reading by part number")?;
        let wants_checksum = is_enabled(input.checksum_mode.as_ref());
        let wanted = Wanted {
            bucket: input.bucket,
            key: input.key,
            version_id: input.version_id,
            condition: ReadCondition {
                if_match: input.if_match,
                if_none_match: input.if_none_match,
                if_modified_since: input.if_modified_since,
                if_unmodified_since: input.if_unmodified_since,
            },
            range: input.range,
        };
        let (found, selection, source) = self
            .blocking(move |store| store.open_selection(&wanted))
            .await?;
        let body = source.into_body(selection.length());
        let mut output = output_of(found, &selection, wants_checksum);
        output.body = Some(body);
        Ok(output)
    }

    pub(super) async fn head_object(
        &self,
        input: HeadObjectInput,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        refuse_if(input.part_number.is_some(), "reading by part number")?;
        let wants_checksum = is_enabled(input.checksum_mode.as_ref());
        let overrides = overrides_of(&input)?;
        let wanted = Wanted {
            bucket: input.bucket,
            key: input.key,
            version_id: input.version_id,
            condition: ReadCondition {
                if_match: input.if_match,
                if_none_match: input.if_none_match,
                if_modified_since: input.if_modified_since,
                if_unmodified_since: input.if_unmodified_since,
            },
            range: input.range,
        };
        let (found, selection) = self.blocking(move |store| store.select(&wanted)).await?;
        let output = head_of(output_of(found, &selection, wants_checksum));
        Ok(S3Response::with_headers(output, overrides))
    }

    fn select(&self, wanted: &Wanted) -> Result<(Found, Selection), Error> {
        let bucket = self.bucket(&wanted.bucket)?;
        let found = self.read(|rows, _| {
            find_object(rows, &bucket, &wanted.key, wanted.version_id.as_deref())
        })?;
        let selection = wanted.select(&found)?;
        Ok((found, selection))
    }

    fn open_selection(&self, wanted: &Wanted) -> Result<(Found, Selection, Source), Error> {
        let bucket = self.bucket(&wanted.bucket)?;
        // An open file stays readable when its version is removed meanwhile.
        let (found, selection, file) = self.read(|rows, contents| {
            let found = find_object(rows, &bucket, &wanted.key, wanted.version_id.as_deref())?;
            let selection = wanted.select(&found)?;
            let file = contents.open_content(&found.content)?;
            Ok((found, selection, file))
        })?;
        let source = Source::open(file, &selection.bytes)?;
        Ok((found, selection, source))
    }
}

impl Wanted {
    fn select(&self, found: &Found) -> S3Result<Selection> {
        self.condition.check(&found.object.etag, found.modified)?;
        Selection::of(self.range.as_ref(), found.object.size)
    }
}

/// Where the bytes come from.
enum Source {
    Memory(Bytes),
    File(File),
}

impl Source {
    fn open(mut file: File, bytes: &Range<u64>) -> Result<Self, Error> {
        file.seek(SeekFrom::Start(bytes.start))?;
        let length = bytes.end - bytes.start;
        if length > AT_ONCE {
            return Ok(Self::File(file));
        }
        let mut memory = Vec::new();
        file.take(length).read_to_end(&mut memory)?;
        Ok(Self::Memory(memory.into()))
    }

    fn into_body(self, length: u64) -> StreamingBlob {
        match self {
            Self::Memory(bytes) => Body::from(bytes).into(),
            Self::File(file) => {
                let file = tokio::fs::File::from_std(file).take(length);
                StreamingBlob::wrap(futures::stream::try_unfold(file, |mut file| async move {
                    let mut chunk = BytesMut::with_capacity(CHUNK);
                    let read = file.read_buf(&mut chunk).await?;
                    Ok::<_, std::io::Error>((read > 0).then(|| (chunk.freeze(), file)))
                }))
            }
        }
    }
}

fn is_enabled(mode: Option<&ChecksumMode>) -> bool {
    mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED)
}

fn output_of(found: Found, selection: &Selection, wants_checksum: bool) -> GetObjectOutput {
    let Found {
        version_id,
        modified,
        object,
        ..
    } = found;
    let attributes = object.attributes;
    let mut output = GetObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        cache_control: attributes.cache_control,
        content_disposition: attributes.content_disposition,
        content_encoding: attributes.content_encoding,
        content_language: attributes.content_language,
        content_length: Some(size(selection.length())),
        content_range: selection.content_range(object.size),
        content_type: attributes
            .content_type
            .or_else(|| Some(Attributes::DEFAULT_TYPE.to_owned())),
        e_tag: Some(ETag::Strong(object.etag)),
        expires: attributes.expires.map(to_dto_time),
        last_modified: Some(to_dto_time(modified)),
        metadata: (!attributes.metadata.is_empty())
            .then(|| attributes.metadata.into_iter().collect()),
        object_lock_mode: object.retention.map(|retention| retention.mode.into()),
        object_lock_retain_until_date: object
            .retention
            .map(|retention| to_dto_time(retention.until)),
        tag_count: (!object.tags.is_empty()).then(|| count(object.tags.len())),
        version_id,
        ..GetObjectOutput::default()
    };
    // A checksum of the whole does not fit a part.
    if wants_checksum && !selection.is_partial {
        output.checksum_type = Some(object.checksum.coverage.into());
        set_checksums!(output, (&object.checksum).into());
    }
    output
}

fn head_of(output: GetObjectOutput) -> HeadObjectOutput {
    HeadObjectOutput {
        accept_ranges: output.accept_ranges,
        cache_control: output.cache_control,
        checksum_crc32: output.checksum_crc32,
        checksum_crc32c: output.checksum_crc32c,
        checksum_crc64nvme: output.checksum_crc64nvme,
        checksum_sha1: output.checksum_sha1,
        checksum_sha256: output.checksum_sha256,
        checksum_type: output.checksum_type,
        content_disposition: output.content_disposition,
        content_encoding: output.content_encoding,
        content_language: output.content_language,
        content_length: output.content_length,
        content_range: output.content_range,
        content_type: output.content_type,
        e_tag: output.e_tag,
        expires: output.expires,
        last_modified: output.last_modified,
        metadata: output.metadata,
        object_lock_mode: output.object_lock_mode,
        object_lock_retain_until_date: output.object_lock_retain_until_date,
        version_id: output.version_id,
        ..HeadObjectOutput::default()
    }
}

/// The headers that the request wants instead of the object's; `s3s` sees to this for GET only.
fn overrides_of(input: &HeadObjectInput) -> S3Result<HeaderMap> {
    let given = [
        (http::header::CACHE_CONTROL, &input.response_cache_control),
        (
            http::header::CONTENT_DISPOSITION,
            &input.response_content_disposition,
        ),
        (
            http::header::CONTENT_ENCODING,
            &input.response_content_encoding,
        ),
        (
            http::header::CONTENT_LANGUAGE,
            &input.response_content_language,
        ),
        (http::header::CONTENT_TYPE, &input.response_content_type),
    ];
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        if let Some(value) = value {
            let value = HeaderValue::from_str(value).map_err(|_| S3ErrorCode::InvalidArgument)?;
            headers.insert::<HeaderName>(name, value);
        }
    }
    Ok(headers)
}
