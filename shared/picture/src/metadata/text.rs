//! Cleaning of texts and times from files.

use jiff::Timestamp;
use jiff::civil::DateTime;

/// Longest text that is kept, in characters: IPTC's caption has 2,000.
const MAX_LENGTH: usize = 2000;
/// Most entries of a list that are kept.
pub(super) const MAX_LIST: usize = 100;

/// Bytes as text: UTF-8, else Latin-1.
pub(super) fn decode(bytes: &[u8]) -> Option<String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => clean(text),
        Err(_) => clean(&bytes.iter().copied().map(char::from).collect::<String>()),
    }
}

/// Without control characters and outer white space, of bounded length; `None` if nothing is left.
pub(super) fn clean(text: &str) -> Option<String> {
    let kept: String = text
        .trim_matches(|character: char| character.is_control() || character.is_whitespace())
        .chars()
        .filter(|&character| !character.is_control() || character == '\n')
        .take(MAX_LENGTH)
        .collect();
    (!kept.is_empty()).then_some(kept)
}

/// A time as EXIF (`2024:05:01 12:30:00` and an offset apart) or XMP (ISO 8601, maybe a date
/// alone) writes it, as RFC 3339. `None` for what is no time.
pub(super) fn time(text: &str, offset: Option<&str>) -> Option<String> {
    let text = text.trim_matches(|character: char| character == '\0' || character.is_whitespace());
    let normal: String = text
        .char_indices()
        .map(|(at, character)| match (at, character) {
            (4 | 7, ':') => '-',
            (10, ' ') => 'T',
            _ => character,
        })
        .collect();
    let offset = offset.map(str::trim).unwrap_or_default();
    let with_offset = format!("{normal}{offset}");
    if with_offset.parse::<Timestamp>().is_ok() {
        return Some(with_offset);
    }
    let civil: DateTime = normal.parse().ok()?;
    Some(civil.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn times_become_rfc_3339() {
        let cases = [
            ("2024:05:01 12:30:00", None, Some("2024-05-01T12:30:00")),
            (
                "2024:05:01 12:30:00",
                Some("+02:00"),
                Some("2024-05-01T12:30:00+02:00"),
            ),
            ("2024-05-01T12:30:00Z", None, Some("2024-05-01T12:30:00Z")),
            ("2024-05-01", None, Some("2024-05-01T00:00:00")),
            ("0000:00:00 00:00:00", None, None),
            ("    :  :     :  :  ", None, None),
            ("yesterday", None, None),
        ];
        for (text, offset, expected) in cases {
            assert_eq!(time(text, offset).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_latin_1() {
        assert_eq!(decode(b"Z\xFCrich\0\0").unwrap(), "Zürich");
        assert_eq!(decode("Zürich ".as_bytes()).unwrap(), "Zürich");
        assert_eq!(decode(b" \0"), None);
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(clean(&"a".repeat(5000)).unwrap().len(), MAX_LENGTH);
    }
}
