//! CopyObject: the copy holds the same content file.

use std::sync::Arc;

use jiff::Timestamp;
use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource, ETag, MetadataDirective,
    TaggingDirective,
};
use s3s::{S3Result, s3_error};

use super::conditions::ReadCondition;
use super::found::{Found, find_object, shown_version_id};
use super::put::{attributes, refuse_legal_hold};
use super::{check_key, refuse_if, tagging};
use crate::bucket::Bucket;
use crate::checksum::{self, Algorithm, Coverage, ObjectChecksum, set_checksums};
use crate::contents::Contents;
use crate::retention::Retention;
use crate::store::ObjectStore;
use crate::version::{Attributes, State, StoredObject, Version, from_dto_time, to_dto_time};
use crate::{Error, event};

/// What the copy is to be like.
struct Copy {
    source_bucket: Arc<Bucket>,
    source_key: String,
    source_version: Option<String>,
    source_condition: ReadCondition,
    bucket: Arc<Bucket>,
    key: String,
    /// In place of the source's.
    attributes: Option<Attributes>,
    /// In place of the source's.
    tags: Option<Vec<(String, String)>>,
    algorithm: Option<Algorithm>,
    retention: Option<Retention>,
}

impl ObjectStore {
    pub(super) async fn copy_object(&self, input: CopyObjectInput) -> S3Result<CopyObjectOutput> {
        let copy = self.read_copy(input)?;
        let (source_version, version) = self.blocking(move |store| store.copy(copy)).await?;
        Ok(output_of(&version, source_version))
    }

    fn read_copy(&self, mut input: CopyObjectInput) -> S3Result<Copy> {
        check_key(&input.key)?;
        refuse_if(
            input.sse_customer_key.is_some() || input.copy_source_sse_customer_key.is_some(),
            "customer-provided encryption keys",
        )?;
        refuse_legal_hold(input.object_lock_legal_hold_status.as_ref())?;
        let CopySource::Bucket {
            bucket,
            key,
            version_id,
        } = input.copy_source
        else {
            return Err(s3_error!(NotImplemented, "This store has no access points"));
        };
        let replaces_metadata = input
            .metadata_directive
            .as_ref()
            .map(MetadataDirective::as_str)
            == Some(MetadataDirective::REPLACE);
        let replaces_tags = input
            .tagging_directive
            .as_ref()
            .map(TaggingDirective::as_str)
            == Some(TaggingDirective::REPLACE);
        let target = self.bucket(&input.bucket)?;
        if *bucket == input.bucket
            && *key == input.key
            && version_id.is_none()
            && !replaces_metadata
        {
            return Err(s3_error!(
                InvalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes."
            ));
        }
        let until = input
            .object_lock_retain_until_date
            .as_ref()
            .map(from_dto_time)
            .transpose()?;
        Ok(Copy {
            source_bucket: self.bucket(&bucket)?,
            source_key: key.into(),
            source_version: version_id.map(String::from),
            source_condition: ReadCondition {
                if_match: input.copy_source_if_match,
                if_none_match: input.copy_source_if_none_match,
                if_modified_since: input.copy_source_if_modified_since,
                if_unmodified_since: input.copy_source_if_unmodified_since,
            },
            retention: Retention::of_new_version(
                &target,
                input.object_lock_mode.as_ref(),
                until,
                Timestamp::now(),
            )?,
            bucket: target,
            attributes: replaces_metadata.then(|| attributes!(input)).transpose()?,
            tags: replaces_tags
                .then(|| tagging::parse_header(input.tagging.as_deref()))
                .transpose()?,
            algorithm: input
                .checksum_algorithm
                .as_ref()
                .and_then(|name| Algorithm::from_name(name.as_str())),
            key: input.key,
        })
    }

    fn copy(&self, copy: Copy) -> Result<(Option<String>, Version), Error> {
        let contents = self.contents();
        self.change(|change| {
            let source_version = copy.source_version.as_deref();
            let source = find_object(
                change.rows(),
                &copy.source_bucket,
                &copy.source_key,
                source_version,
            )?;
            copy.source_condition
                .check_source(&source.object.etag, source.modified)?;
            let object = StoredObject {
                size: source.object.size,
                etag: source.object.md5.clone(),
                md5: source.object.md5.clone(),
                checksum: checksum_of_copy(contents, &source, copy.algorithm)?,
                attributes: copy.attributes.unwrap_or(source.object.attributes),
                tags: copy.tags.unwrap_or(source.object.tags),
                retention: copy.retention,
            };
            let version = change.add_object(
                &copy.bucket,
                &copy.key,
                source.content,
                object,
                event::name::COPY,
            )?;
            Ok((source.version_id, version))
        })
    }
}

/// A copy has one part, so its checksum covers the whole object.
fn checksum_of_copy(
    contents: &Contents,
    source: &Found,
    asked: Option<Algorithm>,
) -> Result<ObjectChecksum, Error> {
    let known = &source.object.checksum;
    let algorithm = asked.unwrap_or(known.algorithm);
    if algorithm == known.algorithm && known.coverage == Coverage::FullObject {
        return Ok(known.clone());
    }
    Ok(ObjectChecksum {
        algorithm,
        coverage: Coverage::FullObject,
        value: checksum::of_reader(algorithm, &mut contents.open_content(&source.content)?)?,
    })
}

fn output_of(version: &Version, source_version: Option<String>) -> CopyObjectOutput {
    let mut result = CopyObjectResult {
        last_modified: Some(to_dto_time(version.modified)),
        ..CopyObjectResult::default()
    };
    if let State::Object(_, object) = &version.state {
        result.e_tag = Some(ETag::Strong(object.etag.clone()));
        result.checksum_type = Some(object.checksum.coverage.into());
        set_checksums!(result, (&object.checksum).into());
    }
    CopyObjectOutput {
        copy_object_result: Some(result),
        copy_source_version_id: source_version,
        version_id: shown_version_id(version),
        ..CopyObjectOutput::default()
    }
}
