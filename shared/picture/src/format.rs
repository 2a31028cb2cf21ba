use serde::{Deserialize, Serialize};

use super::Failure;

/// The formats that have previews.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// ITU-T T.81, JFIF and EXIF files.
    Jpeg,
    /// W3C PNG, APNG included.
    Png,
    /// GIF87a and GIF89a.
    Gif,
    /// RFC 9649.
    WebP,
    /// TIFF 6.0 and BigTIFF.
    Tiff,
    /// Windows bitmap.
    Bmp,
}

impl Format {
    /// The registered media type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
            Self::Tiff => "image/tiff",
            Self::Bmp => "image/bmp",
        }
    }

    /// The format that a media type names, aliases in use included.
    fn from_content_type(content_type: &str) -> Option<Self> {
        match content_type {
            "image/jpeg" | "image/jpg" | "image/pjpeg" => Some(Self::Jpeg),
            "image/png" | "image/apng" | "image/x-png" | "image/vnd.mozilla.apng" => {
                Some(Self::Png)
            }
            "image/gif" => Some(Self::Gif),
            "image/webp" => Some(Self::WebP),
            "image/tiff" | "image/tif" | "image/x-tiff" => Some(Self::Tiff),
            "image/bmp" | "image/x-bmp" | "image/x-ms-bmp" => Some(Self::Bmp),
            _ => None,
        }
    }
}

/// The format that the first bytes of a file show; `None` for anything without a preview.
#[must_use]
pub fn sniff(bytes: &[u8]) -> Option<Format> {
    match bytes {
        [0xFF, 0xD8, 0xFF, ..] => Some(Format::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Format::Png),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some(Format::Gif),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some(Format::WebP),
        [b'I', b'I', 42 | 43, 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => Some(Format::Tiff),
        // two letters alone would take in any text that starts with them
        [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some(Format::Bmp),
        _ => None,
    }
}

/// The format that both the declaration and the bytes name.
pub(super) fn agreed(bytes: &[u8], declared: &str) -> Result<Format, Failure> {
    let declared = media_type(declared);
    let found = sniff(bytes);
    match (Format::from_content_type(&declared), found) {
        (Some(expected), Some(found)) if expected == found => Ok(found),
        (Some(_), None) if bytes.len() < 12 => Err(Failure::Truncated),
        (Some(_), found) => Err(Failure::NotThisType { declared, found }),
        (None, Some(_)) if declared.starts_with("image/") => {
            Err(Failure::NotThisType { declared, found })
        }
        (None, _) => Err(Failure::Unsupported(declared)),
    }
}

fn media_type(declared: &str) -> String {
    let without_parameters = declared.split(';').next().unwrap_or_default();
    without_parameters.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    #[test]
    fn parameters_and_case_of_the_declaration_do_not_matter() {
        assert_eq!(agreed(PNG, " Image/PNG; charset=binary"), Ok(Format::Png));
    }

    #[test]
    fn a_lie_names_both_sides() {
        let failure = agreed(PNG, "image/jpeg");
        let expected = Failure::NotThisType {
            declared: "image/jpeg".into(),
            found: Some(Format::Png),
        };
        assert_eq!(failure, Err(expected));
    }

    #[test]
    fn a_picture_under_another_image_type_is_a_lie() {
        let failure = agreed(PNG, "image/heic");
        assert!(matches!(failure, Err(Failure::NotThisType { .. })));
    }

    #[test]
    fn types_without_preview_are_unsupported() {
        for declared in [
            "application/pdf",
            "video/mp4",
            "image/heic",
            "image/svg+xml",
            "",
        ] {
            let failure = agreed(b"%PDF-1.7 and so on", declared);
            assert_eq!(failure, Err(Failure::Unsupported(declared.into())));
        }
    }

    #[test]
    fn text_that_starts_like_a_bitmap_is_none() {
        assert_eq!(sniff(b"BMW makes cars"), None);
    }

    #[test]
    fn an_empty_file_is_truncated() {
        assert_eq!(agreed(b"", "image/png"), Err(Failure::Truncated));
    }
}
