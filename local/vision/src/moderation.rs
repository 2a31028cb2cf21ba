//! DetectModerationLabels: whether a picture is pornographic.

use image::imageops::FilterType;
use rten_tensor::{AsView, NdTensor};

use crate::failure::Failure;
use crate::network::{Network, NetworkError};
use crate::picture::Picture;

/// `ModerationModelVersion` of the answers.
pub(crate) const MODEL_VERSION: &str = "open_nsfw";

/// The picture is scaled to a square of this side and the model sees its middle.
const SCALED: u32 = 256;
const SIDE: usize = 224;
const BORDER: u32 = (SCALED - SIDE as u32) / 2;

/// What training took off: the mean blue, green and red.
const MEAN: [f32; 3] = [104.0, 117.0, 123.0];

/// The model.
pub(crate) struct Moderator {
    network: Network,
}

impl Moderator {
    /// Loads the model that is part of the program.
    pub(crate) fn load() -> Result<Self, NetworkError> {
        let onnx = include_bytes!("../model/open-nsfw.onnx");
        Ok(Self {
            network: Network::load(onnx, "image", "probabilities")?,
        })
    }

    /// The probability, from 0 to 1, that a picture is explicit.
    pub(crate) fn explicit(&self, picture: &Picture) -> Result<f32, Failure> {
        let scaled = picture.scaled(picture.whole(), (SCALED, SCALED), FilterType::Triangle);
        let input = NdTensor::from_fn([1, SIDE, SIDE, 3], |[_, y, x, channel]| {
            let pixel = scaled.get_pixel(x as u32 + BORDER, y as u32 + BORDER);
            f32::from(pixel.0[2 - channel]) - MEAN[channel]
        });
        let output = self
            .network
            .run(input)
            .map_err(|error| Failure::Internal(error.to_string()))?;
        match output.to_vec()[..] {
            [_safe, explicit] => Ok(explicit),
            _ => Err(Failure::Internal(
                "the moderator's output has another size".to_owned(),
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::Moderator;
    use crate::picture::Picture;

    #[test]
    fn a_score_in_the_middle_is_that_of_onnxruntime() {
        let noise = include_bytes!("../tests/pictures/noise.png");
        let picture = Picture::decode(noise).unwrap();
        let score = Moderator::load().unwrap().explicit(&picture).unwrap();
        assert!((score - 0.319).abs() < 0.02, "{score}");
    }
}
