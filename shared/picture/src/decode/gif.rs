use std::io::Cursor;

use image::ImageDecoder;
use image::codecs::gif::GifDecoder;

use super::{Decoded, Facts, check, check_frames, decoded, errors, pixels};
use crate::metadata::{self, Sources};
use crate::{Color, Failure, Format, Limits};

pub(super) fn decode(original: &[u8], limits: &Limits) -> Result<Decoded, Failure> {
    let decoder = GifDecoder::new(Cursor::new(original)).map_err(errors::from_image)?;
    // the canvas and a frame of at most its size
    check(&decoder, 4, limits)?;
    let frames = frames(original, limits)?;
    let stored_size = decoder.dimensions();
    let facts = Facts {
        format: Format::Gif,
        color: Color::Palette,
        has_alpha: true,
        frames: Some(frames),
        bit_depth: 8,
    };
    let found = metadata::read(&Sources::default());
    Ok(decoded(pixels(decoder)?, None, stored_size, facts, found))
}

const EXTENSION: u8 = 0x21;
const IMAGE: u8 = 0x2C;
const TRAILER: u8 = 0x3B;

/// Counts image blocks (GIF89a section 17 to 27) without decoding them. A file that ends between
/// blocks, without a trailer, is taken as ended.
fn frames(bytes: &[u8], limits: &Limits) -> Result<u32, Failure> {
    let flags = *bytes.get(10).ok_or(Failure::Truncated)?;
    let mut position = 13 + color_table_length(flags);
    let mut frames = 0;
    while let Some(&introducer) = bytes.get(position) {
        position = match introducer {
            TRAILER => break,
            EXTENSION => after_sub_blocks(bytes, position + 2)?,
            IMAGE => {
                frames += 1;
                check_frames(frames, limits)?;
                let flags = *bytes.get(position + 9).ok_or(Failure::Truncated)?;
                // the descriptor, its colour table, the code size
                after_sub_blocks(bytes, position + 10 + color_table_length(flags) + 1)?
            }
            _ => return Err(Failure::Damaged("unknown block".into())),
        };
    }
    Ok(frames)
}

fn color_table_length(flags: u8) -> usize {
    match flags & 0x80 {
        0 => 0,
        _ => 3 << ((flags & 7) + 1),
    }
}

fn after_sub_blocks(bytes: &[u8], from: usize) -> Result<usize, Failure> {
    let mut position = from;
    loop {
        match bytes.get(position) {
            None => return Err(Failure::Truncated),
            Some(0) => return Ok(position + 1),
            Some(&length) => position += 1 + usize::from(length),
        }
    }
}
