//! Pictures without I/O: the bytes of an original become a preview, a thumbnail, technical
//! metadata and the metadata that the file carries.
//!
//! Every original is hostile until decoded. The declared content type is compared with the bytes,
//! dimensions and frame counts are read from headers before pixels are, and decoders run under an
//! allocation limit. Whatever goes wrong is a [`Failure`], a final state of the asset: the same
//! bytes fail the same way, so nothing here is worth a retry.
//!
//! Thumbnails are JPEG. The only WebP encoder in pure Rust, `image-webp`, writes lossless files,
//! which for photographs are several times the size of a JPEG, and libwebp needs a C build for
//! every target.

mod color;
mod decode;
mod encode;
mod format;
mod jpeg_header;
mod limits;
mod metadata;
mod resize;
mod technical;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use encode::Jpeg;
pub use format::{Format, sniff};
pub use limits::{Excess, Limits};
pub use metadata::{Embedded, Location, Personal};
pub use technical::{Color, Technical};

use decode::Decoded;

/// Longest side of a preview in pixels. Amazon Rekognition takes 80 to 10,000 pixels a side.
pub const PREVIEW_SIDE: u32 = 1600;
/// Longest side of a thumbnail in pixels.
pub const THUMBNAIL_SIDE: u32 = 320;

/// What one original yields. The two pictures carry pixels only: no EXIF, XMP, IPTC, comment or
/// colour profile (their colours are sRGB).
#[derive(Debug, Clone)]
pub struct Renditions {
    /// Longest side [`PREVIEW_SIDE`], never enlarged, upright, on white.
    pub preview: Jpeg,
    /// Longest side [`THUMBNAIL_SIDE`], otherwise as the preview.
    pub thumbnail: Jpeg,
    /// Facts about the original.
    pub technical: Technical,
}

/// Why an original has no renditions. Final for these bytes. The texts hold nothing of the
/// picture's content or metadata.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The original is stored, but pictures of this kind have no preview yet.
    #[error("no preview yet for {0}")]
    Unsupported(String),
    /// The bytes are not what the uploader declared.
    #[error("declared as {declared}, but the content is {}", found.map_or("of no known picture format", Format::content_type))]
    NotThisType {
        /// The declared content type, without parameters, in lower case.
        declared: String,
        /// What the bytes are, where that is known.
        found: Option<Format>,
    },
    /// The file ends before the picture does.
    #[error("the file ends before the picture does")]
    Truncated,
    /// Decoding would take more than the [`Limits`] allow.
    #[error("too large: {0}")]
    TooLarge(Excess),
    /// The bytes break the rules of their format.
    #[error("damaged: {0}")]
    Damaged(String),
}

impl Failure {
    /// A stable word for the asset's state and for the API.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsupported(_) => "unsupported",
            Self::NotThisType { .. } => "not_this_type",
            Self::Truncated => "truncated",
            Self::TooLarge(_) => "too_large",
            Self::Damaged(_) => "damaged",
        }
    }
}

/// Makes the renditions of an original.
///
/// `declared_content_type` is what the uploader declared (RFC 9110 section 8.3.1), parameters and
/// case don't matter.
///
/// # Errors
/// A [`Failure`], final for these bytes. A panic inside a decoder is caught and is
/// [`Failure::Damaged`]: one crafted file must not become a retry loop.
pub fn render(
    original: &[u8],
    declared_content_type: &str,
    limits: &Limits,
) -> Result<Renditions, Failure> {
    let format = format::agreed(original, declared_content_type)?;
    catch_unwind(AssertUnwindSafe(|| render_as(format, original, limits)))
        .unwrap_or_else(|_| Err(Failure::Damaged("the decoder broke off".into())))
}

fn render_as(format: Format, original: &[u8], limits: &Limits) -> Result<Renditions, Failure> {
    let decoded = decode::decode(format, original, limits)?;
    let Decoded {
        raster,
        icc,
        mut technical,
        stored_size,
    } = decoded;
    let profile = icc.as_deref().and_then(color::parse_profile);
    technical.icc_profile_name = profile.as_ref().and_then(color::profile_name);

    let fitted = resize::fit(raster, stored_size, PREVIEW_SIDE)?;
    let srgb = color::to_srgb_on_white(fitted, profile.as_ref());
    let upright = resize::turn_upright(srgb, technical.orientation);
    let preview = encode::jpeg(&upright, encode::PREVIEW_QUALITY)?;
    let thumbnail = encode::jpeg(
        &resize::shrink(upright, THUMBNAIL_SIDE)?,
        encode::THUMBNAIL_QUALITY,
    )?;
    Ok(Renditions {
        preview,
        thumbnail,
        technical,
    })
}
