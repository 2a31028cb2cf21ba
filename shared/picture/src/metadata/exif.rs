//! EXIF 3.0 (CIPA DC-008) and the TIFF tags that Windows and Adobe add.

use exif::{Context, Exif, Field, In, Reader, Tag, Value};

use super::embedded::{Embedded, Location, add, prefer_first};
use super::text;

/// What only a TIFF structure holds.
#[derive(Default)]
pub(super) struct Tags {
    pub orientation: Option<u8>,
    /// Tag 700 of a TIFF file.
    pub xmp: Option<Vec<u8>>,
    /// Tag 33723 of a TIFF file.
    pub iptc: Option<Vec<u8>>,
}

const XMP: Tag = Tag(Context::Tiff, 700);
const IPTC: Tag = Tag(Context::Tiff, 33723);
// UTF-16 texts of Windows Explorer
const XP_TITLE: Tag = Tag(Context::Tiff, 0x9C9B);
const XP_COMMENT: Tag = Tag(Context::Tiff, 0x9C9C);
const XP_AUTHOR: Tag = Tag(Context::Tiff, 0x9C9D);
const XP_KEYWORDS: Tag = Tag(Context::Tiff, 0x9C9E);

/// Reads a TIFF structure as far as it can be read.
pub(super) fn read(block: &[u8], embedded: &mut Embedded) -> Option<Tags> {
    let block = block.strip_prefix(b"Exif\0\0").unwrap_or(block);
    let exif = Reader::new()
        .continue_on_error(true)
        .read_raw(block.to_vec())
        .or_else(|error| error.distill_partial_result(|_| {}))
        .ok()?;
    camera(&exif, embedded);
    personal(&exif, embedded);
    Some(Tags {
        orientation: orientation(&exif),
        xmp: field(&exif, XMP).and_then(bytes),
        iptc: field(&exif, IPTC).and_then(bytes),
    })
}

fn camera(exif: &Exif, embedded: &mut Embedded) {
    prefer_first(&mut embedded.taken_at, taken_at(exif));
    prefer_first(&mut embedded.camera_make, string(exif, Tag::Make));
    prefer_first(&mut embedded.camera_model, string(exif, Tag::Model));
    prefer_first(&mut embedded.lens, string(exif, Tag::LensModel));
    let exposure = number(exif, Tag::ExposureTime, 0).and_then(exposure_text);
    prefer_first(&mut embedded.exposure_time, exposure);
    prefer_first(&mut embedded.f_number, positive(exif, Tag::FNumber));
    prefer_first(&mut embedded.focal_length, positive(exif, Tag::FocalLength));
    let iso = field(exif, Tag::PhotographicSensitivity).and_then(|field| field.value.get_uint(0));
    prefer_first(&mut embedded.iso, iso);
}

fn personal(exif: &Exif, embedded: &mut Embedded) {
    let personal = &mut embedded.personal;
    prefer_first(&mut personal.location, location(exif));
    for tag in [Tag::Artist, XP_AUTHOR] {
        add(&mut personal.creators, string(exif, tag));
    }
    for tag in [Tag::BodySerialNumber, Tag::LensSerialNumber] {
        add(&mut personal.serial_numbers, string(exif, tag));
    }
    for tag in [Tag::ImageDescription, XP_COMMENT, Tag::UserComment] {
        prefer_first(&mut personal.caption, string(exif, tag));
    }
    prefer_first(&mut personal.copyright, string(exif, Tag::Copyright));
    prefer_first(&mut personal.owner, string(exif, Tag::CameraOwnerName));
    prefer_first(&mut personal.title, string(exif, XP_TITLE));
    let keywords = string(exif, XP_KEYWORDS).unwrap_or_default();
    for keyword in keywords.split(';') {
        add(&mut personal.keywords, text::clean(keyword));
    }
}

fn orientation(exif: &Exif) -> Option<u8> {
    let value = field(exif, Tag::Orientation)?.value.get_uint(0)?;
    u8::try_from(value)
        .ok()
        .filter(|value| (1..=8).contains(value))
}

fn taken_at(exif: &Exif) -> Option<String> {
    let original = string(exif, Tag::DateTimeOriginal)?;
    text::time(&original, string(exif, Tag::OffsetTimeOriginal).as_deref())
}

fn location(exif: &Exif) -> Option<Location> {
    let latitude = degrees(exif, Tag::GPSLatitude)?;
    let longitude = degrees(exif, Tag::GPSLongitude)?;
    let is = |tag, reference: &str| string(exif, tag).as_deref() == Some(reference);
    let latitude = if is(Tag::GPSLatitudeRef, "S") {
        -latitude
    } else {
        latitude
    };
    let longitude = if is(Tag::GPSLongitudeRef, "W") {
        -longitude
    } else {
        longitude
    };
    let is_below_sea = field(exif, Tag::GPSAltitudeRef)
        .and_then(|field| field.value.get_uint(0))
        .is_some_and(|reference| reference == 1);
    let altitude =
        number(exif, Tag::GPSAltitude, 0).map(|metres| if is_below_sea { -metres } else { metres });
    Location::new(latitude, longitude, altitude)
}

/// Degrees, minutes and seconds as one number.
fn degrees(exif: &Exif, tag: Tag) -> Option<f64> {
    let degrees = number(exif, tag, 0)?;
    let minutes = number(exif, tag, 1).unwrap_or_default();
    let seconds = number(exif, tag, 2).unwrap_or_default();
    Some(degrees + minutes / 60.0 + seconds / 3600.0)
}

fn exposure_text(seconds: f64) -> Option<String> {
    if seconds <= 0.0 {
        return None;
    }
    // cameras offer no fractions of a second above 0.3
    if seconds < 0.3 {
        return Some(format!("1/{:.0}", 1.0 / seconds));
    }
    Some(format!("{}", (seconds * 10.0).round() / 10.0))
}

fn field(exif: &Exif, tag: Tag) -> Option<&Field> {
    exif.get_field(tag, In::PRIMARY)
}

fn positive(exif: &Exif, tag: Tag) -> Option<f64> {
    number(exif, tag, 0).filter(|&value| value > 0.0)
}

fn number(exif: &Exif, tag: Tag, index: usize) -> Option<f64> {
    let value = match &field(exif, tag)?.value {
        Value::Rational(values) => values.get(index)?.to_f64(),
        Value::SRational(values) => values.get(index)?.to_f64(),
        value => f64::from(value.get_uint(index)?),
    };
    value.is_finite().then_some(value)
}

fn string(exif: &Exif, tag: Tag) -> Option<String> {
    match &field(exif, tag)?.value {
        Value::Ascii(lines) => text::decode(&lines.join(&b' ')),
        Value::Byte(units) => utf_16(units, true),
        Value::Undefined(comment, _) => comment_text(comment, exif.little_endian()),
        _ => None,
    }
}

/// `UserComment` starts with eight bytes that name its character code.
fn comment_text(comment: &[u8], is_little_endian: bool) -> Option<String> {
    let (code, value) = comment.split_first_chunk::<8>()?;
    match code {
        b"UNICODE\0" => utf_16(value, is_little_endian),
        b"ASCII\0\0\0" | [0, 0, 0, 0, 0, 0, 0, 0] => text::decode(value),
        _ => None,
    }
}

fn utf_16(bytes: &[u8], is_little_endian: bool) -> Option<String> {
    let units: Vec<u16> = bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|&unit| match is_little_endian {
            true => u16::from_le_bytes(unit),
            false => u16::from_be_bytes(unit),
        })
        .collect();
    text::clean(&String::from_utf16_lossy(&units))
}

fn bytes(field: &Field) -> Option<Vec<u8>> {
    match &field.value {
        Value::Byte(bytes) | Value::Undefined(bytes, _) => Some(bytes.clone()),
        // some writers store IIM datasets as 32-bit numbers
        Value::Long(words) => {
            let bytes = words.iter().flat_map(|word| word.to_le_bytes());
            Some(bytes.collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::exposure_text;

    #[test]
    fn exposures_read_as_photographers_write_them() {
        let cases = [
            (0.004, "1/250"),
            (0.125, "1/8"),
            (0.5, "0.5"),
            (2.5, "2.5"),
            (30.0, "30"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(exposure_text(seconds).as_deref(), Some(expected));
        }
        assert_eq!(exposure_text(0.0), None);
    }
}
