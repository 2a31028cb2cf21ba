//! Rekognition: labels, text and moderation of previews (invariant 12). No face
//! or identity call exists here, and none may be added.

use aws_sdk_rekognition::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::{Image, S3Object, TextTypes},
};
use domain::asset::{DetectedText, Label, ModerationLabel};

/// Rekognition's answer did not come, or never will.
#[derive(Debug, thiserror::Error)]
pub enum VisionError {
    /// Throttled or away: the same call may succeed later.
    #[error("Rekognition can't answer now: {0}")]
    Unavailable(String),
    /// This picture is refused, however often it is tried.
    #[error("Rekognition refuses the picture: {0}")]
    Refused(String),
    /// This feature is off where the service runs.
    #[error("this feature is off here: {0}")]
    Off(String),
}

/// Labels under this confidence are not asked for.
pub const MIN_CONFIDENCE: f32 = 55.0;
/// At most this many labels are asked for, so that they fit one transaction.
pub const MAX_LABELS: i32 = 40;

/// Rekognition.
#[derive(Debug, Clone)]
pub struct Vision {
    client: Client,
}

fn failure<E, R>(error: SdkError<E, R>) -> VisionError
where
    E: ProvideErrorMetadata,
{
    let Some(service) = error.as_service_error() else {
        return VisionError::Unavailable("no answer".to_owned());
    };
    let code = service.code().unwrap_or("unknown").to_owned();
    match code.as_str() {
        "ImageTooLargeException" | "InvalidImageFormatException" | "InvalidParameterException" => {
            VisionError::Refused(code)
        }
        "AccessDeniedException" => VisionError::Off(service.message().unwrap_or(&code).to_owned()),
        _ => VisionError::Unavailable(code),
    }
}

fn image(bucket: &str, key: &str) -> Image {
    let object = S3Object::builder().bucket(bucket).name(key).build();
    Image::builder().s3_object(object).build()
}

impl Vision {
    /// Of the environment.
    #[must_use]
    pub fn new(aws: &aws_types::SdkConfig) -> Self {
        Self {
            client: Client::new(aws),
        }
    }

    /// What is seen in a picture.
    ///
    /// # Errors
    /// [`VisionError`].
    pub async fn labels(&self, bucket: &str, key: &str) -> Result<Vec<Label>, VisionError> {
        let answer = self
            .client
            .detect_labels()
            .image(image(bucket, key))
            .max_labels(MAX_LABELS)
            .min_confidence(MIN_CONFIDENCE)
            .send()
            .await
            .map_err(failure)?;
        let version = answer.label_model_version().unwrap_or("unknown");
        let model = format!("rekognition labels {version}");
        let labels = answer.labels().iter().filter_map(|label| {
            Some(Label {
                name: label.name()?.to_owned(),
                confidence: label.confidence()?,
                parents: label
                    .parents()
                    .iter()
                    .filter_map(|parent| parent.name().map(str::to_owned))
                    .collect(),
                model: model.clone(),
            })
        });
        Ok(labels.collect())
    }

    /// The lines of text in a picture.
    ///
    /// # Errors
    /// [`VisionError`].
    pub async fn text(&self, bucket: &str, key: &str) -> Result<Vec<DetectedText>, VisionError> {
        let answer = self
            .client
            .detect_text()
            .image(image(bucket, key))
            .send()
            .await
            .map_err(failure)?;
        let lines = answer
            .text_detections()
            .iter()
            .filter(|found| found.r#type() == Some(&TextTypes::Line))
            .filter_map(|found| {
                Some(DetectedText {
                    line: found.detected_text()?.to_owned(),
                    confidence: found.confidence()?,
                })
            });
        Ok(lines.collect())
    }

    /// Warnings of unsafe content in a picture.
    ///
    /// # Errors
    /// [`VisionError`].
    pub async fn moderation(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<Vec<ModerationLabel>, VisionError> {
        let answer = self
            .client
            .detect_moderation_labels()
            .image(image(bucket, key))
            .min_confidence(MIN_CONFIDENCE)
            .send()
            .await
            .map_err(failure)?;
        let labels = answer.moderation_labels().iter().filter_map(|label| {
            Some(ModerationLabel {
                name: label.name()?.to_owned(),
                parent: label.parent_name().unwrap_or_default().to_owned(),
                confidence: label.confidence()?,
            })
        });
        Ok(labels.collect())
    }
}
