//! Presigned addresses: what a person's browser sends to a bucket, or reads from it.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use base64::{Engine, engine::general_purpose::STANDARD};

use super::{ObjectError, Objects, failure};

/// How long an address for an upload holds.
pub const UPLOAD_ADDRESS: Duration = Duration::from_secs(3600);
/// How long an address for a download holds.
pub const DOWNLOAD_ADDRESS: Duration = Duration::from_secs(300);

/// A request that a person's browser may send as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presigned {
    /// `PUT` or `GET`.
    pub method: String,
    /// The address with its signature.
    pub url: String,
    /// The headers that are signed and must be sent.
    pub headers: Vec<(String, String)>,
}

/// What an upload must be, to the byte.
#[derive(Debug, Clone)]
pub struct Expected<'a> {
    /// The content type.
    pub content_type: &'a str,
    /// The exact size.
    pub size_bytes: u64,
    /// SHA-256 of the whole, hexadecimal.
    pub sha256: &'a str,
}

fn sha256_base64(hexadecimal: &str) -> Result<String, ObjectError> {
    let bytes = hex::decode(hexadecimal).map_err(|e| ObjectError::Refused(e.to_string()))?;
    Ok(STANDARD.encode(bytes))
}

/// RFC 6266: a plain name for old clients, the exact one for the others.
fn content_disposition(name: &str) -> String {
    const ATTR_CHAR: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'.')
        .remove(b'-')
        .remove(b'_')
        .remove(b'~');
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') {
                c
            } else {
                '_'
            }
        })
        .collect();
    let exact = percent_encoding::utf8_percent_encode(name, ATTR_CHAR);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}")
}

impl Objects {
    /// An address that takes exactly the expected bytes, once, as this key.
    ///
    /// # Errors
    /// [`ObjectError`]; nothing is sent, presigning is arithmetic.
    pub async fn presign_put(
        &self,
        key: &str,
        expected: &Expected<'_>,
    ) -> Result<Presigned, ObjectError> {
        let presigned = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(expected.content_type)
            .content_length(i64::try_from(expected.size_bytes).unwrap_or(i64::MAX))
            .checksum_sha256(sha256_base64(expected.sha256)?)
            .if_none_match("*")
            .presigned(config(UPLOAD_ADDRESS)?)
            .await
            .map_err(failure)?;
        Ok(present(&presigned))
    }

    /// An address that takes one part of this size.
    ///
    /// # Errors
    /// [`ObjectError`]; nothing is sent.
    pub async fn presign_part(
        &self,
        key: &str,
        upload: &str,
        part: u32,
        size_bytes: u64,
    ) -> Result<Presigned, ObjectError> {
        let presigned = self
            .client
            .upload_part()
            .bucket(&self.bucket)
            .key(key)
            .upload_id(upload)
            .part_number(i32::try_from(part).unwrap_or(i32::MAX))
            .content_length(i64::try_from(size_bytes).unwrap_or(i64::MAX))
            .presigned(config(UPLOAD_ADDRESS)?)
            .await
            .map_err(failure)?;
        Ok(present(&presigned))
    }

    /// An address from which an object may be read for five minutes; with a
    /// name, it is saved under that name.
    ///
    /// # Errors
    /// [`ObjectError`]; nothing is sent.
    pub async fn presign_get(
        &self,
        key: &str,
        save_as: Option<&str>,
    ) -> Result<Presigned, ObjectError> {
        let presigned = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .set_response_content_disposition(save_as.map(content_disposition))
            .presigned(config(DOWNLOAD_ADDRESS)?)
            .await
            .map_err(failure)?;
        Ok(present(&presigned))
    }
}

fn config(valid: Duration) -> Result<PresigningConfig, ObjectError> {
    PresigningConfig::expires_in(valid).map_err(|e| ObjectError::Refused(e.to_string()))
}

fn present(request: &aws_sdk_s3::presigning::PresignedRequest) -> Presigned {
    let headers = request
        .headers()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    Presigned {
        method: request.method().to_owned(),
        url: request.uri().to_owned(),
        headers,
    }
}
