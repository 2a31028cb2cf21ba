//! From the bytes of a request to upright RGB pixels, within Rekognition's limits.

use std::io::Cursor;

use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::imageops::{FilterType, crop_imm, resize};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageResult, Rgb, RgbImage};

use crate::failure::Failure;

/// The smallest and largest side, in pixels (Rekognition's quotas).
const SIDE_PIXELS: std::ops::RangeInclusive<u32> = 80..=10_000;

/// A decoded picture.
pub(crate) struct Picture {
    pixels: RgbImage,
}

/// A level rectangle of a picture, in pixels.
#[derive(Clone, Copy)]
pub(crate) struct Area {
    pub(crate) left: u32,
    pub(crate) top: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Picture {
    /// Decodes a JPEG or PNG and turns it upright as its EXIF data says.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Failure> {
        // the two decoders by name: `ImageReader` would compile those of every format
        match image::guess_format(bytes) {
            Ok(ImageFormat::Jpeg) => Self::decoded(JpegDecoder::new(Cursor::new(bytes))),
            Ok(ImageFormat::Png) => Self::decoded(PngDecoder::new(Cursor::new(bytes))),
            _ => Err(Failure::InvalidImageFormat),
        }
    }

    fn decoded(decoder: ImageResult<impl ImageDecoder>) -> Result<Self, Failure> {
        let invalid = |_| Failure::InvalidImageFormat;
        let mut decoder = decoder.map_err(invalid)?;
        let (width, height) = decoder.dimensions();
        if !SIDE_PIXELS.contains(&width) || !SIDE_PIXELS.contains(&height) {
            return Err(Failure::InvalidParameter(
                "each side of an image has between 80 and 10000 pixels",
            ));
        }
        let orientation = decoder.orientation().map_err(invalid)?;
        let mut image = DynamicImage::from_decoder(decoder).map_err(invalid)?;
        image.apply_orientation(orientation);
        Ok(Self {
            pixels: on_white(image),
        })
    }

    /// Width and height in pixels.
    pub(crate) fn size(&self) -> (u32, u32) {
        self.pixels.dimensions()
    }

    /// The whole picture.
    pub(crate) fn whole(&self) -> Area {
        let (width, height) = self.size();
        Area {
            left: 0,
            top: 0,
            width,
            height,
        }
    }

    /// Red, green and blue (0 to 255) between the four pixels around a point; the border goes on
    /// outside.
    pub(crate) fn colour_at(&self, (x, y): (f64, f64)) -> [f32; 3] {
        let (width, height) = self.size();
        let along = |at: f64, size: u32| {
            let at = (at - 0.5).clamp(0.0, f64::from(size - 1));
            let low = at.floor();
            (
                low as u32,
                (low as u32 + 1).min(size - 1),
                (at - low) as f32,
            )
        };
        let (left, right, to_right) = along(x, width);
        let (top, bottom, down) = along(y, height);
        let mix = |a: f32, b: f32, part: f32| a + (b - a) * part;
        std::array::from_fn(|channel| {
            let at = |x, y| f32::from(self.pixels.get_pixel(x, y).0[channel]);
            let above = mix(at(left, top), at(right, top), to_right);
            let below = mix(at(left, bottom), at(right, bottom), to_right);
            mix(above, below, down)
        })
    }

    /// `area` scaled to `width` × `height` pixels.
    pub(crate) fn scaled(
        &self,
        area: Area,
        (width, height): (u32, u32),
        filter: FilterType,
    ) -> RgbImage {
        let part = crop_imm(&self.pixels, area.left, area.top, area.width, area.height);
        resize(&*part, width, height, filter)
    }
}

/// Transparent pixels show white, as a page would.
fn on_white(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let image = image.into_rgba8();
    let mut opaque = RgbImage::new(image.width(), image.height());
    for (to, from) in opaque.pixels_mut().zip(image.pixels()) {
        let [red, green, blue, alpha] = from.0;
        let over = |channel: u8| {
            let alpha = u16::from(alpha);
            // at most 255 × 255 / 255
            ((u16::from(channel) * alpha + 255 * (255 - alpha)) / 255) as u8
        };
        *to = Rgb([over(red), over(green), over(blue)]);
    }
    opaque
}
