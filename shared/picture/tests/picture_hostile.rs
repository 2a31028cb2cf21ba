//! Files made to break a decoder: every one ends as a failure or a picture, within the limits.
//!
//! All checks run in one test: the allocator counts for the whole process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod picture_support;

use std::io::Write;

use peak_alloc::PeakAlloc;
use picture::{Excess, Failure, Limits, Renditions, render, sniff};
use picture_support::{fixture, fixture_names};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const MEBIBYTE: usize = 1 << 20;

#[test]
fn hostile_files_end_within_the_limits() {
    claimed_dimensions_are_refused_before_pixels();
    inflating_chunks_are_bounded();
    frames_scans_and_rings_are_bounded();
    pixels_that_are_missing_cost_no_more_than_allowed();
    damaged_fixtures_never_panic_nor_exceed();
}

/// The outcome, and the most bytes held at a time beside the file.
fn measured(
    file: &[u8],
    content_type: &str,
    limits: &Limits,
) -> (Result<Renditions, Failure>, usize) {
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let outcome = render(file, content_type, limits);
    (outcome, ALLOCATOR.peak_usage().saturating_sub(before))
}

fn assert_too_large(file: &[u8], expected: Excess, most: usize) {
    let content_type = sniff(file).unwrap().content_type();
    let (outcome, peak) = measured(file, content_type, &Limits::default());
    assert_eq!(
        outcome.unwrap_err(),
        Failure::TooLarge(expected),
        "{content_type}"
    );
    assert!(peak < most, "{content_type}: {peak} bytes");
}

fn claimed_dimensions_are_refused_before_pixels() {
    let excess = |width, height| Excess::Dimensions { width, height };
    let mut png = png(60_000, 60_000, &[]);
    png.resize(50_000, 0);
    assert_too_large(&png, excess(60_000, 60_000), MEBIBYTE);
    assert_too_large(&gif(65_535, 65_535, 1), excess(65_535, 65_535), MEBIBYTE);
    assert_too_large(&jpeg(65_500, 65_500, 1), excess(65_500, 65_500), MEBIBYTE);
    assert_too_large(&bmp(200_000, 200_000), excess(200_000, 200_000), MEBIBYTE);
    assert_too_large(&webp(16_384, 16_384), excess(16_384, 16_384), MEBIBYTE);
    assert_too_large(
        &tiff(100_000, 100_000, 0),
        excess(100_000, 100_000),
        MEBIBYTE,
    );
}

fn inflating_chunks_are_bounded() {
    let bomb = deflated_zeros(300 * MEBIBYTE);
    assert!(bomb.len() < MEBIBYTE);
    let chunks = [
        chunk(b"iCCP", &[b"p\0\0", bomb.as_slice()].concat()),
        chunk(b"zTXt", &[b"Comment\0\0", bomb.as_slice()].concat()),
        chunk(
            b"iTXt",
            &[b"XML:com.adobe.xmp\0\x01\0\0\0", bomb.as_slice()].concat(),
        ),
    ];
    for bomb in chunks {
        let file = png(16, 16, &bomb);
        let (outcome, peak) = measured(&file, "image/png", &Limits::default());
        assert!(outcome.is_ok(), "the pixels are sound: {outcome:?}");
        assert!(peak < 48 * MEBIBYTE, "{peak} bytes");
    }
}

fn frames_scans_and_rings_are_bounded() {
    assert_too_large(&gif(8, 8, 20_000), Excess::Frames, MEBIBYTE);
    let actl = chunk(b"acTL", &[u32::MAX.to_be_bytes(), [0; 4]].concat());
    assert_too_large(&png(16, 16, &actl), Excess::Frames, MEBIBYTE);
    assert_too_large(&jpeg(16, 16, 10_000), Excess::Scans, MEBIBYTE);
    // the directory names itself as the next page
    assert_too_large(&tiff(16, 16, 8), Excess::Frames, MEBIBYTE);
}

fn pixels_that_are_missing_cost_no_more_than_allowed() {
    let most = usize::try_from(Limits::default().max_decoder_bytes).unwrap();
    let files = [
        png(10_000, 9_900, &[]),
        jpeg(10_000, 9_900, 1),
        gif(10_000, 9_900, 1),
    ];
    for file in files {
        let content_type = sniff(&file).unwrap().content_type();
        let (outcome, peak) = measured(&file, content_type, &Limits::default());
        assert!(outcome.is_err(), "{content_type}");
        assert!(peak < most, "{content_type}: {peak} bytes");
    }
}

fn damaged_fixtures_never_panic_nor_exceed() {
    let limits = Limits {
        max_pixels: 100_000,
        max_decoder_bytes: 4 << 20,
        max_metadata_bytes: 1 << 20,
        ..Limits::default()
    };
    for name in fixture_names() {
        let whole = fixture(&name);
        let content_type = sniff(&whole).unwrap().content_type();
        let mut runner = TestRunner::new(Config {
            cases: 64,
            failure_persistence: None,
            ..Config::default()
        });
        let checked = runner.run(&damaged(&whole), |file| {
            let (outcome, peak) = measured(&file, content_type, &limits);
            prop_assert!(peak < 32 * MEBIBYTE, "{} bytes", peak);
            if let Ok(Renditions { preview, .. }) = outcome {
                prop_assert!(preview.width.max(preview.height) <= 1600);
            }
            Ok(())
        });
        assert_eq!(checked, Ok(()), "{name}");
    }
}

/// Some bytes changed, and maybe the end cut off.
fn damaged(whole: &[u8]) -> impl Strategy<Value = Vec<u8>> + use<> {
    let length = whole.len();
    let whole = whole.to_vec();
    let changes = prop::collection::vec((0..length, any::<u8>()), 0..8);
    let end = prop_oneof![Just(length), 0..=length];
    (changes, end).prop_map(move |(changes, end)| {
        let mut file = whole.clone();
        for (at, value) in changes {
            file[at] = value;
        }
        file.truncate(end);
        file
    })
}

fn deflated_zeros(length: usize) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![0; MEBIBYTE];
    for _ in 0..length / MEBIBYTE {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.finish().unwrap()
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let content = [kind, data].concat();
    let length = u32::try_from(data.len()).unwrap();
    let checksum = crc32fast::hash(&content);
    [
        &length.to_be_bytes(),
        content.as_slice(),
        &checksum.to_be_bytes(),
    ]
    .concat()
}

/// A grey PNG with the rows of 16 x 16 pixels, whatever its header says.
fn png(width: u32, height: u32, extra: &[u8]) -> Vec<u8> {
    let header = [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[8, 0, 0, 0, 0],
    ]
    .concat();
    let mut rows = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    rows.write_all(&[0; 17 * 16]).unwrap();
    [
        b"\x89PNG\r\n\x1a\n",
        chunk(b"IHDR", &header).as_slice(),
        extra,
        &chunk(b"IDAT", &rows.finish().unwrap()),
        &chunk(b"IEND", &[]),
    ]
    .concat()
}

fn gif(width: u16, height: u16, frames: usize) -> Vec<u8> {
    let frame = b"\x2C\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0";
    [
        b"GIF89a",
        &width.to_le_bytes()[..],
        &height.to_le_bytes(),
        b"\x80\0\0\0\0\0\xFF\xFF\xFF",
        &frame.repeat(frames),
        // the last one breaks off
        &frame[..12],
    ]
    .concat()
}

/// A progressive JPEG whose scans are empty.
fn jpeg(width: u16, height: u16, scans: usize) -> Vec<u8> {
    let scan = b"\xFF\xDA\0\x08\x01\x01\0\0\0\0";
    [
        b"\xFF\xD8\xFF\xC2\0\x0B\x08",
        &height.to_be_bytes()[..],
        &width.to_be_bytes(),
        b"\x01\x01\x11\0",
        &scan.repeat(scans),
        b"\xFF\xD9",
    ]
    .concat()
}

fn bmp(width: u32, height: u32) -> Vec<u8> {
    [
        b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0",
        &width.to_le_bytes()[..],
        &height.to_le_bytes(),
        b"\x01\0\x18\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ]
    .concat()
}

/// An animation's canvas and a frame that lies within it.
fn webp(width: u32, height: u32) -> Vec<u8> {
    let side = |pixels: u32| (pixels - 1).to_le_bytes()[..3].to_vec();
    let canvas = [b"\x02\0\0\0".to_vec(), side(width), side(height)].concat();
    let frame = [b"\0\0\0\0\0\0".to_vec(), side(16), side(16), vec![0; 20]].concat();
    let chunks = [
        b"WEBPVP8X\x0A\0\0\0".to_vec(),
        canvas,
        b"ANIM\x06\0\0\0\0\0\0\0\0\0ANMF\x20\0\0\0".to_vec(),
        frame,
    ]
    .concat();
    let length = u32::try_from(chunks.len()).unwrap();
    [b"RIFF", &length.to_le_bytes()[..], &chunks].concat()
}

/// A grey TIFF of one strip; `next` is where its directory says the next one is.
fn tiff(width: u32, height: u32, next: u32) -> Vec<u8> {
    let entries = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8),
        (262, 3, 1),
        (273, 4, 200),
        (278, 4, height),
        (279, 4, 256),
    ];
    let mut file = b"II\x2A\0\x08\0\0\0\x07\0".to_vec();
    for (tag, kind, value) in entries {
        let (tag, kind): (u16, u16) = (tag, kind);
        file.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        file.extend([1_u32.to_le_bytes(), value.to_le_bytes()].concat());
    }
    file.extend(next.to_le_bytes());
    file.resize(456, 0);
    file
}
