use std::io::Cursor;

use image::ImageDecoder;
use image::codecs::png::PngDecoder;

use super::{Decoded, Facts, check, check_frames, decoded, errors, pixels};
use crate::metadata::{self, Sources};
use crate::{Color, Failure, Format, Limits};

pub(super) fn decode(original: &[u8], limits: &Limits) -> Result<Decoded, Failure> {
    let header = header(original)?;
    limits.check_dimensions(header.width, header.height)?;
    let frames = animation_frames(original)?;
    check_frames(frames.unwrap_or(1), limits)?;

    // bounds what text and profile chunks inflate to, and the rows in work; not the pixels
    let mut chunk_limits = image::Limits::no_limits();
    chunk_limits.max_alloc = Some(limits.max_metadata_bytes);
    let mut decoder =
        PngDecoder::with_limits(Cursor::new(original), chunk_limits).map_err(errors::from_image)?;
    check(&decoder, 2, limits)?;
    let stored_size = decoder.dimensions();
    let facts = Facts {
        format: Format::Png,
        color: header.color,
        has_alpha: decoder.color_type().has_alpha(),
        frames,
        bit_depth: header.bit_depth,
    };
    let icc = decoder.icc_profile().ok().flatten();
    let exif = decoder.exif_metadata().ok().flatten();
    let xmp = decoder.xmp_metadata().ok().flatten();
    let sources = Sources {
        exif: exif.as_deref(),
        xmp: xmp.as_deref(),
        iptc: None,
    };
    let found = metadata::read(&sources);
    Ok(decoded(pixels(decoder)?, icc, stored_size, facts, found))
}

struct Header {
    width: u32,
    height: u32,
    bit_depth: u8,
    color: Color,
}

/// IHDR is always the first chunk (W3C PNG section 11.2.1).
fn header(original: &[u8]) -> Result<Header, Failure> {
    let (kind, data, _) = chunk(original, SIGNATURE_LENGTH).ok_or(Failure::Truncated)?;
    let [w3, w2, w1, w0, h3, h2, h1, h0, bit_depth, color, ..] = *data else {
        return Err(Failure::Damaged("header too short".into()));
    };
    if kind != *b"IHDR" {
        return Err(Failure::Damaged("no header".into()));
    }
    Ok(Header {
        width: u32::from_be_bytes([w3, w2, w1, w0]),
        height: u32::from_be_bytes([h3, h2, h1, h0]),
        bit_depth,
        color: match color {
            0 | 4 => Color::Grey,
            3 => Color::Palette,
            _ => Color::Rgb,
        },
    })
}

const SIGNATURE_LENGTH: usize = 8;

/// Walks the chunks to the end of the picture, which has to be there, and returns the frames that
/// acTL names (W3C PNG section 11.3.6.1).
fn animation_frames(original: &[u8]) -> Result<Option<u32>, Failure> {
    let mut frames = None;
    let mut position = SIGNATURE_LENGTH;
    loop {
        let (kind, data, next) = chunk(original, position).ok_or(Failure::Truncated)?;
        match (&kind, data) {
            (b"acTL", [a, b, c, d, ..]) => frames = Some(u32::from_be_bytes([*a, *b, *c, *d])),
            (b"IEND", _) => return Ok(frames),
            _ => {}
        }
        position = next;
    }
}

/// The chunk at a position: its kind, its data, and where the next one starts.
fn chunk(bytes: &[u8], at: usize) -> Option<([u8; 4], &[u8], usize)> {
    let (length, rest) = bytes.get(at..)?.split_first_chunk::<4>()?;
    let (kind, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    Some((*kind, rest.get(..length)?, at + 12 + length))
}
