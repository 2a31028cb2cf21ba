use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

use super::{Decoded, Facts, Raster, decoded, errors};
use crate::jpeg_header::{self, JpegHeader};
use crate::metadata::{self, Sources, iptc};
use crate::{Color, Excess, Failure, Format, Limits};

pub(super) fn decode(original: &[u8], limits: &Limits) -> Result<Decoded, Failure> {
    let header = jpeg_header::read(original)?;
    check(&header, limits)?;
    let options = DecoderOptions::default()
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(original), options);
    decoder.decode_headers().map_err(errors::from_jpeg)?;
    let stored = decoder.input_colorspace().unwrap_or(ColorSpace::YCbCr);
    let shown = match stored {
        ColorSpace::YCbCr => ColorSpace::RGB,
        other => other,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(shown));
    let samples = decoder.decode().map_err(errors::from_jpeg)?;
    let (raster, color) = raster(samples, header.width, header.height, stored)?;

    let found = metadata::read(&Sources {
        exif: decoder.exif().map(Vec::as_slice),
        xmp: decoder.xmp().map(Vec::as_slice),
        iptc: header.photoshop.and_then(iptc::in_photoshop_resources),
    });
    let facts = Facts {
        format: Format::Jpeg,
        color,
        has_alpha: false,
        frames: None,
        bit_depth: 8,
    };
    let stored_size = (header.width, header.height);
    Ok(decoded(
        raster,
        decoder.icc_profile(),
        stored_size,
        facts,
        found,
    ))
}

fn check(header: &JpegHeader, limits: &Limits) -> Result<(), Failure> {
    limits.check_dimensions(header.width, header.height)?;
    if header.scans > limits.max_scans {
        return Err(Failure::TooLarge(Excess::Scans));
    }
    limits.check_memory(memory(header))
}

/// The pixels, and the coefficients that a progressive file builds up over its scans.
fn memory(header: &JpegHeader) -> u64 {
    let pixels = u64::from(header.width) * u64::from(header.height);
    let coefficients = if header.is_progressive {
        header.samples * 2
    } else {
        0
    };
    pixels * u64::from(header.components) + coefficients
}

fn raster(
    mut samples: Vec<u8>,
    width: u32,
    height: u32,
    stored: ColorSpace,
) -> Result<(Raster, Color), Failure> {
    let (pixels, color) = match stored {
        ColorSpace::Luma => (
            GrayImage::from_raw(width, height, samples).map(DynamicImage::from),
            Color::Grey,
        ),
        ColorSpace::YCbCr | ColorSpace::RGB => (
            RgbImage::from_raw(width, height, samples).map(DynamicImage::from),
            Color::Rgb,
        ),
        ColorSpace::CMYK | ColorSpace::YCCK => {
            to_inks(&mut samples, stored);
            (
                RgbaImage::from_raw(width, height, samples).map(DynamicImage::from),
                Color::Cmyk,
            )
        }
        other => return Err(Failure::Unsupported(format!("JPEG of {other:?}"))),
    };
    let pixels = pixels.ok_or_else(|| Failure::Damaged("samples don't fill the frame".into()))?;
    let is_ink = color == Color::Cmyk;
    Ok((Raster { pixels, is_ink }, color))
}

/// Adobe stores inks inverted, 255 for none, and YCCK as the luminance and chrominance of the
/// inverted inverse (Adobe Technical Note 5116).
fn to_inks(samples: &mut [u8], stored: ColorSpace) {
    for pixel in samples.as_chunks_mut::<4>().0 {
        let [a, b, c, black] = *pixel;
        let [cyan, magenta, yellow] = match stored {
            ColorSpace::YCCK => rgb(a, b, c),
            _ => [255 - a, 255 - b, 255 - c],
        };
        *pixel = [cyan, magenta, yellow, 255 - black];
    }
}

/// JFIF's conversion (ITU-T T.871 section 7), in 65536ths.
fn rgb(luminance: u8, blue: u8, red: u8) -> [u8; 3] {
    let (y, cb, cr) = (
        i32::from(luminance) << 16,
        i32::from(blue) - 128,
        i32::from(red) - 128,
    );
    let channel = |value: i32| u8::try_from(((value + (1 << 15)) >> 16).clamp(0, 255)).unwrap_or(0);
    [
        channel(y + 91_881 * cr),
        channel(y - 22_554 * cb - 46_802 * cr),
        channel(y + 116_130 * cb),
    ]
}
