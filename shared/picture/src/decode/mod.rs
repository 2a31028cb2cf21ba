//! From bytes of a known format to pixels and facts.

mod bmp;
mod errors;
mod gif;
mod jpeg;
mod png;
mod tiff;
mod webp;

use image::{DynamicImage, ImageDecoder};

use super::metadata::Found;
use super::{Color, Excess, Failure, Format, Limits, Technical};

/// A decoded original.
pub(super) struct Decoded {
    pub raster: Raster,
    pub icc: Option<Vec<u8>>,
    /// Width and height as stored, before orientation.
    pub stored_size: (u32, u32),
    pub technical: Technical,
}

/// Pixels with what their type doesn't say.
pub(super) struct Raster {
    pub pixels: DynamicImage,
    /// The four channels are amounts of cyan, magenta, yellow and black ink.
    pub is_ink: bool,
}

pub(super) fn decode(format: Format, original: &[u8], limits: &Limits) -> Result<Decoded, Failure> {
    match format {
        Format::Jpeg => jpeg::decode(original, limits),
        Format::Png => png::decode(original, limits),
        Format::Gif => gif::decode(original, limits),
        Format::WebP => webp::decode(original, limits),
        Format::Tiff => tiff::decode(original, limits),
        Format::Bmp => bmp::decode(original, limits),
    }
}

/// What a format's reader finds beside pixels.
struct Facts {
    format: Format,
    color: Color,
    has_alpha: bool,
    frames: Option<u32>,
    bit_depth: u8,
}

fn decoded(
    raster: Raster,
    icc: Option<Vec<u8>>,
    stored_size: (u32, u32),
    facts: Facts,
    found: Found,
) -> Decoded {
    let (width, height) = match found.orientation {
        5..=8 => (stored_size.1, stored_size.0),
        _ => stored_size,
    };
    let technical = Technical {
        format: facts.format,
        width,
        height,
        orientation: found.orientation,
        color: facts.color,
        has_alpha: facts.has_alpha,
        frames: facts.frames,
        bit_depth: facts.bit_depth,
        icc_profile_name: None,
        metadata: found.embedded,
    };
    Decoded {
        raster,
        icc,
        stored_size,
        technical,
    }
}

/// Checks a decoder's dimensions and its need of memory, in halves of the pixels' own size.
fn check(decoder: &impl ImageDecoder, half_copies: u64, limits: &Limits) -> Result<(), Failure> {
    let (width, height) = decoder.dimensions();
    limits.check_dimensions(width, height)?;
    limits.check_memory(decoder.total_bytes().saturating_mul(half_copies) / 2)
}

fn pixels(decoder: impl ImageDecoder) -> Result<Raster, Failure> {
    let pixels = DynamicImage::from_decoder(decoder).map_err(errors::from_image)?;
    Ok(Raster {
        pixels,
        is_ink: false,
    })
}

fn check_frames(frames: u32, limits: &Limits) -> Result<(), Failure> {
    if frames > limits.max_frames {
        return Err(Failure::TooLarge(Excess::Frames));
    }
    Ok(())
}
