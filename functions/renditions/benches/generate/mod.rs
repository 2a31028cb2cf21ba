//! Pictures like photographs, the same on every machine: structure on all scales, hard edges and
//! the noise of a sensor, which together decide how hard a JPEG is to decode.

use std::fs;
use std::path::Path;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// Writes the generated pictures to a new folder.
pub fn fill(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let camera = photograph(4000, 3000);
    let write = |name: &str, bytes: Vec<u8>| fs::write(folder.join(name), bytes).unwrap();
    write("camera-12-megapixels.jpg", jpeg(&camera, false));
    write("camera-12-megapixels-progressive.jpg", jpeg(&camera, true));
    write(
        "camera-24-megapixels.jpg",
        jpeg(&photograph(6000, 4000), false),
    );
    let web = photograph(1920, 1280);
    write("web-2-megapixels.jpg", jpeg(&web, false));
    write("photograph-2-megapixels.png", png(&web));
    write("screen-3-megapixels.png", png(&screen(2160, 1440)));
    web.save(folder.join("photograph-2-megapixels.tif"))
        .unwrap();
}

fn jpeg(picture: &RgbImage, is_progressive: bool) -> Vec<u8> {
    let side = |pixels: u32| u16::try_from(pixels).unwrap();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 90);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    encoder.set_progressive(is_progressive);
    encoder.set_optimized_huffman_tables(true);
    encoder
        .encode(
            picture,
            side(picture.width()),
            side(picture.height()),
            ColorType::Rgb,
        )
        .unwrap();
    file
}

fn png(picture: &RgbImage) -> Vec<u8> {
    let mut file = Vec::new();
    PngEncoder::new(&mut file)
        .write_image(
            picture,
            picture.width(),
            picture.height(),
            ExtendedColorType::Rgb8,
        )
        .unwrap();
    file
}

fn photograph(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let mut light = 128.0;
        let mut tint = 0.0;
        for octave in 2..11 {
            let scale = 1 << octave;
            // amplitudes fall with the frequency, as they do in nature
            let amplitude = f32::from(u16::try_from(scale).unwrap()).sqrt() * 1.6;
            light += amplitude * smooth(x, y, scale, octave);
            tint += amplitude * 0.4 * smooth(x, y, scale, octave + 100);
        }
        if smooth(x, y, 700, 50) > 0.15 {
            light -= 45.0;
        }
        light += 6.0 * noise(x, y, 7);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped"
        )]
        let channel = |value: f32| value.clamp(0.0, 255.0) as u8;
        Rgb([channel(light + tint), channel(light), channel(light - tint)])
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
    #[expect(clippy::cast_precision_loss, reason = "a fraction of a cell")]
    let part = |at: u32| {
        let along = (at % scale) as f32 / scale as f32;
        along * along * (3.0 - 2.0 * along)
    };
    let (column, row) = (x / scale, y / scale);
    let mix = |from: f32, to: f32, part: f32| from + (to - from) * part;
    let upper = mix(
        noise(column, row, seed),
        noise(column + 1, row, seed),
        part(x),
    );
    let lower = mix(
        noise(column, row + 1, seed),
        noise(column + 1, row + 1, seed),
        part(x),
    );
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
    f32::from(u16::try_from(hash >> 16).unwrap()) / 32_767.5 - 1.0
}
