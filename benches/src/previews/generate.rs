//! Pictures like photographs, the same on every machine: structure on all scales, hard edges and
//! the noise of a sensor, which together decide how hard a JPEG is to decode.

use std::fs;
use std::path::Path;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use crate::Result;

/// Writes the generated pictures to a folder.
pub(super) fn fill(folder: &Path) -> Result<()> {
    let camera = photograph(4000, 3000);
    let large = photograph(6000, 4000);
    let web = photograph(1920, 1280);
    let files = [
        ("camera-12-megapixels.jpg", jpeg(&camera, false)?),
        ("camera-12-megapixels-progressive.jpg", jpeg(&camera, true)?),
        ("camera-24-megapixels.jpg", jpeg(&large, false)?),
        ("web-2-megapixels.jpg", jpeg(&web, false)?),
        ("photograph-2-megapixels.png", png(&web)?),
        ("screen-3-megapixels.png", png(&screen(2160, 1440))?),
    ];
    for (name, bytes) in files {
        fs::write(folder.join(name), bytes)?;
    }
    web.save(folder.join("photograph-2-megapixels.tif"))?;
    Ok(())
}

fn jpeg(picture: &RgbImage, is_progressive: bool) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 90);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_progressive(is_progressive);
    encoder.set_optimized_huffman_tables(true);
    let (width, height) = (picture.width().try_into()?, picture.height().try_into()?);
    encoder.encode(picture, width, height, ColorType::Rgb)?;
    Ok(file)
}

fn png(picture: &RgbImage) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    let (width, height) = picture.dimensions();
    PngEncoder::new(&mut file).write_image(picture, width, height, ExtendedColorType::Rgb8)?;
    Ok(file)
}

fn photograph(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let mut light = 128.0;
        let mut tint = 0.0;
        for octave in 2..11 {
            let scale = 1 << octave;
            // amplitudes fall with the frequency, as they do in nature
            let amplitude = (scale as f32).sqrt() * 1.6;
            light += amplitude * smooth(x, y, scale, octave);
            tint += amplitude * 0.4 * smooth(x, y, scale, octave + 100);
        }
        if smooth(x, y, 700, 50) > 0.15 {
            light -= 45.0;
        }
        light += 6.0 * noise(x, y, 7);
        // a conversion to an integer saturates
        Rgb([(light + tint) as u8, light as u8, (light - tint) as u8])
    })
}

/// Lines of letters on a plain ground.
fn screen(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let is_text_line = y % 24 < 14 && x > 80 && x < width - 80;
        let is_ink = is_text_line && noise(x / 3, y / 2, 3) > 0.2;
        if is_ink {
            Rgb([30, 30, 36])
        } else {
            Rgb([250, 250, 248])
        }
    })
}

/// Noise between -1 and 1 that changes smoothly over `scale` pixels.
fn smooth(x: u32, y: u32, scale: u32, seed: u32) -> f32 {
    let part = |at: u32| {
        let along = (at % scale) as f32 / scale as f32;
        along * along * (3.0 - 2.0 * along)
    };
    let (column, row) = (x / scale, y / scale);
    let mix = |from: f32, to: f32, part: f32| from + (to - from) * part;
    let corner = |right: u32, below: u32| noise(column + right, row + below, seed);
    let upper = mix(corner(0, 0), corner(1, 0), part(x));
    let lower = mix(corner(0, 1), corner(1, 1), part(x));
    mix(upper, lower, part(y))
}

/// A number between -1 and 1 that depends on nothing but the arguments.
fn noise(x: u32, y: u32, seed: u32) -> f32 {
    let mut hash = x
        .wrapping_mul(0x9E37_79B1)
        .wrapping_add(y.wrapping_mul(0x85EB_CA77))
        .wrapping_add(seed.wrapping_mul(0xC2B2_AE3D));
    hash = (hash ^ (hash >> 15)).wrapping_mul(0x2C1B_3C6D);
    hash = (hash ^ (hash >> 12)).wrapping_mul(0x297A_2D39);
    hash ^= hash >> 15;
    (hash >> 16) as f32 / 32_767.5 - 1.0
}
