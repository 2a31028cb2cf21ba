use fast_image_resize::images::TypedImage;
use fast_image_resize::pixels::U8x4;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{DynamicImage, RgbImage, RgbaImage};

use super::Failure;
use super::decode::Raster;

/// The size with the same proportions whose longest side is `side`; a smaller size stays.
pub(super) fn fitted_size((width, height): (u32, u32), side: u32) -> (u32, u32) {
    let longest = width.max(height);
    if longest <= side {
        return (width, height);
    }
    let scaled = |length: u32| {
        let rounded =
            (u64::from(length) * u64::from(side) + u64::from(longest) / 2) / u64::from(longest);
        u32::try_from(rounded).unwrap_or(side).max(1)
    };
    (scaled(width), scaled(height))
}

/// Resamples a raster of `stored_size` to fit a square of `side`.
pub(super) fn fit(raster: Raster, stored_size: (u32, u32), side: u32) -> Result<Raster, Failure> {
    let size = fitted_size(stored_size, side);
    // inks are four equal channels, not three and an alpha
    let has_alpha = raster.pixels.color().has_alpha() && !raster.is_ink;
    let options = lanczos().use_alpha(has_alpha);
    Ok(Raster {
        pixels: resample(raster.pixels, size, &options)?,
        ..raster
    })
}

/// Resamples upright pixels to fit a square of `side`.
pub(super) fn shrink(pixels: RgbImage, side: u32) -> Result<RgbImage, Failure> {
    let size = fitted_size(pixels.dimensions(), side);
    Ok(resample(pixels.into(), size, &lanczos().use_alpha(false))?.into_rgb8())
}

fn lanczos() -> ResizeOptions {
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
}

/// Resamples four channels of 8 bits, whatever the picture has: it is what the library is fastest
/// at, and each further kind of pixel is its convolutions compiled once more. Grey stays grey.
fn resample(
    pixels: DynamicImage,
    to: (u32, u32),
    options: &ResizeOptions,
) -> Result<DynamicImage, Failure> {
    let from = (pixels.width(), pixels.height());
    if from == to {
        return Ok(pixels);
    }
    let kind = pixels.color();
    let resized = four_channels(pixels.into_rgba8().into_raw(), from, to, options)?;
    let resized = RgbaImage::from_raw(to.0, to.1, resized)
        .map(DynamicImage::from)
        .ok_or_else(|| Failure::Damaged("resizing: a size that does not fit".to_owned()))?;
    Ok(match (kind.has_color(), kind.has_alpha()) {
        (true, true) => resized,
        (true, false) => resized.into_rgb8().into(),
        (false, true) => resized.into_luma_alpha8().into(),
        (false, false) => resized.into_luma8().into(),
    })
}

/// Source and target are images of one type, the one that the library uses between its steps.
fn four_channels(
    mut pixels: Vec<u8>,
    from: (u32, u32),
    to: (u32, u32),
    options: &ResizeOptions,
) -> Result<Vec<u8>, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Damaged(format!("resizing: {error}"));
    let source = TypedImage::<U8x4>::from_buffer(from.0, from.1, &mut pixels)
        .map_err(|error| failed(&error))?;
    let mut bytes = vec![0; to.0 as usize * to.1 as usize * size_of::<U8x4>()];
    let mut target =
        TypedImage::<U8x4>::from_buffer(to.0, to.1, &mut bytes).map_err(|error| failed(&error))?;
    Resizer::new()
        .resize_typed(&source, &mut target, options)
        .map_err(|error| failed(&error))?;
    Ok(bytes)
}

/// Applies an EXIF orientation (CIPA DC-008 section 4.6.4).
pub(super) fn turn_upright(pixels: RgbImage, orientation: u8) -> RgbImage {
    let mut image = DynamicImage::from(pixels);
    let orientation = Orientation::from_exif(orientation).unwrap_or(Orientation::NoTransforms);
    image.apply_orientation(orientation);
    image.into_rgb8()
}

#[cfg(test)]
mod tests {
    use super::fitted_size;

    #[test]
    fn the_longest_side_fits_and_the_other_keeps_proportion() {
        assert_eq!(fitted_size((4000, 3000), 1600), (1600, 1200));
        assert_eq!(fitted_size((3000, 4000), 1600), (1200, 1600));
    }

    #[test]
    fn small_pictures_are_not_enlarged() {
        assert_eq!(fitted_size((640, 480), 1600), (640, 480));
    }

    #[test]
    fn a_line_keeps_one_pixel() {
        assert_eq!(fitted_size((30_000, 1), 1600), (1600, 1));
    }
}
