//! Fixtures, and a second look at what the library writes.
#![allow(dead_code, reason = "each test binary uses its share")]

use std::fs;
use std::path::PathBuf;

use image::{ImageFormat, Rgb, RgbImage};
use picture::{Failure, Jpeg, Limits, Renditions, sniff};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The names of all pictures beside the script that writes them.
pub fn fixture_names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with(".py"))
        .collect();
    names.sort();
    assert!(names.len() > 30);
    names
}

pub fn fixture(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

pub fn render(original: &[u8], content_type: &str) -> Result<Renditions, Failure> {
    picture::render(original, content_type, &Limits::default())
}

pub fn render_fixture(name: &str) -> Result<Renditions, Failure> {
    let original = fixture(name);
    let format = sniff(&original).expect(name);
    render(&original, format.content_type())
}

/// The pixels as a viewer shows them.
pub fn pixels(picture: &Jpeg) -> RgbImage {
    let shown = image::load_from_memory_with_format(&picture.bytes, ImageFormat::Jpeg)
        .unwrap()
        .into_rgb8();
    assert_eq!(shown.dimensions(), (picture.width, picture.height));
    shown
}

/// The middles of the four quarters, in reading order.
pub fn assert_scene(renditions: &Renditions, expected: [[u8; 3]; 4], name: &str) {
    let technical = &renditions.technical;
    assert_eq!((technical.width, technical.height), (64, 48), "{name}");
    for picture in [&renditions.preview, &renditions.thumbnail] {
        let shown = pixels(picture);
        let places = [(16, 12), (48, 12), (16, 36), (48, 36)];
        for ((x, y), color) in places.into_iter().zip(expected) {
            assert_near(shown.get_pixel(x, y), color, name);
        }
    }
}

/// Within what JPEG at these qualities loses.
pub fn assert_near(pixel: &Rgb<u8>, expected: [u8; 3], name: &str) {
    for (channel, expected) in pixel.0.into_iter().zip(expected) {
        assert!(
            channel.abs_diff(expected) <= 8,
            "{name}: {pixel:?} is not near {expected:?}"
        );
    }
}

pub fn gradient(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let shade = |at: u32, of: u32| u8::try_from(u64::from(at) * 255 / u64::from(of)).unwrap();
        Rgb([shade(x, width), shade(y, height), 128])
    })
}

pub fn jpeg(picture: &RgbImage) -> Vec<u8> {
    let (width, height) = picture.dimensions();
    let mut file = Vec::new();
    jpeg_encoder::Encoder::new(&mut file, 92)
        .encode(
            picture,
            u16::try_from(width).unwrap(),
            u16::try_from(height).unwrap(),
            jpeg_encoder::ColorType::Rgb,
        )
        .unwrap();
    file
}

/// A JPEG with an ICC profile in APP2 (ICC.1 annex B.4).
pub fn spliced_profile(jpeg: &[u8], profile: &[u8]) -> Vec<u8> {
    let length = u16::try_from(profile.len() + 16).unwrap();
    [
        &jpeg[..2],
        b"\xFF\xE2",
        &length.to_be_bytes(),
        b"ICC_PROFILE\0\x01\x01",
        profile,
        &jpeg[2..],
    ]
    .concat()
}

/// Marker and length of each segment up to the first scan.
pub fn jpeg_segments(file: &[u8]) -> Vec<(u8, usize)> {
    let mut segments = Vec::new();
    let mut position = 2;
    loop {
        assert_eq!(file[position], 0xFF);
        let marker = file[position + 1];
        let length = usize::from(u16::from_be_bytes([file[position + 2], file[position + 3]]));
        segments.push((marker, length));
        position += 2 + length;
        if marker == 0xDA {
            return segments;
        }
    }
}
