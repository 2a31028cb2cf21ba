//! The picture library on real files: pixels come out right, facts are read, nothing personal
//! leaves the original.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod picture_support;

use image::{Rgb, RgbImage};
use picture::{Color, Failure, Format, Limits, Renditions, sniff};
use picture_support::{
    assert_scene, fixture, jpeg_segments, pixels, render, render_fixture, spliced_profile,
};

const RED: [u8; 3] = [255, 0, 0];
const GREEN: [u8; 3] = [0, 255, 0];
const BLUE: [u8; 3] = [0, 0, 255];
const YELLOW: [u8; 3] = [255, 255, 0];
const WHITE: [u8; 3] = [255, 255, 255];
const SCENE: [[u8; 3]; 4] = [RED, GREEN, BLUE, YELLOW];

#[test]
fn every_format_and_variant_shows_its_scene() {
    let names = [
        "progressive.jpg",
        "orientation-1.jpg",
        "palette.bmp",
        "plain.bmp",
        "sixteen-bit.png",
        "interlaced.png",
        "animated.png",
        "animated.gif",
        "animated.webp",
        "lossy.webp",
        "sixteen-bit-lzw-big-endian.tif",
        "big.tif",
        "planar.tif",
        "pages.tif",
        "documented.jpg",
        "documented.png",
        "documented.tif",
        "documented.webp",
    ];
    for name in names {
        assert_scene(&render_fixture(name).unwrap(), SCENE, name);
    }
}

#[test]
fn all_orientations_are_applied() {
    for orientation in 1..=8 {
        let name = format!("orientation-{orientation}.jpg");
        let renditions = render_fixture(&name).unwrap();
        assert_eq!(renditions.technical.orientation, orientation);
        assert_scene(&renditions, SCENE, &name);
    }
    for name in [
        "orientation-6.png",
        "orientation-6.webp",
        "orientation-6.tif",
    ] {
        let renditions = render_fixture(name).unwrap();
        assert_eq!(renditions.technical.orientation, 6, "{name}");
        assert_scene(&renditions, SCENE, name);
    }
}

#[test]
fn inks_become_light() {
    for name in ["cmyk.jpg", "cmyk.tif"] {
        let renditions = render_fixture(name).unwrap();
        assert_eq!(renditions.technical.color, Color::Cmyk, "{name}");
        assert_scene(&renditions, SCENE, name);
    }
    let mut ycck = Vec::new();
    let magenta = [0, 255, 0, 0].repeat(64 * 48);
    jpeg_encoder::Encoder::new(&mut ycck, 95)
        .encode(&magenta, 64, 48, jpeg_encoder::ColorType::CmykAsYcck)
        .unwrap();
    let shown = pixels(&render(&ycck, "image/jpeg").unwrap().preview);
    assert_near(shown.get_pixel(30, 20), [255, 0, 255], "ycck");
}

#[test]
fn grey_stays_grey() {
    let renditions = render_fixture("grey.jpg").unwrap();
    assert_eq!(renditions.technical.color, Color::Grey);
    // ITU-R BT.601 luma of the four colours
    assert_scene(&renditions, [[76; 3], [150; 3], [29; 3], [226; 3]], "grey");
}

#[test]
fn transparent_pixels_lie_on_white() {
    for name in ["alpha.png", "alpha.webp"] {
        let renditions = render_fixture(name).unwrap();
        assert!(renditions.technical.has_alpha, "{name}");
        assert_scene(&renditions, [RED, GREEN, WHITE, WHITE], name);
    }
    let palette = render_fixture("palette-transparent.png").unwrap();
    assert!(palette.technical.has_alpha);
    assert_eq!(palette.technical.color, Color::Palette);
    let preview = pixels(&palette.preview);
    let corners = [(16, 12), (48, 12), (16, 36), (48, 36)];
    let white = corners
        .iter()
        .filter(|&&(x, y)| preview.get_pixel(x, y).0 == WHITE);
    assert_eq!(white.count(), 1, "one colour of the palette is transparent");
}

#[test]
fn wide_gamut_colours_are_converted_to_srgb() {
    let picture = RgbImage::from_pixel(64, 48, Rgb([0, 200, 0]));
    let plain = picture_support::jpeg(&picture);
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let tagged = spliced_profile(&plain, &profile);

    let renditions = render(&tagged, "image/jpeg").unwrap();
    let name = renditions.technical.icc_profile_name.clone().unwrap();
    assert!(name.contains("P3"), "{name}");
    let plain = *pixels(&render(&plain, "image/jpeg").unwrap().preview).get_pixel(30, 20);
    let converted = *pixels(&renditions.preview).get_pixel(30, 20);
    assert_near(&plain, [0, 200, 0], "without a profile");
    // Display P3 (0, 200, 0) lies beyond sRGB: no red is left to give, green grows
    assert!(converted[1] > 202, "{converted:?}");
}

#[test]
fn large_pictures_shrink_and_small_ones_stay() {
    let picture = picture_support::gradient(4000, 3000);
    let renditions = render(&picture_support::jpeg(&picture), "image/jpeg").unwrap();
    assert_eq!(
        (renditions.preview.width, renditions.preview.height),
        (1600, 1200)
    );
    assert_eq!(
        (renditions.thumbnail.width, renditions.thumbnail.height),
        (320, 240)
    );
    assert_eq!(
        (renditions.technical.width, renditions.technical.height),
        (4000, 3000)
    );
    let preview = pixels(&renditions.preview);
    for (x, y) in [(10, 10), (800, 600), (1590, 1190)] {
        let original = picture.get_pixel(x * 5 / 2, y * 5 / 2).0;
        assert_near(preview.get_pixel(x, y), original, "gradient");
    }

    let small = render_fixture("plain.bmp").unwrap();
    assert_eq!((small.preview.width, small.thumbnail.height), (64, 48));
}

#[test]
fn extreme_proportions_keep_a_pixel() {
    let line = picture_support::gradient(9000, 1);
    let renditions = render(&picture_support::jpeg(&line), "image/jpeg").unwrap();
    assert_eq!(
        (renditions.preview.width, renditions.preview.height),
        (1600, 1)
    );
    assert_eq!(
        (renditions.thumbnail.width, renditions.thumbnail.height),
        (320, 1)
    );
}

#[test]
fn technical_facts_are_read() {
    let facts = |name: &str| {
        let technical = render_fixture(name).unwrap().technical;
        (
            technical.format,
            technical.color,
            technical.bit_depth,
            technical.frames,
        )
    };
    assert_eq!(
        facts("progressive.jpg"),
        (Format::Jpeg, Color::Rgb, 8, None)
    );
    assert_eq!(
        facts("sixteen-bit.png"),
        (Format::Png, Color::Rgb, 16, None)
    );
    assert_eq!(facts("one-bit.png"), (Format::Png, Color::Grey, 1, None));
    assert_eq!(facts("animated.png"), (Format::Png, Color::Rgb, 8, Some(3)));
    assert_eq!(
        facts("animated.gif"),
        (Format::Gif, Color::Palette, 8, Some(3))
    );
    assert_eq!(
        facts("animated.webp"),
        (Format::WebP, Color::Rgb, 8, Some(3))
    );
    assert_eq!(facts("lossy.webp"), (Format::WebP, Color::Rgb, 8, None));
    assert_eq!(facts("pages.tif"), (Format::Tiff, Color::Rgb, 8, Some(3)));
    assert_eq!(facts("big.tif"), (Format::Tiff, Color::Rgb, 8, Some(1)));
    assert_eq!(
        facts("sixteen-bit-lzw-big-endian.tif"),
        (Format::Tiff, Color::Rgb, 16, Some(1))
    );
    assert_eq!(facts("plain.bmp"), (Format::Bmp, Color::Rgb, 8, None));
    assert_eq!(facts("palette.bmp"), (Format::Bmp, Color::Palette, 8, None));
}

#[test]
fn metadata_of_a_jpeg_comes_from_exif_xmp_and_iptc() {
    let metadata = render_fixture("documented.jpg").unwrap().technical.metadata;
    assert_eq!(
        metadata.taken_at.as_deref(),
        Some("2024-05-01T12:30:00+02:00")
    );
    assert_eq!(metadata.camera_make.as_deref(), Some("Maker"));
    assert_eq!(metadata.camera_model.as_deref(), Some("Model 5"));
    assert_eq!(metadata.lens.as_deref(), Some("Lens 50"));
    assert_eq!(metadata.exposure_time.as_deref(), Some("1/250"));
    assert_eq!(metadata.f_number, Some(2.8));
    assert_eq!(metadata.iso, Some(400));
    assert_eq!(metadata.focal_length, Some(50.0));

    let personal = metadata.personal;
    let location = personal.location.unwrap();
    assert!((location.latitude + 33.858_333).abs() < 1e-5);
    assert!((location.longitude - 151.2125).abs() < 1e-5);
    assert_eq!(location.altitude, Some(12.5));
    assert_eq!(
        personal.creators,
        ["canary-artist", "canary-xmp-creator", "canary-byline"]
    );
    assert_eq!(personal.copyright.as_deref(), Some("canary-copyright"));
    assert_eq!(personal.owner.as_deref(), Some("canary-owner"));
    assert_eq!(
        personal.serial_numbers,
        [
            "canary-body-serial",
            "canary-lens-serial",
            "canary-xmp-serial"
        ]
    );
    assert_eq!(personal.people_shown, ["canary-person"]);
    assert_eq!(personal.title.as_deref(), Some("canary-title"));
    assert_eq!(personal.caption.as_deref(), Some("canary-caption"));
    assert_eq!(personal.keywords, ["canary-keyword", "lake", "boat"]);
    assert_eq!(
        personal.places,
        ["canary-city", "canary-iptc-city", "canary-country"]
    );
}

#[test]
fn metadata_of_png_webp_and_tiff_is_read() {
    for name in ["documented.png", "documented.webp"] {
        let metadata = render_fixture(name).unwrap().technical.metadata;
        assert_eq!(metadata.camera_make.as_deref(), Some("Maker"), "{name}");
        assert!(metadata.personal.location.is_some(), "{name}");
        assert_eq!(metadata.personal.people_shown, ["canary-person"], "{name}");
    }
    let metadata = render_fixture("documented.tif").unwrap().technical.metadata;
    assert_eq!(metadata.camera_make.as_deref(), Some("Maker"));
    assert_eq!(
        metadata.personal.creators,
        ["canary-artist", "canary-xmp-creator", "canary-byline"]
    );
    assert_eq!(
        metadata.personal.caption.as_deref(),
        Some("canary-iptc-caption")
    );
}

#[test]
fn previews_and_thumbnails_carry_pixels_only() {
    for name in [
        "documented.jpg",
        "documented.png",
        "documented.tif",
        "documented.webp",
    ] {
        assert_pixels_only(&render_fixture(name).unwrap(), name);
    }
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let tagged = spliced_profile(&fixture("documented.jpg"), &profile);
    assert_pixels_only(&render(&tagged, "image/jpeg").unwrap(), "with a profile");
}

/// Beside tables, frame and scan a JPEG needs nothing but JFIF's fixed header.
fn assert_pixels_only(renditions: &Renditions, name: &str) {
    for picture in [&renditions.preview, &renditions.thumbnail] {
        let traces: [&[u8]; 7] = [
            b"canary",
            b"Exif",
            b"adobe",
            b"8BIM",
            b"ICC_PROFILE",
            b"rdf",
            b"Maker",
        ];
        for trace in traces {
            let found = picture
                .bytes
                .windows(trace.len())
                .any(|window| window == trace);
            assert!(!found, "{name} holds {}", String::from_utf8_lossy(trace));
        }
        for (marker, length) in jpeg_segments(&picture.bytes) {
            match marker {
                0xE0 => assert_eq!(length, 16, "{name}: JFIF without a thumbnail"),
                0xC0 | 0xC4 | 0xDA | 0xDB => {}
                other => panic!("{name} holds segment {other:X}"),
            }
        }
    }
}

#[test]
fn debug_output_shows_nothing_personal() {
    let technical = render_fixture("documented.jpg").unwrap().technical;
    let shown = format!("{technical:?}");
    assert!(
        !shown.contains("canary") && !shown.contains("33.8"),
        "{shown}"
    );
}

#[test]
fn technical_metadata_survives_json() {
    let technical = render_fixture("documented.jpg").unwrap().technical;
    let json = serde_json::to_string(&technical).unwrap();
    assert!(serde_json::from_str::<picture::Technical>(&json).unwrap() == technical);
}

#[test]
fn lying_files_are_named() {
    let failure = render(&fixture("plain.bmp"), "image/jpeg").unwrap_err();
    let expected = Failure::NotThisType {
        declared: "image/jpeg".into(),
        found: Some(Format::Bmp),
    };
    assert_eq!(failure, expected);
    assert_eq!(failure.code(), "not_this_type");
    let text = render(b"just some text, no picture", "image/png").unwrap_err();
    assert!(matches!(text, Failure::NotThisType { found: None, .. }));
}

#[test]
fn types_without_previews_say_so() {
    let failure = render(b"%PDF-1.7\n%and so on", "application/pdf").unwrap_err();
    assert_eq!(failure, Failure::Unsupported("application/pdf".into()));
}

#[test]
fn every_fixture_that_ends_early_fails() {
    for name in picture_support::fixture_names() {
        let whole = fixture(&name);
        let content_type = sniff(&whole).unwrap().content_type();
        for percent in [0, 1, 5, 20, 40, 60, 80] {
            let part = &whole[..whole.len() * percent / 100];
            let failure = picture::render(part, content_type, &Limits::default());
            assert!(failure.is_err(), "{name} at {percent} %");
        }
    }
}

#[test]
fn a_photograph_cut_short_is_truncated() {
    let whole = picture_support::jpeg(&picture_support::gradient(800, 600));
    let failure = render(&whole[..whole.len() / 2], "image/jpeg").unwrap_err();
    assert_eq!(failure, Failure::Truncated);
    let whole = fixture("sixteen-bit.png");
    let failure = render(&whole[..whole.len() - 30], "image/png").unwrap_err();
    assert_eq!(failure, Failure::Truncated);
}

fn assert_near(pixel: &Rgb<u8>, expected: [u8; 3], name: &str) {
    picture_support::assert_near(pixel, expected, name);
}
