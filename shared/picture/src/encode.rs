use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder, EncodingError, SamplingFactor};

use super::Failure;

/// Where artefacts stop being seen at the size of a screen.
pub(super) const PREVIEW_QUALITY: u8 = 82;
/// A thumbnail is seen small and travels by the dozen.
pub(super) const THUMBNAIL_QUALITY: u8 = 80;

/// A JPEG file of sRGB pixels, without metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jpeg {
    /// The file.
    pub bytes: Vec<u8>,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

impl Jpeg {
    /// The media type to store the file under.
    pub const CONTENT_TYPE: &'static str = "image/jpeg";
}

pub(super) fn jpeg(pixels: &RgbImage, quality: u8) -> Result<Jpeg, Failure> {
    let (width, height) = pixels.dimensions();
    let mut bytes = Vec::with_capacity(pixels.len() / 8);
    write(pixels, quality, &mut bytes)
        .map_err(|error| Failure::Damaged(format!("encoding: {error}")))?;
    Ok(Jpeg {
        bytes,
        width,
        height,
    })
}

fn write(pixels: &RgbImage, quality: u8, file: &mut Vec<u8>) -> Result<(), EncodingError> {
    let side = |pixels: u32| u16::try_from(pixels).unwrap_or(u16::MAX);
    let mut encoder = Encoder::new(file, quality);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.encode(
        pixels,
        side(pixels.width()),
        side(pixels.height()),
        ColorType::Rgb,
    )
}
