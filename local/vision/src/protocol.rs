//! The wire: AWS JSON 1.1, one path, the operation in `X-Amz-Target`.

use std::sync::Arc;

use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Service;
use crate::failure::Failure;
use crate::operations::{detect_labels, detect_moderation_labels, detect_text};

/// The media type of AWS JSON 1.1.
pub(crate) const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// The largest picture in a request itself, and the largest in a bucket (Rekognition's quotas).
const MAX_INLINE_BYTES: usize = 5 * 1024 * 1024;
const MAX_OBJECT_BYTES: usize = 15 * 1024 * 1024;

/// `Image` of a request: bytes or an object in a bucket.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Image {
    bytes: Option<String>,
    s3_object: Option<S3Object>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct S3Object {
    bucket: String,
    name: String,
    version: Option<String>,
}

/// Answers every call of the service.
pub(crate) async fn answer(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    let body = body.map_err(|_| Failure::ImageTooLarge {
        limit_bytes: MAX_INLINE_BYTES,
    })?;
    let result = match operation(&headers) {
        Some("DetectLabels") => detect_labels(service, request(&body)?).await?,
        Some("DetectText") => detect_text(service, request(&body)?).await?,
        Some("DetectModerationLabels") => {
            detect_moderation_labels(service, request(&body)?).await?
        }
        _ => return Err(Failure::UnknownOperation),
    };
    let content_type = [(header::CONTENT_TYPE, CONTENT_TYPE)];
    Ok((content_type, result.to_string()).into_response())
}

fn operation(headers: &HeaderMap) -> Option<&str> {
    headers
        .get("x-amz-target")?
        .to_str()
        .ok()?
        .strip_prefix("RekognitionService.")
}

fn request<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|_| Failure::Malformed)
}

impl Service {
    /// The bytes of the picture that a request names.
    pub(crate) async fn read(&self, image: Image) -> Result<Bytes, Failure> {
        let (bytes, limit_bytes) = match (image.bytes, image.s3_object) {
            (Some(base64), None) => {
                let bytes = STANDARD.decode(base64).map_err(|_| Failure::Malformed)?;
                (Bytes::from(bytes), MAX_INLINE_BYTES)
            }
            (None, Some(object)) => (self.fetched(object).await?, MAX_OBJECT_BYTES),
            _ => {
                return Err(Failure::InvalidParameter(
                    "an image is either bytes or an S3 object",
                ));
            }
        };
        if bytes.len() > limit_bytes {
            return Err(Failure::ImageTooLarge { limit_bytes });
        }
        Ok(bytes)
    }

    async fn fetched(&self, object: S3Object) -> Result<Bytes, Failure> {
        (self.fetch)(object.bucket, object.name, object.version)
            .await
            .map_err(|error| {
                tracing::warn!(%error, "a picture could not be fetched");
                Failure::InvalidS3Object
            })
    }

    /// Runs `job` off the async threads when its turn has come.
    pub(crate) async fn work<T: Send + 'static>(
        self: Arc<Self>,
        job: impl FnOnce(&Self) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let stopped = |error: String| Failure::Internal(error);
        let service = Arc::clone(&self);
        let _turn = self
            .turns
            .acquire()
            .await
            .map_err(|error| stopped(error.to_string()))?;
        tokio::task::spawn_blocking(move || job(&service))
            .await
            .map_err(|error| stopped(error.to_string()))?
    }
}
