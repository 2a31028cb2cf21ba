//! What a JPEG's markers say, read before decoding (ITU-T T.81 annex B).

use memchr::memchr;

use super::Failure;

/// The frame header and what else decides the cost of decoding.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct JpegHeader<'a> {
    pub width: u32,
    pub height: u32,
    pub components: u8,
    /// Samples of all components, after chroma subsampling.
    pub samples: u64,
    pub is_progressive: bool,
    pub scans: u32,
    /// The image resources that Photoshop keeps in APP13.
    pub photoshop: Option<&'a [u8]>,
}

/// Walks the markers up to the end of the image, which has to be there: decoders fill what is
/// missing with grey, and a picture that is half grey is worse than none.
pub(super) fn read(bytes: &[u8]) -> Result<JpegHeader<'_>, Failure> {
    let mut header: Option<JpegHeader> = None;
    let mut scans = 0;
    let mut photoshop = None;
    let mut position = 2;
    loop {
        let (marker, after) = next_marker(bytes, position).ok_or(Failure::Truncated)?;
        if marker == END_OF_IMAGE {
            break;
        }
        let segment = segment(bytes, after).ok_or(Failure::Truncated)?;
        match marker {
            START_OF_SCAN => scans += 1,
            APP13 => photoshop = segment.strip_prefix(PHOTOSHOP).or(photoshop),
            marker if is_frame(marker) && header.is_none() => {
                header = Some(frame(marker, segment)?);
            }
            _ => {}
        }
        position = after + 2 + segment.len();
    }
    header
        .map(|header| JpegHeader {
            scans,
            photoshop,
            ..header
        })
        .ok_or_else(|| Failure::Damaged("no frame".into()))
}

const END_OF_IMAGE: u8 = 0xD9;
const START_OF_SCAN: u8 = 0xDA;
const APP13: u8 = 0xED;
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";

/// The next marker that starts a segment or ends the image, and the position after it. Skips
/// entropy-coded data, restart markers and fill bytes.
fn next_marker(bytes: &[u8], from: usize) -> Option<(u8, usize)> {
    let mut position = from;
    loop {
        position += memchr(0xFF, bytes.get(position..)?)?;
        match *bytes.get(position + 1)? {
            0xFF => position += 1,
            // stuffed zero, TEM, restart, start of image: no segment follows
            0x00 | 0x01 | 0xD0..=0xD8 => position += 2,
            marker => return Some((marker, position + 2)),
        }
    }
}

/// The segment's content without its length; `None` where the file ends within.
fn segment(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    bytes.get(at + 2..at + length.max(2))
}

fn is_frame(marker: u8) -> bool {
    // C4, C8 and CC define tables
    matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC)
}

fn frame(marker: u8, segment: &[u8]) -> Result<JpegHeader<'static>, Failure> {
    if !matches!(marker, 0xC0..=0xC2) {
        return Err(unsupported("lossless, arithmetic or hierarchical coding"));
    }
    let [precision, h1, h0, w1, w0, components, rest @ ..] = segment else {
        return Err(Failure::Damaged("frame header too short".into()));
    };
    if *precision != 8 {
        return Err(unsupported("more than 8 bits"));
    }
    let width = u32::from(u16::from_be_bytes([*w1, *w0]));
    let height = u32::from(u16::from_be_bytes([*h1, *h0]));
    if height == 0 {
        return Err(unsupported("a height that follows the first scan"));
    }
    let samples = samples(width, height, rest)?;
    Ok(JpegHeader {
        width,
        height,
        components: *components,
        samples,
        is_progressive: marker == 0xC2,
        scans: 0,
        photoshop: None,
    })
}

fn unsupported(variant: &str) -> Failure {
    Failure::Unsupported(format!("JPEG with {variant}"))
}

/// Each component is three bytes: name, sampling factors (horizontal, vertical), table.
fn samples(width: u32, height: u32, components: &[u8]) -> Result<u64, Failure> {
    let factors = || {
        components
            .chunks_exact(3)
            .map(|component| (u64::from(component[1] >> 4), u64::from(component[1] & 15)))
    };
    if factors().any(|(h, v)| !(1..=4).contains(&h) || !(1..=4).contains(&v)) {
        return Err(Failure::Damaged("sampling factors".into()));
    }
    let widest = factors().map(|(h, _)| h).max().unwrap_or(1);
    let highest = factors().map(|(_, v)| v).max().unwrap_or(1);
    let (width, height) = (u64::from(width), u64::from(height));
    Ok(factors()
        .map(|(h, v)| (width * h).div_ceil(widest) * (height * v).div_ceil(highest))
        .sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: &[u8] =
        b"\xFF\xD8\xFF\xC2\0\x11\x08\x01\x00\x02\x00\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01";

    fn with_scans(scans: usize) -> Vec<u8> {
        let scan = b"\xFF\xDA\0\x02\x12\xFF\x00\x34\xFF\xD1\x56";
        [FRAME, &scan.repeat(scans), b"\xFF\xD9"].concat()
    }

    #[test]
    fn frame_and_scans_are_read() {
        let expected = JpegHeader {
            width: 512,
            height: 256,
            components: 3,
            samples: 512 * 256 * 3 / 2,
            is_progressive: true,
            scans: 5,
            photoshop: None,
        };
        assert_eq!(read(&with_scans(5)), Ok(expected));
    }

    #[test]
    fn a_second_picture_behind_the_first_does_not_count() {
        let two = [with_scans(2), with_scans(3)].concat();
        assert_eq!(read(&two).map(|header| header.scans), Ok(2));
    }

    #[test]
    fn a_file_that_ends_in_the_header_is_truncated() {
        for end in 2..FRAME.len() {
            assert_eq!(read(&FRAME[..end]), Err(Failure::Truncated));
        }
    }
}
