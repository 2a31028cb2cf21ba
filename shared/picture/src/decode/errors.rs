use std::error::Error;
use std::io;

use image::ImageError;
use zune_jpeg::errors::DecodeErrors;

use crate::{Excess, Failure};

/// Longest reason that is kept, in characters.
const REASON_LENGTH: usize = 160;

pub(super) fn from_image(error: ImageError) -> Failure {
    match error {
        ImageError::Limits(_) => Failure::TooLarge(Excess::Memory),
        ImageError::Unsupported(_) => Failure::Unsupported(reason(&error)),
        _ if ends_early(&error) => Failure::Truncated,
        _ => Failure::Damaged(reason(&error)),
    }
}

pub(super) fn from_jpeg(error: DecodeErrors) -> Failure {
    match error {
        DecodeErrors::ExhaustedData => Failure::Truncated,
        DecodeErrors::Unsupported(_) => Failure::Unsupported(reason(&error)),
        _ if ends_early(&error) => Failure::Truncated,
        _ => Failure::Damaged(reason(&error)),
    }
}

/// Whether the end of the file is at the bottom of an error.
fn ends_early(error: &(dyn Error + 'static)) -> bool {
    let is_end = |error: &io::Error| error.kind() == io::ErrorKind::UnexpectedEof;
    let mut cause = Some(error);
    while let Some(error) = cause {
        let wrapped = match error.downcast_ref::<ImageError>() {
            Some(ImageError::IoError(error)) => Some(error),
            _ => None,
        };
        let io_error = error.downcast_ref::<io::Error>();
        if [wrapped, io_error].into_iter().flatten().any(is_end) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn reason(error: &dyn Error) -> String {
    error.to_string().chars().take(REASON_LENGTH).collect()
}
