use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};

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
    let options = lanczos().use_alpha(!raster.is_ink);
    Ok(Raster {
        pixels: resample(raster.pixels, size, &options)?,
        ..raster
    })
}

/// Resamples upright pixels to fit a square of `side`.
pub(super) fn shrink(pixels: RgbImage, side: u32) -> Result<RgbImage, Failure> {
    let size = fitted_size(pixels.dimensions(), side);
    Ok(resample(pixels.into(), size, &lanczos())?.into_rgb8())
}

fn lanczos() -> ResizeOptions {
    ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
}

fn resample(
    pixels: DynamicImage,
    (width, height): (u32, u32),
    options: &ResizeOptions,
) -> Result<DynamicImage, Failure> {
    if (pixels.width(), pixels.height()) == (width, height) {
        return Ok(pixels);
    }
    let mut resized = DynamicImage::new(width, height, pixels.color());
    Resizer::new()
        .resize(&pixels, &mut resized, options)
        .map_err(|error| Failure::Damaged(format!("resizing: {error}")))?;
    Ok(resized)
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
