use image::{DynamicImage, RgbImage, RgbaImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, ProfileText, TransformOptions};

use super::decode::Raster;

/// Longest profile name that is kept, in characters.
const NAME_LENGTH: usize = 200;

/// Reads an ICC profile (ICC.1); one that can't be read is as good as none.
pub(super) fn parse_profile(icc: &[u8]) -> Option<ColorProfile> {
    ColorProfile::new_from_slice(icc).ok()
}

/// The profile's description.
pub(super) fn profile_name(profile: &ColorProfile) -> Option<String> {
    let name = match profile.description.as_ref()? {
        ProfileText::PlainString(text) => text.as_str(),
        ProfileText::Localizable(texts) => texts.first()?.value.as_str(),
        ProfileText::Description(text) => text.ascii_string.as_str(),
    };
    let name: String = name
        .chars()
        .filter(|character| !character.is_control())
        .take(NAME_LENGTH)
        .collect();
    (!name.is_empty()).then_some(name)
}

/// Converts pixels to sRGB and lays transparent ones on white. A profile that doesn't match the
/// pixels is left aside.
pub(super) fn to_srgb_on_white(raster: Raster, profile: Option<&ColorProfile>) -> RgbImage {
    if raster.is_ink {
        return ink_to_srgb(raster.pixels.into_rgba8(), profile);
    }
    let is_grey = !raster.pixels.color().has_color();
    let has_alpha = raster.pixels.color().has_alpha();
    match (is_grey, has_alpha) {
        (true, true) => on_white(&grey_alpha_to_srgb(raster.pixels, profile)),
        (true, false) => grey_to_srgb(raster.pixels, profile),
        (false, true) => on_white(&rgba_to_srgb(raster.pixels.into_rgba8(), profile)),
        (false, false) => rgb_to_srgb(raster.pixels.into_rgb8(), profile),
    }
}

fn rgb_to_srgb(pixels: RgbImage, profile: Option<&ColorProfile>) -> RgbImage {
    let mut converted = RgbImage::new(pixels.width(), pixels.height());
    let layouts = (Layout::Rgb, Layout::Rgb);
    match convert(
        profile,
        DataColorSpace::Rgb,
        layouts,
        &pixels,
        &mut converted,
    ) {
        Some(()) => converted,
        None => pixels,
    }
}

fn rgba_to_srgb(pixels: RgbaImage, profile: Option<&ColorProfile>) -> RgbaImage {
    let mut converted = RgbaImage::new(pixels.width(), pixels.height());
    let layouts = (Layout::Rgba, Layout::Rgba);
    match convert(
        profile,
        DataColorSpace::Rgb,
        layouts,
        &pixels,
        &mut converted,
    ) {
        Some(()) => converted,
        None => pixels,
    }
}

fn grey_to_srgb(pixels: DynamicImage, profile: Option<&ColorProfile>) -> RgbImage {
    let mut converted = RgbImage::new(pixels.width(), pixels.height());
    let grey = pixels.into_luma8();
    let layouts = (Layout::Gray, Layout::Rgb);
    match convert(
        profile,
        DataColorSpace::Gray,
        layouts,
        &grey,
        &mut converted,
    ) {
        Some(()) => converted,
        None => DynamicImage::from(grey).into_rgb8(),
    }
}

fn grey_alpha_to_srgb(pixels: DynamicImage, profile: Option<&ColorProfile>) -> RgbaImage {
    let mut converted = RgbaImage::new(pixels.width(), pixels.height());
    let grey = pixels.into_luma_alpha8();
    let layouts = (Layout::GrayAlpha, Layout::Rgba);
    match convert(
        profile,
        DataColorSpace::Gray,
        layouts,
        &grey,
        &mut converted,
    ) {
        Some(()) => converted,
        None => DynamicImage::from(grey).into_rgba8(),
    }
}

/// The four channels are amounts of cyan, magenta, yellow and black ink.
fn ink_to_srgb(inks: RgbaImage, profile: Option<&ColorProfile>) -> RgbImage {
    let mut converted = RgbImage::new(inks.width(), inks.height());
    let layouts = (Layout::Rgba, Layout::Rgb);
    match convert(
        profile,
        DataColorSpace::Cmyk,
        layouts,
        &inks,
        &mut converted,
    ) {
        Some(()) => converted,
        None => ink_to_srgb_without_profile(&inks),
    }
}

fn ink_to_srgb_without_profile(inks: &RgbaImage) -> RgbImage {
    RgbImage::from_fn(inks.width(), inks.height(), |x, y| {
        let [c, m, y, k] = inks.get_pixel(x, y).0;
        let light = |ink: u8| divide_by_255(u32::from(255 - ink) * u32::from(255 - k));
        image::Rgb([light(c), light(m), light(y)])
    })
}

/// `None` where there is no profile, or none for this kind of pixels.
fn convert(
    profile: Option<&ColorProfile>,
    color_space: DataColorSpace,
    (from, to): (Layout, Layout),
    pixels: &[u8],
    converted: &mut [u8],
) -> Option<()> {
    let profile = profile.filter(|profile| profile.color_space == color_space)?;
    let srgb = ColorProfile::new_srgb();
    let transform = profile
        .create_transform_8bit(from, &srgb, to, TransformOptions::default())
        .ok()?;
    transform.transform(pixels, converted).ok()
}

fn on_white(pixels: &RgbaImage) -> RgbImage {
    RgbImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [r, g, b, alpha] = pixels.get_pixel(x, y).0;
        let over = |channel: u8| {
            divide_by_255(u32::from(channel) * u32::from(alpha) + 255 * u32::from(255 - alpha))
        };
        image::Rgb([over(r), over(g), over(b)])
    })
}

fn divide_by_255(value: u32) -> u8 {
    u8::try_from((value + 127) / 255).unwrap_or(u8::MAX)
}
