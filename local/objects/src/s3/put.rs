//! PutObject and the browser's POST.

use std::sync::Arc;

use http::Method;
use http::header::{ETAG, HeaderName, HeaderValue};
use jiff::Timestamp;
use s3s::dto::{ETag, ObjectLockLegalHoldStatus, PutObjectInput, PutObjectOutput};
use s3s::{S3Request, S3Response, S3Result};

use super::conditions::WriteCondition;
use super::found::shown_version_id;
use super::{check_key, host, location, refuse_if, tagging};
use crate::bucket::Bucket;
use crate::checksum::{Algorithm, Coverage, ObjectChecksum, declared_checksums, set_checksums};
use crate::intake::{Declared, Received};
use crate::retention::Retention;
use crate::store::ObjectStore;
use crate::version::{Attributes, State, StoredObject, Version, from_dto_time};
use crate::{Error, event};

/// The address of a posted object, for the layer that names it in the answer.
#[derive(Debug, Clone)]
pub(crate) struct PostedAt(pub String);

impl ObjectStore {
    /// Also takes what a browser posts, which `s3s` hands over as a put.
    pub(super) async fn put_object(
        &self,
        mut request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        if request.method != Method::POST {
            let version = self.store_body(request, event::name::PUT).await?;
            return Ok(S3Response::new(output_of(&version)));
        }
        // The protocol's reader leaves the length of an empty file out.
        request.input.content_length.get_or_insert(0);
        let address = location(
            &host(&request.headers),
            &request.input.bucket,
            &request.input.key,
        );
        let version = self.store_body(request, event::name::POST).await?;
        Ok(posted(output_of(&version), address))
    }

    async fn store_body(
        &self,
        mut request: S3Request<PutObjectInput>,
        event_name: &'static str,
    ) -> S3Result<Version> {
        let input = &mut request.input;
        check_key(&input.key)?;
        refuse_unoffered(input)?;
        let body = input.body.take();
        let declared = Declared::of_request(
            input.content_length,
            input.content_md5.take(),
            declared_checksums!(input),
            &request.headers,
            request.trailing_headers.take(),
        )?;
        let bucket = self.bucket(&input.bucket)?;
        let draft = Draft::of_request(&bucket, &mut request.input, declared.checksum.algorithm())?;
        self.check_condition(&draft).await?;
        let received = self.receive(body, declared, vec![draft.algorithm]).await?;
        Ok(self
            .blocking(move |store| store.commit(draft, received, event_name))
            .await?)
    }

    /// Spares the transfer of a body that would be refused.
    async fn check_condition(&self, draft: &Arc<Draft>) -> S3Result<()> {
        if draft.condition.is_none() {
            return Ok(());
        }
        let draft = Arc::clone(draft);
        let check = move |store: &Self| {
            store.read(|rows, _| draft.condition.check(rows, draft.bucket.name(), &draft.key))
        };
        Ok(self.blocking(check).await?)
    }

    fn commit(
        &self,
        draft: Arc<Draft>,
        received: Received,
        event_name: &'static str,
    ) -> Result<Version, Error> {
        self.change(|change| {
            draft
                .condition
                .check(change.rows(), draft.bucket.name(), &draft.key)?;
            change.keep(received.file, &received.content)?;
            let object = StoredObject {
                size: received.size,
                etag: received.md5.clone(),
                md5: received.md5,
                checksum: ObjectChecksum {
                    algorithm: draft.algorithm,
                    coverage: Coverage::FullObject,
                    value: received
                        .checksums
                        .get(&draft.algorithm)
                        .cloned()
                        .unwrap_or_default(),
                },
                attributes: draft.attributes.clone(),
                tags: draft.tags.clone(),
                retention: draft.retention,
            };
            change.add_object(
                &draft.bucket,
                &draft.key,
                received.content,
                object,
                event_name,
            )
        })
    }
}

/// An object that is being uploaded.
struct Draft {
    bucket: Arc<Bucket>,
    key: String,
    condition: WriteCondition,
    attributes: Attributes,
    tags: Vec<(String, String)>,
    algorithm: Algorithm,
    retention: Option<Retention>,
}

impl Draft {
    fn of_request(
        bucket: &Arc<Bucket>,
        input: &mut PutObjectInput,
        algorithm: Option<Algorithm>,
    ) -> S3Result<Arc<Self>> {
        let until = input
            .object_lock_retain_until_date
            .as_ref()
            .map(from_dto_time)
            .transpose()?;
        Ok(Arc::new(Self {
            bucket: Arc::clone(bucket),
            key: std::mem::take(&mut input.key),
            condition: WriteCondition::of_request(
                input.if_match.take(),
                input.if_none_match.take(),
            )?,
            attributes: attributes!(input)?,
            tags: tagging::parse_header(input.tagging.as_deref())?,
            algorithm: algorithm.unwrap_or(Algorithm::Crc64Nvme),
            retention: Retention::of_new_version(
                bucket,
                input.object_lock_mode.as_ref(),
                until,
                Timestamp::now(),
            )?,
        }))
    }
}

fn refuse_unoffered(input: &PutObjectInput) -> S3Result<()> {
    refuse_if(
        input.sse_customer_key.is_some(),
        "customer-provided encryption keys",
    )?;
    refuse_if(input.write_offset_bytes.is_some(), "appending")?;
    refuse_legal_hold(input.object_lock_legal_hold_status.as_ref())
}

pub(super) fn refuse_legal_hold(status: Option<&ObjectLockLegalHoldStatus>) -> S3Result<()> {
    let is_on = status.is_some_and(|status| status.as_str() == ObjectLockLegalHoldStatus::ON);
    refuse_if(is_on, "legal holds")
}

fn output_of(version: &Version) -> PutObjectOutput {
    let mut output = PutObjectOutput {
        version_id: shown_version_id(version),
        ..PutObjectOutput::default()
    };
    if let State::Object(_, object) = &version.state {
        output.e_tag = Some(ETag::Strong(object.etag.clone()));
        output.checksum_type = Some(object.checksum.coverage.into());
        set_checksums!(output, (&object.checksum).into());
    }
    output
}

/// Adds what S3 sends with a posted object.
fn posted(output: PutObjectOutput, address: String) -> S3Response<PutObjectOutput> {
    let etag = output
        .e_tag
        .as_ref()
        .and_then(|etag| etag.to_http_header().ok());
    let version = output
        .version_id
        .as_ref()
        .and_then(|id| HeaderValue::from_str(id).ok());
    let mut response = S3Response::new(output);
    response.headers.extend(etag.map(|etag| (ETAG, etag)));
    response
        .headers
        .extend(version.map(|id| (HeaderName::from_static("x-amz-version-id"), id)));
    response.extensions.insert(PostedAt(address));
    response
}

/// Reads what several requests say about an object in fields of the same names.
macro_rules! attributes {
    ($input:expr) => {
        $crate::s3::put::expires_of($input.expires.as_ref()).map(|expires| {
            $crate::version::Attributes {
                cache_control: $input.cache_control.take(),
                content_disposition: $input.content_disposition.take(),
                content_encoding: $input.content_encoding.take(),
                content_language: $input.content_language.take(),
                content_type: $input.content_type.take(),
                expires,
                metadata: $input
                    .metadata
                    .take()
                    .unwrap_or_default()
                    .into_iter()
                    .collect(),
            }
            .without_transfer_coding()
        })
    };
}
pub(super) use attributes;

pub(super) fn expires_of(expires: Option<&s3s::dto::Timestamp>) -> S3Result<Option<Timestamp>> {
    expires.map(from_dto_time).transpose()
}
