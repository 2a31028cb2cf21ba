use super::Failure;

/// What one original may cost. The defaults fit a function with 2 GB of memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most pixels (width times height) of the original.
    pub max_pixels: u64,
    /// Longest side of the original in pixels.
    pub max_side: u32,
    /// Most bytes that a decoder may hold for pixels and coefficients.
    pub max_decoder_bytes: u64,
    /// Most bytes of compressed text and profiles in a PNG, after inflating.
    pub max_metadata_bytes: u64,
    /// Most frames of an animation or pages of a document.
    pub max_frames: u32,
    /// Most scans of a progressive JPEG; each scan walks the whole picture again.
    pub max_scans: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pixels: 100_000_000,
            max_side: 30_000,
            max_decoder_bytes: 768 << 20,
            max_metadata_bytes: 16 << 20,
            max_frames: 10_000,
            max_scans: 64,
        }
    }
}

/// The limit that an original exceeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Excess {
    /// Width, height or their product.
    #[error("{width} x {height} pixels")]
    Dimensions {
        /// Width in pixels, as the header claims.
        width: u32,
        /// Height in pixels, as the header claims.
        height: u32,
    },
    /// Memory that the decoder would need.
    #[error("the decoder needs more memory than allowed")]
    Memory,
    /// Frames or pages.
    #[error("more frames or pages than allowed")]
    Frames,
    /// Scans of a JPEG.
    #[error("more scans than allowed")]
    Scans,
}

impl Limits {
    /// Checks the dimensions in a header, before any pixel is decoded.
    pub(super) fn check_dimensions(&self, width: u32, height: u32) -> Result<(), Failure> {
        if width == 0 || height == 0 {
            return Err(Failure::Damaged("a side of no pixels".into()));
        }
        let pixels = u64::from(width) * u64::from(height);
        if width.max(height) > self.max_side || pixels > self.max_pixels {
            return Err(Failure::TooLarge(Excess::Dimensions { width, height }));
        }
        Ok(())
    }

    /// Checks what a decoder is about to hold.
    pub(super) fn check_memory(&self, bytes: u64) -> Result<(), Failure> {
        if bytes > self.max_decoder_bytes {
            return Err(Failure::TooLarge(Excess::Memory));
        }
        Ok(())
    }
}
