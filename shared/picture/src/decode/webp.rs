use std::io::Cursor;

use image::ImageDecoder;
use image::codecs::webp::WebPDecoder;

use super::{Decoded, Facts, check, check_frames, decoded, errors, pixels};
use crate::metadata::{self, Sources};
use crate::{Color, Failure, Format, Limits};

pub(super) fn decode(original: &[u8], limits: &Limits) -> Result<Decoded, Failure> {
    let chunks = chunks(original)?;
    check_frames(chunks.frames, limits)?;
    let decoder = WebPDecoder::new(Cursor::new(original)).map_err(errors::from_image)?;
    // the pixels, and planes or a canvas beside them
    check(&decoder, 5, limits)?;
    let stored_size = decoder.dimensions();
    let facts = Facts {
        format: Format::WebP,
        color: Color::Rgb,
        has_alpha: decoder.color_type().has_alpha(),
        frames: decoder.has_animation().then_some(chunks.frames),
        bit_depth: 8,
    };
    let sources = Sources {
        exif: chunks.exif,
        xmp: chunks.xmp,
        iptc: None,
    };
    let found = metadata::read(&sources);
    let icc = chunks.icc.map(<[u8]>::to_vec);
    Ok(decoded(pixels(decoder)?, icc, stored_size, facts, found))
}

#[derive(Default)]
struct Chunks<'a> {
    icc: Option<&'a [u8]>,
    exif: Option<&'a [u8]>,
    xmp: Option<&'a [u8]>,
    frames: u32,
}

/// Walks the RIFF chunks (RFC 9649 section 2.3); each has to lie within the file, so that no
/// decoder trusts a length that isn't there.
fn chunks(original: &[u8]) -> Result<Chunks<'_>, Failure> {
    let mut chunks = Chunks::default();
    let mut rest = riff(original)?;
    while let Some((kind, after)) = rest.split_first_chunk::<4>() {
        let (length, after) = after.split_first_chunk::<4>().ok_or(Failure::Truncated)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
        let data = after.get(..length).ok_or(Failure::Truncated)?;
        match kind {
            b"ICCP" => chunks.icc = Some(data),
            b"EXIF" => chunks.exif = Some(data),
            b"XMP " => chunks.xmp = Some(data),
            b"ANMF" => chunks.frames += 1,
            _ => {}
        }
        // chunks are padded to even lengths; the last one's padding may be missing
        rest = after.get(length + length % 2..).unwrap_or_default();
    }
    Ok(chunks)
}

/// The chunks behind the file header, as far as it says they go.
fn riff(original: &[u8]) -> Result<&[u8], Failure> {
    let (header, rest) = original
        .split_first_chunk::<12>()
        .ok_or(Failure::Truncated)?;
    let length = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
    // the length counts the form type, and may count a padding byte that is missing
    let length = usize::try_from(length)
        .unwrap_or(usize::MAX)
        .saturating_sub(4);
    if length > rest.len() + 1 {
        return Err(Failure::Truncated);
    }
    Ok(&rest[..length.min(rest.len())])
}
