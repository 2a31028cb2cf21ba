//! Uploads: what may be stored, and in how many parts.

/// From this size on an upload is made in parts: 100 MiB.
pub const MULTIPART_FROM_BYTES: u64 = 100 * 1024 * 1024;
/// S3: the most parts of one object.
pub const MAX_PARTS: u64 = 10_000;
/// The part that we ask for, unless the object needs larger ones.
pub const PART_BYTES: u64 = 16 * 1024 * 1024;
/// The largest object that we take: 5 TiB, whatever the plan.
pub const MAX_OBJECT_BYTES: u64 = 5 * 1024 * 1024 * 1024 * 1024;

/// The size of every part but the last: [`PART_BYTES`], or as much more as
/// [`MAX_PARTS`] demands, in whole MiB.
#[must_use]
pub fn part_bytes(total: u64) -> u64 {
    let needed = total.div_ceil(MAX_PARTS);
    let whole_mib = needed.div_ceil(1024 * 1024) * 1024 * 1024;
    whole_mib.max(PART_BYTES)
}

/// How many parts an object of this size has.
#[must_use]
pub fn part_count(total: u64) -> u64 {
    total.div_ceil(part_bytes(total))
}

/// How many bytes part `number` (from 1) has; `None` when there is no such part.
#[must_use]
pub fn part_length(total: u64, number: u64) -> Option<u64> {
    if number == 0 || number > part_count(total) {
        return None;
    }
    let before = (number - 1) * part_bytes(total);
    Some(part_bytes(total).min(total - before))
}

/// The content types that may be stored: media, documents, images and videos
/// (clause 1.4). Nothing that a browser would run when it is opened.
pub const CONTENT_TYPES: &[&str] = &[
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "image/tiff",
    "image/bmp",
    "image/heic",
    "image/heif",
    "image/avif",
    "image/vnd.adobe.photoshop",
    "image/x-icon",
    "video/mp4",
    "video/quicktime",
    "video/webm",
    "video/x-msvideo",
    "video/x-matroska",
    "video/mpeg",
    "audio/mpeg",
    "audio/mp4",
    "audio/wav",
    "audio/x-wav",
    "audio/ogg",
    "audio/flac",
    "audio/aac",
    "application/pdf",
    "application/postscript",
    "application/zip",
    "application/rtf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
    "font/ttf",
    "font/otf",
    "font/woff",
    "font/woff2",
    "text/plain",
    "text/csv",
    "text/markdown",
];

/// The content type in its canonical form when it may be stored.
#[must_use]
pub fn content_type(text: &str) -> Option<&'static str> {
    let essence = text
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_lowercase();
    CONTENT_TYPES
        .iter()
        .copied()
        .find(|known| *known == essence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// S3: the least size of a part but the last.
    const MIN_PART_BYTES: u64 = 5 * 1024 * 1024;

    #[test]
    fn nothing_that_a_browser_runs_is_taken() {
        assert_eq!(content_type("Image/JPEG; q=1"), Some("image/jpeg"));
        for bad in [
            "text/html",
            "image/svg+xml",
            "application/javascript",
            "",
            "image/*",
        ] {
            assert_eq!(content_type(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn parts_cover_the_object_within_the_limits_of_s3(total in MULTIPART_FROM_BYTES..=MAX_OBJECT_BYTES) {
            let count = part_count(total);
            prop_assert!(count <= MAX_PARTS);
            prop_assert!(part_bytes(total) >= MIN_PART_BYTES);
            let last = part_length(total, count).unwrap_or_default();
            prop_assert_eq!((count - 1) * part_bytes(total) + last, total);
            prop_assert!(last > 0 && part_length(total, count + 1).is_none());
        }
    }
}
