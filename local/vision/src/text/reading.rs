//! Reads the text of one region.

use rten_tensor::{AsView, NdTensor};

use super::regions::Region;
use super::{Line, Word};
use crate::failure::Failure;
use crate::network::{Network, NetworkError};
use crate::picture::Picture;

/// Height of the recogniser's strip, its least width and the most, in pixels.
const STRIP_HEIGHT: usize = 48;
const STRIP_WIDTH: usize = 320;
const MAX_STRIP_WIDTH: f64 = 3200.0;

/// Place of "no character" in the recogniser's output; the space has the last place.
const BLANK: usize = 0;

/// The recogniser with the characters that it knows.
pub(super) struct Recognizer {
    network: Network,
    characters: Vec<String>,
}

/// A character and the step of the strip where it was seen.
struct Seen<'a> {
    character: &'a str,
    probability: f32,
    step: usize,
}

impl Recognizer {
    pub(super) fn load() -> Result<Self, NetworkError> {
        let onnx = include_bytes!("../../model/text-recognizer.onnx");
        let network = Network::load(onnx, "x", "fetch_name_0")?;
        let listed = network.note("character").unwrap_or_default();
        let characters = std::iter::once("")
            .chain(listed.split('\n'))
            .chain([" "])
            .map(str::to_owned)
            .collect();
        Ok(Self {
            network,
            characters,
        })
    }

    /// The text of a region, if there is any.
    pub(super) fn line(&self, picture: &Picture, region: Region) -> Result<Option<Line>, Failure> {
        let ratio = region.width / region.height;
        let width = (ratio * STRIP_HEIGHT as f64)
            .ceil()
            .clamp(1.0, MAX_STRIP_WIDTH) as usize;
        let padded = width.max(STRIP_WIDTH);
        let output = self
            .network
            .run(strip(picture, region, width, padded))
            .map_err(|error| Failure::Internal(error.to_string()))?;
        let scores = output.to_vec();
        let seen = self.decode(&scores)?;
        let steps = scores.len() / self.characters.len();
        // steps of the strip that lie on the picture and not on its padding
        let used = steps as f64 * width as f64 / padded as f64;
        Ok(line(&seen, used, region))
    }

    /// Greedy decoding of CTC (Graves et al. 2006): the best character of each step, repeats and
    /// blanks dropped.
    fn decode(&self, scores: &[f32]) -> Result<Vec<Seen<'_>>, Failure> {
        let classes = self.characters.len();
        if !scores.len().is_multiple_of(classes) {
            return Err(Failure::Internal(
                "the recogniser's output has another size".to_owned(),
            ));
        }
        let mut seen = Vec::new();
        let mut before = BLANK;
        for (step, row) in scores.chunks_exact(classes).enumerate() {
            let (best, probability) = row
                .iter()
                .copied()
                .enumerate()
                .max_by(|a, b| a.1.total_cmp(&b.1))
                .unwrap_or((BLANK, 0.0));
            if best != BLANK && best != before {
                seen.push(Seen {
                    character: &self.characters[best],
                    probability,
                    step,
                });
            }
            before = best;
        }
        Ok(seen)
    }
}

/// The region upright, blue, green and red from -1 to 1, padded with grey on the right.
fn strip(picture: &Picture, region: Region, width: usize, padded: usize) -> NdTensor<f32, 4> {
    // tall text is averaged, or thin strokes would fall between the samples
    let samples = (region.height / STRIP_HEIGHT as f64)
        .round()
        .clamp(1.0, 8.0) as usize;
    let mut strip = NdTensor::zeros([1, 3, STRIP_HEIGHT, padded]);
    for y in 0..STRIP_HEIGHT {
        for x in 0..width {
            let mut sum = [0.0; 3];
            for sample in 0..samples * samples {
                let (right, down) = (sample % samples, sample / samples);
                let fraction = |pixel: usize, part: usize, of: usize| {
                    (pixel as f64 + (part as f64 + 0.5) / samples as f64) / of as f64
                };
                let at = region.at(fraction(x, right, width), fraction(y, down, STRIP_HEIGHT));
                let colour = picture.colour_at(at);
                for (sum, channel) in sum.iter_mut().zip(colour) {
                    *sum += channel;
                }
            }
            let count = (samples * samples) as f32;
            for (channel, sum) in sum.into_iter().rev().enumerate() {
                strip[[0, channel, y, x]] = sum / count / 127.5 - 1.0;
            }
        }
    }
    strip
}

fn line(seen: &[Seen<'_>], steps: f64, region: Region) -> Option<Line> {
    let words: Vec<Word> = seen
        .split(|one| one.character == " ")
        .filter_map(|characters| word(characters, steps, region))
        .collect();
    let printed: Vec<_> = seen.iter().filter(|one| one.character != " ").collect();
    if words.is_empty() {
        return None;
    }
    let sum: f32 = printed.iter().map(|one| one.probability).sum();
    Some(Line {
        words,
        confidence: sum / printed.len() as f32,
        region,
    })
}

fn word(characters: &[Seen<'_>], steps: f64, region: Region) -> Option<Word> {
    let (first, last) = (characters.first()?, characters.last()?);
    // a character is seen near its middle: half of the mean distance is left on both sides
    let between = (last.step - first.step) as f64 / (characters.len() - 1).max(1) as f64;
    let half = (between / 2.0).max(1.0);
    let fraction = |step: f64| (step / steps).clamp(0.0, 1.0);
    let from = fraction(first.step as f64 + 0.5 - half);
    let to = fraction(last.step as f64 + 0.5 + half);
    let sum: f32 = characters.iter().map(|one| one.probability).sum();
    Some(Word {
        text: characters.iter().map(|one| one.character).collect(),
        confidence: sum / characters.len() as f32,
        region: region.part(from, to),
    })
}
