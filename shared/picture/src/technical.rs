use serde::{Deserialize, Serialize};

use super::{Embedded, Format};

/// Facts about an original that hold no personal data, and what the file carries beside pixels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Technical {
    /// The format of the bytes.
    pub format: Format,
    /// Width in pixels as a person sees it, after the orientation is applied.
    pub width: u32,
    /// Height in pixels, after the orientation is applied.
    pub height: u32,
    /// EXIF orientation 1 to 8 as stored in the file (CIPA DC-008 section 4.6.4); 1 is upright.
    pub orientation: u8,
    /// Colour model of the stored pixels.
    pub color: Color,
    /// Whether pixels can be transparent.
    pub has_alpha: bool,
    /// Frames of an animation or pages of a document; `None` where the file holds one picture.
    pub frames: Option<u32>,
    /// Bits per channel of the stored pixels (of a palette's index, where it has one).
    pub bit_depth: u8,
    /// Description in the embedded ICC profile.
    pub icc_profile_name: Option<String>,
    /// Fields from EXIF, XMP and IPTC.
    pub metadata: Embedded,
}

/// Colour model of stored pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Color {
    /// Shades of grey.
    Grey,
    /// A palette of colours.
    Palette,
    /// Red, green and blue, also where stored as luminance and chrominance.
    Rgb,
    /// Four inks.
    Cmyk,
}
