//! Multipart uploads but for their completion.

use jiff::Timestamp;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, ETag, ListMultipartUploadsInput,
    ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload,
    Part as PartEntry, StorageClass, UploadPartInput, UploadPartOutput,
};
use s3s::{S3Request, S3Result, s3_error};
use uuid::Uuid;

use super::put::{attributes, refuse_legal_hold};
use super::{check_key, page_size, refuse_if, size, tagging};
use crate::Error;
use crate::checksum::{self, Algorithm, Coverage, declared_checksums, set_checksums};
use crate::intake::{Declared, Received};
use crate::retention::Retention;
use crate::store::ObjectStore;
use crate::uploads::{self, Part, PartFacts, Upload, UploadRequest};
use crate::version::{from_dto_time, to_dto_time};

/// The greatest number of a part.
const MAX_PART_NUMBER: u32 = 10_000;

/// Which upload a request is about.
#[derive(Debug, Clone)]
pub(super) struct UploadName {
    pub bucket: String,
    pub key: String,
    pub id: String,
}

impl ObjectStore {
    pub(super) async fn create_multipart_upload(
        &self,
        mut input: CreateMultipartUploadInput,
    ) -> S3Result<CreateMultipartUploadOutput> {
        check_key(&input.key)?;
        refuse_if(
            input.sse_customer_key.is_some(),
            "customer-provided encryption keys",
        )?;
        refuse_legal_hold(input.object_lock_legal_hold_status.as_ref())?;
        let bucket = self.bucket(&input.bucket)?;
        let now = Timestamp::now();
        let until = input
            .object_lock_retain_until_date
            .as_ref()
            .map(from_dto_time)
            .transpose()?;
        let algorithm = read_algorithm(input.checksum_algorithm.as_ref())?;
        let coverage = Coverage::of_multipart(algorithm, input.checksum_type.as_ref())?;
        let upload = Upload {
            // Ids of version 7 sort by age.
            id: Uuid::now_v7().simple().to_string(),
            key: input.key.clone(),
            initiated: now,
            request: UploadRequest {
                attributes: attributes!(input)?,
                tags: tagging::parse_header(input.tagging.as_deref())?,
                algorithm,
                coverage,
                retention: Retention::requested(
                    &bucket,
                    input.object_lock_mode.as_ref(),
                    until,
                    now,
                )?,
            },
        };
        let id = upload.id.clone();
        self.blocking(move |store| {
            store.change(|change| uploads::insert(change.rows(), bucket.name(), &upload))
        })
        .await?;
        Ok(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            checksum_algorithm: Some(ChecksumAlgorithm::from_static(algorithm.name())),
            checksum_type: Some(coverage.into()),
            ..CreateMultipartUploadOutput::default()
        })
    }

    pub(super) async fn upload_part(
        &self,
        mut request: S3Request<UploadPartInput>,
    ) -> S3Result<UploadPartOutput> {
        let input = &mut request.input;
        refuse_if(
            input.sse_customer_key.is_some(),
            "customer-provided encryption keys",
        )?;
        let number = read_part_number(input.part_number)?;
        let body = input.body.take();
        let declared = Declared::of_request(
            input.content_length,
            input.content_md5.take(),
            declared_checksums!(input),
            &request.headers,
            request.trailing_headers.take(),
        )?;
        let name = UploadName {
            bucket: request.input.bucket,
            key: request.input.key,
            id: request.input.upload_id,
        };
        let upload = self.find_upload(name.clone()).await?;
        let sent = declared.checksum.algorithm();
        let received = self
            .receive(body, declared, vec![upload.request.algorithm])
            .await?;
        let facts = self
            .blocking(move |store| store.keep_part(&name, number, received))
            .await?;
        let mut output = UploadPartOutput {
            e_tag: Some(ETag::Strong(facts.md5)),
            ..UploadPartOutput::default()
        };
        let shown = sent.unwrap_or(upload.request.algorithm);
        let checksums = facts
            .checksums
            .into_iter()
            .filter(|(algorithm, _)| *algorithm == shown)
            .collect();
        set_checksums!(output, checksum::from_map(&checksums));
        Ok(output)
    }

    async fn find_upload(&self, name: UploadName) -> S3Result<Upload> {
        let find = move |store: &Self| {
            store.bucket(&name.bucket)?;
            store.read(|rows, _| uploads::find(rows, &name.bucket, &name.key, &name.id))
        };
        Ok(self.blocking(find).await?)
    }

    fn keep_part(
        &self,
        name: &UploadName,
        number: u32,
        received: Received,
    ) -> Result<PartFacts, Error> {
        self.change(|change| {
            uploads::find(change.rows(), &name.bucket, &name.key, &name.id)?;
            change.keep(received.file, &received.content)?;
            let facts = PartFacts {
                size: received.size,
                md5: received.md5,
                checksums: received.checksums,
                modified: Timestamp::now(),
            };
            let part = Part {
                number,
                content: received.content,
                facts,
            };
            uploads::put_part(change, &name.id, &part)?;
            Ok(part.facts)
        })
    }

    pub(super) async fn list_parts(&self, input: ListPartsInput) -> S3Result<ListPartsOutput> {
        let limit = page_size(input.max_parts)?;
        let after = input.part_number_marker.unwrap_or_default();
        let after = u32::try_from(after)
            .map_err(|_| s3_error!(InvalidArgument, "A negative part number"))?;
        let name = UploadName {
            bucket: input.bucket.clone(),
            key: input.key.clone(),
            id: input.upload_id.clone(),
        };
        let list = move |store: &Self| {
            store.bucket(&name.bucket)?;
            store.read(|rows, _| {
                let upload = uploads::find(rows, &name.bucket, &name.key, &name.id)?;
                Ok((
                    upload,
                    uploads::parts_after(rows, &name.id, after, limit + 1)?,
                ))
            })
        };
        let (upload, mut parts) = self.blocking(list).await?;
        let is_truncated = parts.len() > limit && limit > 0;
        parts.truncate(limit);
        let next = parts
            .last()
            .filter(|_| is_truncated)
            .map(|part| part.number.cast_signed());
        Ok(ListPartsOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(input.upload_id),
            checksum_algorithm: Some(ChecksumAlgorithm::from_static(
                upload.request.algorithm.name(),
            )),
            checksum_type: Some(upload.request.coverage.into()),
            is_truncated: Some(is_truncated),
            max_parts: i32::try_from(limit).ok(),
            next_part_number_marker: next,
            part_number_marker: input.part_number_marker,
            parts: Some(
                parts
                    .into_iter()
                    .map(|part| part_entry(part, upload.request.algorithm))
                    .collect(),
            ),
            storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
            ..ListPartsOutput::default()
        })
    }

    pub(super) async fn list_multipart_uploads(
        &self,
        input: ListMultipartUploadsInput,
    ) -> S3Result<ListMultipartUploadsOutput> {
        refuse_if(
            input.delimiter.is_some(),
            "listing uploads with a delimiter",
        )?;
        refuse_if(
            input.encoding_type.is_some(),
            "encoding the keys of uploads",
        )?;
        let limit = page_size(input.max_uploads)?;
        let bucket = input.bucket.clone();
        let prefix = input.prefix.clone().unwrap_or_default();
        let key = input.key_marker.clone().unwrap_or_default();
        let id = input.upload_id_marker.clone().filter(|id| !id.is_empty());
        let list = move |store: &Self| {
            store.bucket(&bucket)?;
            store.read(|rows, _| {
                uploads::after(rows, &bucket, &prefix, &key, id.as_deref(), limit + 1)
            })
        };
        let mut found = self.blocking(list).await?;
        let is_truncated = found.len() > limit && limit > 0;
        found.truncate(limit);
        let last = found.last().filter(|_| is_truncated);
        Ok(ListMultipartUploadsOutput {
            next_key_marker: last.map(|upload| upload.key.clone()),
            next_upload_id_marker: last.map(|upload| upload.id.clone()),
            bucket: Some(input.bucket),
            is_truncated: Some(is_truncated),
            key_marker: input.key_marker,
            max_uploads: i32::try_from(limit).ok(),
            prefix: input.prefix,
            upload_id_marker: input.upload_id_marker,
            uploads: Some(found.into_iter().map(upload_entry).collect()),
            ..ListMultipartUploadsOutput::default()
        })
    }

    pub(super) async fn abort_multipart_upload(
        &self,
        input: AbortMultipartUploadInput,
    ) -> S3Result<AbortMultipartUploadOutput> {
        refuse_if(input.if_match_initiated_time.is_some(), "aborting by time")?;
        let abort = move |store: &Self| {
            store.bucket(&input.bucket)?;
            store.change(|change| {
                let upload =
                    uploads::find(change.rows(), &input.bucket, &input.key, &input.upload_id)?;
                uploads::remove(change, &upload.id)
            })
        };
        self.blocking(abort).await?;
        Ok(AbortMultipartUploadOutput::default())
    }
}

fn read_algorithm(name: Option<&ChecksumAlgorithm>) -> S3Result<Algorithm> {
    match name {
        None => Ok(Algorithm::Crc64Nvme),
        Some(name) => Algorithm::from_name(name.as_str()).ok_or_else(|| {
            s3_error!(
                InvalidRequest,
                "Checksum algorithm provided is unsupported."
            )
        }),
    }
}

/// A part's number, from 1 to 10,000.
pub(super) fn read_part_number(number: i32) -> S3Result<u32> {
    u32::try_from(number)
        .ok()
        .filter(|number| (1..=MAX_PART_NUMBER).contains(number))
        .ok_or_else(|| {
            s3_error!(
                InvalidArgument,
                "Part number must be an integer between 1 and 10000, inclusive"
            )
        })
}

fn part_entry(part: Part, algorithm: Algorithm) -> PartEntry {
    let checksums = part
        .facts
        .checksums
        .into_iter()
        .filter(|(known, _)| *known == algorithm)
        .collect();
    let mut entry = PartEntry {
        e_tag: Some(ETag::Strong(part.facts.md5)),
        last_modified: Some(to_dto_time(part.facts.modified)),
        part_number: Some(part.number.cast_signed()),
        size: Some(size(part.facts.size)),
        ..PartEntry::default()
    };
    set_checksums!(entry, checksum::from_map(&checksums));
    entry
}

fn upload_entry(upload: Upload) -> MultipartUpload {
    MultipartUpload {
        checksum_algorithm: Some(ChecksumAlgorithm::from_static(
            upload.request.algorithm.name(),
        )),
        checksum_type: Some(upload.request.coverage.into()),
        initiated: Some(to_dto_time(upload.initiated)),
        key: Some(upload.key),
        storage_class: Some(StorageClass::from_static(StorageClass::STANDARD)),
        upload_id: Some(upload.id),
        ..MultipartUpload::default()
    }
}
