//! Fields that a picture's file carries: EXIF (CIPA DC-008), XMP (ISO 16684-1), IPTC (IIM 4.2 and
//! the IPTC Photo Metadata Standard). Personal ones are kept apart.

mod embedded;
mod exif;
pub(super) mod iptc;
mod text;
mod xmp;

pub use embedded::{Embedded, Location, Personal};

/// The blocks of metadata in a file.
#[derive(Default)]
pub(super) struct Sources<'a> {
    /// A TIFF structure, with or without the prefix that JPEG's APP1 has.
    pub exif: Option<&'a [u8]>,
    /// An XMP packet.
    pub xmp: Option<&'a [u8]>,
    /// IIM datasets.
    pub iptc: Option<&'a [u8]>,
}

/// What the blocks say.
pub(super) struct Found {
    /// 1 to 8.
    pub orientation: u8,
    pub embedded: Embedded,
}

/// Reads all blocks. Of a field in several blocks the first of EXIF, XMP, IPTC counts; lists are
/// joined. Blocks that can't be read are passed over: metadata never fails a picture.
pub(super) fn read(sources: &Sources) -> Found {
    let mut embedded = Embedded::default();
    let tags = sources
        .exif
        .and_then(|block| exif::read(block, &mut embedded))
        .unwrap_or_default();
    if let Some(packet) = sources.xmp.or(tags.xmp.as_deref()) {
        xmp::read(packet, &mut embedded);
    }
    if let Some(datasets) = sources.iptc.or(tags.iptc.as_deref()) {
        iptc::read(datasets, &mut embedded);
    }
    Found {
        orientation: tags.orientation.unwrap_or(1),
        embedded,
    }
}
