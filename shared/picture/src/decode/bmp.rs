use std::io::Cursor;

use image::ImageDecoder;
use image::codecs::bmp::BmpDecoder;

use super::{Decoded, Facts, check, decoded, errors, pixels};
use crate::metadata::{self, Sources};
use crate::{Color, Failure, Format, Limits};

pub(super) fn decode(original: &[u8], limits: &Limits) -> Result<Decoded, Failure> {
    let header = header(original).ok_or(Failure::Truncated)?;
    limits.check_dimensions(header.width, header.height)?;
    let mut decoder = BmpDecoder::new(Cursor::new(original)).map_err(errors::from_image)?;
    check(&decoder, 2, limits)?;
    let stored_size = decoder.dimensions();
    let is_palette = header.bits_per_pixel <= 8;
    let facts = Facts {
        format: Format::Bmp,
        color: if is_palette {
            Color::Palette
        } else {
            Color::Rgb
        },
        has_alpha: decoder.color_type().has_alpha(),
        frames: None,
        bit_depth: match header.bits_per_pixel {
            16 => 5,
            24 | 32 => 8,
            bits => bits,
        },
    };
    let icc = decoder.icc_profile().ok().flatten();
    let found = metadata::read(&Sources::default());
    Ok(decoded(pixels(decoder)?, icc, stored_size, facts, found))
}

struct Header {
    width: u32,
    height: u32,
    bits_per_pixel: u8,
}

/// The OS/2 header of 12 bytes has shorter fields than all later ones.
fn header(original: &[u8]) -> Option<Header> {
    let fields = original.get(14..30)?;
    let short = |at: usize| u32::from(u16::from_le_bytes([fields[at], fields[at + 1]]));
    let long = |at: usize| {
        i32::from_le_bytes([fields[at], fields[at + 1], fields[at + 2], fields[at + 3]])
    };
    Some(if long(0) == 12 {
        Header {
            width: short(4),
            height: short(6),
            bits_per_pixel: fields[10],
        }
    } else {
        Header {
            width: long(4).unsigned_abs(),
            // negative: rows from top to bottom
            height: long(8).unsigned_abs(),
            bits_per_pixel: fields[14],
        }
    })
}
