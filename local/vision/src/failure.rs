//! Errors in the shape that Rekognition gives them (AWS JSON 1.1).

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a call has no result. The text of a variant is the message that the client reads.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("Request has invalid image format")]
    InvalidImageFormat,
    #[error(
        "Unable to get object metadata from S3. Check object key, region and/or access permissions."
    )]
    InvalidS3Object,
    #[error("The input image is larger than the limit of {limit_bytes} bytes")]
    ImageTooLarge { limit_bytes: usize },
    #[error("Request has invalid parameters: {0}")]
    InvalidParameter(&'static str),
    #[error("{0}: off on one machine, for want of a model that can do it")]
    Off(&'static str),
    #[error("The request is not the JSON of this operation")]
    Malformed,
    #[error("This operation is not served on one machine")]
    UnknownOperation,
    /// The text goes to the log; the client learns only that the service failed.
    #[error("Internal server error")]
    Internal(String),
}

impl Failure {
    /// The name of the exception and its status, from Rekognition's API model.
    fn exception(&self) -> (&'static str, StatusCode) {
        let bad_request = StatusCode::BAD_REQUEST;
        match self {
            Self::InvalidImageFormat => ("InvalidImageFormatException", bad_request),
            Self::InvalidS3Object => ("InvalidS3ObjectException", bad_request),
            Self::ImageTooLarge { .. } => ("ImageTooLargeException", bad_request),
            Self::InvalidParameter(_) => ("InvalidParameterException", bad_request),
            Self::Off(_) => ("AccessDeniedException", bad_request),
            Self::Malformed => ("SerializationException", bad_request),
            Self::UnknownOperation => ("UnknownOperationException", bad_request),
            Self::Internal(_) => ("InternalServerError", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if let Self::Internal(cause) = &self {
            tracing::error!(cause, "a picture could not be worked on");
        }
        let (exception, status) = self.exception();
        let body = json!({ "__type": exception, "Message": self.to_string() });
        let content_type = [(header::CONTENT_TYPE, crate::protocol::CONTENT_TYPE)];
        (status, content_type, body.to_string()).into_response()
    }
}
