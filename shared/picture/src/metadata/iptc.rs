//! IPTC Information Interchange Model 4.2, record 2, and the Photoshop resources that hold it.

use super::embedded::{Embedded, add, prefer_first};
use super::text;

/// Photoshop's image resource with IIM datasets (Adobe Photoshop File Formats, image resource
/// 1028).
const IPTC_RESOURCE: u16 = 0x0404;

/// The datasets among Photoshop's image resources.
pub(crate) fn in_photoshop_resources(resources: &[u8]) -> Option<&[u8]> {
    let mut rest = resources;
    loop {
        let (signature, after) = rest.split_first_chunk::<4>()?;
        if signature != b"8BIM" {
            return None;
        }
        let (id, after) = after.split_first_chunk::<2>()?;
        let name_length = usize::from(*after.first()?) + 1;
        let after = after.get(even(name_length)..)?;
        let (length, after) = after.split_first_chunk::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let data = after.get(..length)?;
        if u16::from_be_bytes(*id) == IPTC_RESOURCE {
            return Some(data);
        }
        rest = after.get(even(length)..)?;
    }
}

fn even(length: usize) -> usize {
    length + length % 2
}

pub(super) fn read(datasets: &[u8], embedded: &mut Embedded) {
    let mut taken = Taken::default();
    let mut rest = datasets;
    while let Some((record, dataset, value, after)) = next(rest) {
        if record == 2 {
            apply(dataset, value, embedded, &mut taken);
        }
        rest = after;
    }
    prefer_first(&mut embedded.taken_at, taken.at());
}

/// One dataset: record, number, value, and what follows. Extended lengths (above 32 KiB) end the
/// reading, no text field has one.
fn next(bytes: &[u8]) -> Option<(u8, u8, &[u8], &[u8])> {
    let [0x1C, record, dataset, high, low, after @ ..] = bytes else {
        return None;
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let (value, rest) = after.split_at_checked(length)?;
    Some((*record, *dataset, value, rest))
}

#[derive(Default)]
struct Taken {
    date: Option<String>,
    time: Option<String>,
}

impl Taken {
    /// From `CCYYMMDD` and `HHMMSS±HHMM`.
    fn at(&self) -> Option<String> {
        let date = self.date.as_deref()?;
        let date = format!("{}-{}-{}", date.get(..4)?, date.get(4..6)?, date.get(6..8)?);
        let Some(time) = self.time.as_deref() else {
            return text::time(&date, None);
        };
        let clock = format!("{}:{}:{}", time.get(..2)?, time.get(2..4)?, time.get(4..6)?);
        let offset = time
            .get(6..11)
            .and_then(|offset| Some(format!("{}:{}", offset.get(..3)?, offset.get(3..)?)));
        text::time(&format!("{date}T{clock}"), offset.as_deref())
    }
}

fn apply(dataset: u8, value: &[u8], embedded: &mut Embedded, taken: &mut Taken) {
    let value = text::decode(value);
    let personal = &mut embedded.personal;
    match dataset {
        5 | 105 => prefer_first(&mut personal.title, value),
        25 => add(&mut personal.keywords, value),
        55 => taken.date = value,
        60 => taken.time = value,
        80 => add(&mut personal.creators, value),
        90 | 92 | 95 | 101 => add(&mut personal.places, value),
        116 => prefer_first(&mut personal.copyright, value),
        120 => prefer_first(&mut personal.caption, value),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_resource_is_found_behind_others() {
        let other = b"8BIM\x03\xED\0\0\0\0\0\x03abc\0";
        let iptc = b"8BIM\x04\x04\x03abc\0\0\0\x04data";
        let resources = [other.as_slice(), iptc].concat();
        assert_eq!(in_photoshop_resources(&resources).unwrap(), b"data");
    }

    #[test]
    fn date_and_time_are_joined() {
        let datasets = b"\x1C\x02\x37\0\x0820240501\x1C\x02\x3C\0\x0B123000+0200";
        let mut embedded = Embedded::default();
        read(datasets, &mut embedded);
        assert_eq!(embedded.taken_at.unwrap(), "2024-05-01T12:30:00+02:00");
    }

    #[test]
    fn a_length_beyond_the_end_ends_the_reading() {
        let datasets = b"\x1C\x02\x19\0\x03cat\x1C\x02\x19\x7F\xFFdog";
        let mut embedded = Embedded::default();
        read(datasets, &mut embedded);
        assert_eq!(embedded.personal.keywords, ["cat"]);
    }
}
