//! Pictures: those that the project ships, and tiny ones made here.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// A picture that the project ships, by its file's name.
pub fn shipped(name: &str) -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../local/pictures");
    std::fs::read(format!("{path}/{name}")).unwrap()
}

/// A picture of this size whose pixels no other test has.
pub fn unique(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let seed = crate::random::<3>();
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        let level = |shift: u8, over: u32| shift.wrapping_add((over % 256) as u8);
        Rgb([
            level(seed[0], x * 3),
            level(seed[1], y * 5),
            level(seed[2], x + y),
        ])
    });
    encoded(&DynamicImage::ImageRgb8(pixels), format)
}

/// A small PNG that no other test has.
pub fn png() -> Vec<u8> {
    unique(96, 80, ImageFormat::Png)
}

/// A picture as a file of this format.
pub fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// A JPEG with Exif: turned by a quarter, with a place and this text as its artist.
pub fn jpeg_with_exif(width: u32, height: u32, artist: &str) -> Vec<u8> {
    let plain = unique(width, height, ImageFormat::Jpeg);
    let exif = exif(artist);
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&plain[..2], &[0xff, 0xe1], &length, &exif, &plain[2..]].concat()
}

/// TIFF 6.0 directories in big-endian order: orientation 6, artist, and a place.
fn exif(artist: &str) -> Vec<u8> {
    let artist = [artist.as_bytes(), &[0]].concat();
    let directory = 8_u32;
    let after = directory + 2 + 3 * 12 + 4;
    let gps = after + u32::try_from(artist.len().next_multiple_of(2)).unwrap();
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [
            &tag.to_be_bytes()[..],
            &kind.to_be_bytes(),
            &count.to_be_bytes(),
            &value,
        ]
        .concat()
    };
    let mut file = b"Exif\0\0MM\0\x2a".to_vec();
    file.extend(directory.to_be_bytes());
    file.extend(3_u16.to_be_bytes());
    file.extend(entry(0x0112, 3, 1, [0, 6, 0, 0]));
    file.extend(entry(
        0x013b,
        2,
        u32::try_from(artist.len()).unwrap(),
        after.to_be_bytes(),
    ));
    file.extend(entry(0x8825, 4, 1, gps.to_be_bytes()));
    file.extend([0; 4]);
    file.extend(&artist);
    file.resize(file.len() + artist.len() % 2, 0);
    file.extend(4_u16.to_be_bytes());
    let values = gps + 2 + 4 * 12 + 4;
    file.extend(entry(0x0001, 2, 2, [b'N', 0, 0, 0]));
    file.extend(entry(0x0002, 5, 3, values.to_be_bytes()));
    file.extend(entry(0x0003, 2, 2, [b'E', 0, 0, 0]));
    file.extend(entry(0x0004, 5, 3, (values + 24).to_be_bytes()));
    file.extend([0; 4]);
    for number in [52_u32, 1, 31, 1, 7, 1, 13, 1, 24, 1, 33, 1] {
        file.extend(number.to_be_bytes());
    }
    file
}
