use std::io::Cursor;

use image::codecs::tiff::TiffDecoder;
use image::{ExtendedColorType, ImageDecoder};

use super::{Decoded, Facts, check, check_frames, decoded, errors, pixels};
use crate::metadata::{self, Sources};
use crate::{Color, Failure, Format, Limits};

/// Decodes the first page.
pub(super) fn decode(original: &[u8], limits: &Limits) -> Result<Decoded, Failure> {
    let pages = pages(original, limits)?;
    let mut decoder = TiffDecoder::new(Cursor::new(original)).map_err(errors::from_image)?;
    // the decoder's own buffer and the pixels
    check(&decoder, 4, limits)?;
    let mut decoder_limits = image::Limits::no_limits();
    decoder_limits.max_alloc = Some(limits.max_decoder_bytes);
    decoder
        .set_limits(decoder_limits)
        .map_err(errors::from_image)?;

    let stored_size = decoder.dimensions();
    let facts = facts(&decoder, pages);
    let icc = decoder.icc_profile().ok().flatten();
    let found = metadata::read(&Sources {
        exif: Some(original),
        ..Sources::default()
    });
    Ok(decoded(pixels(decoder)?, icc, stored_size, facts, found))
}

fn facts(decoder: &impl ImageDecoder, pages: u32) -> Facts {
    let stored = decoder.original_color_type();
    let color = match stored {
        ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16 => Color::Cmyk,
        _ if decoder.color_type().has_color() => Color::Rgb,
        _ => Color::Grey,
    };
    let bit_depth = stored.bits_per_pixel() / u16::from(stored.channel_count());
    Facts {
        format: Format::Tiff,
        color,
        has_alpha: decoder.color_type().has_alpha(),
        frames: Some(pages),
        bit_depth: u8::try_from(bit_depth).unwrap_or(u8::MAX),
    }
}

/// Counts the directories of the chain (TIFF 6.0 section 2), which may be a ring.
fn pages(original: &[u8], limits: &Limits) -> Result<u32, Failure> {
    let reader = Reader::new(original)?;
    let mut pages = 0;
    let mut directory = reader.first_directory().ok_or(Failure::Truncated)?;
    reader.check_values(directory).ok_or(Failure::Truncated)?;
    while directory != 0 {
        pages += 1;
        check_frames(pages, limits)?;
        directory = reader.next_directory(directory).ok_or(Failure::Truncated)?;
    }
    Ok(pages)
}

/// Bytes of one value of a field type (TIFF 6.0 section 2, `BigTIFF`).
fn value_length(kind: u64) -> u64 {
    match kind {
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16..=18 => 8,
        _ => 1,
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    is_little_endian: bool,
    is_big_tiff: bool,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, Failure> {
        let header = bytes.first_chunk::<8>().ok_or(Failure::Truncated)?;
        let is_little_endian = header[0] == b'I';
        let version = if is_little_endian {
            header[2]
        } else {
            header[3]
        };
        Ok(Self {
            bytes,
            is_little_endian,
            is_big_tiff: version == 43,
        })
    }

    fn first_directory(&self) -> Option<u64> {
        if self.is_big_tiff {
            self.number(8, 8)
        } else {
            self.number(4, 4)
        }
    }

    /// How many bytes the number of entries, an entry and an offset take.
    fn lengths(&self) -> (u64, u64, u64) {
        if self.is_big_tiff {
            (8, 20, 8)
        } else {
            (2, 12, 4)
        }
    }

    /// No entry may claim more values than the file has bytes for: the decoder makes room for
    /// what is claimed before it reads. `None` if one does.
    fn check_values(&self, directory: u64) -> Option<()> {
        let (count_length, entry_length, offset_length) = self.lengths();
        let entries = self.number(directory, count_length)?;
        for entry in 0..entries {
            let at = directory
                .checked_add(count_length)?
                .checked_add(entry.checked_mul(entry_length)?)?;
            let kind = self.number(at.checked_add(2)?, 2)?;
            let values = self.number(at.checked_add(4)?, offset_length)?;
            let length = values.checked_mul(value_length(kind))?;
            self.bytes.get(..usize::try_from(length).ok()?)?;
        }
        Some(())
    }

    /// Behind a directory's entries stands the offset of the next one.
    fn next_directory(&self, offset: u64) -> Option<u64> {
        let (count_length, entry_length, offset_length) = self.lengths();
        let count = self.number(offset, count_length)?;
        let end = offset
            .checked_add(count_length)?
            .checked_add(count.checked_mul(entry_length)?)?;
        self.number(end, offset_length)
    }

    fn number(&self, at: u64, length: u64) -> Option<u64> {
        let start = usize::try_from(at).ok()?;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        let digits = self.bytes.get(start..end)?;
        let append = |number: u64, digit: &u8| number << 8 | u64::from(*digit);
        Some(if self.is_little_endian {
            digits.iter().rev().fold(0, append)
        } else {
            digits.iter().fold(0, append)
        })
    }
}
