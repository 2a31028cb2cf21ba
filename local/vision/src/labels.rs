//! DetectLabels: what a picture shows.

use image::imageops::FilterType;
use rten_tensor::{AsView, NdTensor};

use crate::failure::Failure;
use crate::network::{Network, NetworkError};
use crate::picture::{Area, Picture};
use crate::vocabulary::{CLASSES, Label, Vocabulary, VocabularyError};

/// `LabelModelVersion` of the answers: the model and the edition of the vocabulary.
pub(crate) const MODEL_VERSION: &str = "efficientnet-lite0-imagenet1k/1";

/// Side of the model's input, in pixels.
const SIDE: usize = 224;

/// Part of the shorter side that the model looks at, as in its training.
const CENTRE: f64 = 0.875;

/// What a label must reach after the correction for chance, whatever `MinConfidence` asks for:
/// under it the model is more likely wrong than right, and silence is the honest answer.
const FLOOR: f32 = 0.5;

/// A label found in a picture.
pub(crate) struct Found<'a> {
    pub(crate) label: &'a Label,
    /// From 0 to 1.
    pub(crate) probability: f32,
}

/// The model with its vocabulary.
pub(crate) struct Labeller {
    network: Network,
    vocabulary: Vocabulary,
}

/// Why the labeller did not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LabellerError {
    #[error(transparent)]
    Network(#[from] NetworkError),
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
}

impl Labeller {
    /// Loads the model that is part of the program.
    pub(crate) fn load() -> Result<Self, LabellerError> {
        let onnx = include_bytes!("../model/efficientnet-lite0.onnx");
        Ok(Self {
            network: Network::load(onnx, "image", "probabilities")?,
            vocabulary: Vocabulary::parse(include_str!("../data/labels.tsv"))?,
        })
    }

    /// The labels that the model stands by, surest first; none if it doesn't know the picture.
    pub(crate) fn detect(&self, picture: &Picture) -> Result<Vec<Found<'_>>, Failure> {
        Ok(self.supported(&self.probabilities(picture)?))
    }

    /// A label's name by its place among all.
    pub(crate) fn name(&self, place: usize) -> &'static str {
        self.vocabulary.labels[place].name
    }

    /// One probability for each of the model's classes.
    fn probabilities(&self, picture: &Picture) -> Result<Vec<f32>, Failure> {
        let size = (SIDE as u32, SIDE as u32);
        let pixels = picture.scaled(centre(picture), size, FilterType::CatmullRom);
        let input = NdTensor::from_fn([1, 3, SIDE, SIDE], |[_, channel, y, x]| {
            f32::from(pixels.get_pixel(x as u32, y as u32).0[channel])
        });
        let output = self
            .network
            .run(input)
            .map_err(|error| Failure::Internal(error.to_string()))?;
        let probabilities = output.to_vec();
        if probabilities.len() == CLASSES {
            Ok(probabilities)
        } else {
            Err(Failure::Internal(
                "the labeller's output has another size".to_owned(),
            ))
        }
    }

    fn supported(&self, probabilities: &[f32]) -> Vec<Found<'_>> {
        let labels = &self.vocabulary.labels;
        let sums: Vec<f32> = labels
            .iter()
            .map(|label| {
                label
                    .classes
                    .iter()
                    .map(|class| probabilities[*class])
                    .sum()
            })
            .collect();
        let mut stands = vec![false; labels.len()];
        for (place, label) in labels.iter().enumerate() {
            if beyond_chance(sums[place], label.classes.len()) >= FLOOR {
                stands[place] = true;
                for ancestor in &label.ancestors {
                    stands[*ancestor] = true;
                }
            }
        }
        let mut found: Vec<_> = (0..labels.len())
            .filter(|place| stands[*place])
            .map(|place| Found {
                label: &labels[place],
                // a sum of rounded numbers can pass 1
                probability: sums[place].min(1.0),
            })
            .collect();
        found.sort_by(|a, b| {
            b.probability
                .total_cmp(&a.probability)
                .then_with(|| a.label.name.cmp(b.label.name))
        });
        found
    }
}

/// How much of `sum` is knowledge: a picture that the model knows nothing about spreads over all
/// classes, so a wide label such as Animal (398 of 1,000 classes) collects much of it by chance.
fn beyond_chance(sum: f32, classes: usize) -> f32 {
    let chance = classes as f32 / CLASSES as f32;
    (sum - chance) / (1.0 - chance)
}

fn centre(picture: &Picture) -> Area {
    let (width, height) = picture.size();
    let side = (f64::from(width.min(height)) * CENTRE).round() as u32;
    Area {
        left: (width - side) / 2,
        top: (height - side) / 2,
        width: side,
        height: side,
    }
}

#[cfg(test)]
mod tests;
