//! Object storage: presigned addresses for people, whole objects for functions.

mod address;

use aws_sdk_s3::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    primitives::ByteStream,
    types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, Delete, ObjectIdentifier},
};
use bytes::Bytes;

use crate::env::{ConfigError, Env};

pub use address::{DOWNLOAD_ADDRESS, Expected, Presigned, UPLOAD_ADDRESS};

/// S3 did not do as it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// There is no such object or upload.
    #[error("there is no such object")]
    Missing,
    /// The object's parts or conditions are not as they were named.
    #[error("S3 refuses: {0}")]
    Refused(String),
    /// Busy or away: the same call may succeed later.
    #[error("S3 can't answer now: {0}")]
    Unavailable(String),
}

fn failure<E, R>(error: SdkError<E, R>) -> ObjectError
where
    E: ProvideErrorMetadata,
{
    let Some(service) = error.as_service_error() else {
        return ObjectError::Unavailable("no answer".to_owned());
    };
    let code = service.code().unwrap_or("unknown").to_owned();
    match code.as_str() {
        "NoSuchKey" | "NoSuchUpload" | "NotFound" | "NoSuchVersion" => ObjectError::Missing,
        "InvalidPart" | "InvalidPartOrder" | "EntityTooSmall" | "PreconditionFailed"
        | "InvalidRequest" | "BadDigest" | "AccessDenied" => ObjectError::Refused(code),
        _ => ObjectError::Unavailable(code),
    }
}

/// What is known of an object.
#[derive(Debug, Clone)]
pub struct ObjectInfo {
    /// Its size.
    pub size_bytes: u64,
    /// Its content type.
    pub content_type: Option<String>,
    /// Its entity tag, without quotes.
    pub etag: String,
    /// Its version.
    pub version: Option<String>,
}

/// A part that has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 1.
    pub number: u32,
    /// Its entity tag, without quotes.
    pub etag: String,
    /// Its size.
    pub size_bytes: u64,
}

/// One version or delete marker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectVersion {
    /// Its key.
    pub key: String,
    /// Its version.
    pub version: String,
}

/// One bucket.
#[derive(Debug, Clone)]
pub struct Objects {
    client: Client,
    bucket: String,
}

fn number(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

fn unquoted(etag: Option<&str>) -> String {
    etag.unwrap_or_default().trim_matches('"').to_owned()
}

impl Objects {
    /// The bucket that the variable names.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn new(
        aws: &aws_types::SdkConfig,
        env: &Env,
        variable: &'static str,
    ) -> Result<Self, ConfigError> {
        let path_style = env.optional("S3_FORCE_PATH_STYLE") == Some("true");
        let config = aws_sdk_s3::config::Builder::from(aws)
            .force_path_style(path_style)
            .build();
        Ok(Self {
            client: Client::from_conf(config),
            bucket: env.required(variable)?,
        })
    }

    /// The bucket's name.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// What is known of an object.
    ///
    /// # Errors
    /// [`ObjectError::Missing`].
    pub async fn head(&self, key: &str) -> Result<ObjectInfo, ObjectError> {
        let answer = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            // a HEAD's error has no body and so no code
            Err(error)
                if error
                    .raw_response()
                    .is_some_and(|r| r.status().as_u16() == 404) =>
            {
                return Err(ObjectError::Missing);
            }
            Err(error) => return Err(failure(error)),
        };
        Ok(ObjectInfo {
            size_bytes: number(answer.content_length().unwrap_or_default()),
            content_type: answer.content_type().map(str::to_owned),
            etag: unquoted(answer.e_tag()),
            version: answer.version_id().map(str::to_owned),
        })
    }

    /// An object's bytes.
    ///
    /// # Errors
    /// [`ObjectError::Missing`].
    pub async fn get(&self, key: &str) -> Result<Bytes, ObjectError> {
        let answer = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
            .map_err(failure)?;
        let body = answer.body.collect().await;
        let body = body.map_err(|e| ObjectError::Unavailable(e.to_string()))?;
        Ok(body.into_bytes())
    }

    /// Stores an object.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn put(
        &self,
        key: &str,
        content_type: &str,
        bytes: Bytes,
    ) -> Result<(), ObjectError> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(failure)?;
        Ok(())
    }

    /// Begins an upload in parts. Returns its id.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn create_multipart(
        &self,
        key: &str,
        content_type: &str,
    ) -> Result<String, ObjectError> {
        let answer = self
            .client
            .create_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
            .send()
            .await
            .map_err(failure)?;
        answer
            .upload_id
            .ok_or_else(|| ObjectError::Unavailable("no upload id".to_owned()))
    }

    /// The parts that have arrived, all pages.
    ///
    /// # Errors
    /// [`ObjectError::Missing`] when the upload is over.
    pub async fn parts(&self, key: &str, upload: &str) -> Result<Vec<Part>, ObjectError> {
        let mut parts = Vec::new();
        let mut pages = self
            .client
            .list_parts()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failure)?;
            parts.extend(page.parts().iter().map(|part| Part {
                number: u32::try_from(part.part_number().unwrap_or_default()).unwrap_or_default(),
                etag: unquoted(part.e_tag()),
                size_bytes: number(part.size().unwrap_or_default()),
            }));
        }
        Ok(parts)
    }

    /// Joins the parts.
    ///
    /// # Errors
    /// [`ObjectError::Refused`] when they are not as named.
    pub async fn complete(
        &self,
        key: &str,
        upload: &str,
        parts: &[Part],
    ) -> Result<(), ObjectError> {
        let parts = parts
            .iter()
            .map(|part| {
                CompletedPart::builder()
                    .part_number(i32::try_from(part.number).unwrap_or(i32::MAX))
                    .e_tag(&part.etag)
                    .build()
            })
            .collect();
        let joined = CompletedMultipartUpload::builder()
            .set_parts(Some(parts))
            .build();
        self.client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload)
            .multipart_upload(joined)
            .send()
            .await
            .map_err(failure)?;
        Ok(())
    }

    /// Gives an upload in parts up; one that is over is no error.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn abort(&self, key: &str, upload: &str) -> Result<(), ObjectError> {
        let answer = self
            .client
            .abort_multipart_upload()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload)
            .send()
            .await;
        match answer.map_err(failure) {
            Ok(_) | Err(ObjectError::Missing) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Unfinished uploads whose keys begin so: key and upload id.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn unfinished(&self, prefix: &str) -> Result<Vec<(String, String)>, ObjectError> {
        let answer = self
            .client
            .list_multipart_uploads()
            .bucket(&self.bucket)
            .prefix(prefix)
            .send()
            .await
            .map_err(failure)?;
        let uploads = answer
            .uploads()
            .iter()
            .filter_map(|upload| Some((upload.key()?.to_owned(), upload.upload_id()?.to_owned())));
        Ok(uploads.collect())
    }

    /// Up to 1,000 versions and delete markers whose keys begin so.
    ///
    /// # Errors
    /// [`ObjectError`].
    pub async fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>, ObjectError> {
        let answer = self
            .client
            .list_object_versions()
            .bucket(&self.bucket)
            .prefix(prefix)
            .send()
            .await
            .map_err(failure)?;
        let entry = |key: Option<&str>, version: Option<&str>| {
            Some(ObjectVersion {
                key: key?.to_owned(),
                version: version.unwrap_or("null").to_owned(),
            })
        };
        let versions = answer
            .versions()
            .iter()
            .filter_map(|v| entry(v.key(), v.version_id()));
        let markers = answer
            .delete_markers()
            .iter()
            .filter_map(|m| entry(m.key(), m.version_id()));
        Ok(versions.chain(markers).collect())
    }

    /// Destroys up to 1,000 versions for good.
    ///
    /// # Errors
    /// [`ObjectError`]; versions that could not be destroyed are an error too.
    pub async fn destroy(&self, versions: &[ObjectVersion]) -> Result<(), ObjectError> {
        if versions.is_empty() {
            return Ok(());
        }
        let mut objects = Vec::with_capacity(versions.len());
        for version in versions {
            let object = ObjectIdentifier::builder()
                .key(&version.key)
                .version_id(&version.version)
                .build()
                .map_err(|e| ObjectError::Refused(e.to_string()))?;
            objects.push(object);
        }
        let delete = Delete::builder()
            .set_objects(Some(objects))
            .quiet(true)
            .build()
            .map_err(|e| ObjectError::Refused(e.to_string()))?;
        let answer = self
            .client
            .delete_objects()
            .bucket(&self.bucket)
            .delete(delete)
            .send()
            .await
            .map_err(failure)?;
        match answer.errors().first() {
            None => Ok(()),
            Some(error) => Err(ObjectError::Unavailable(
                error.code().unwrap_or("unknown").to_owned(),
            )),
        }
    }
}
