//! DetectText: the words in a picture, where they stand and how sure the model is.
//!
//! A detector marks the pixels of text; each patch of them becomes a slanted rectangle
//! (`regions`), is cut out upright and read by a recogniser (`reading`).

mod reading;
mod regions;

use image::imageops::FilterType;
use rten_tensor::{AsView, NdTensor};

use crate::failure::Failure;
use crate::network::{Network, NetworkError};
use crate::picture::Picture;
use reading::Recognizer;
pub(crate) use regions::Region;

/// `TextModelVersion` of the answers.
pub(crate) const MODEL_VERSION: &str = "pp-ocr-v4-detector+v6-small-recognizer";

/// Rekognition reads no more words than this in one picture.
const MAX_WORDS: usize = 100;

/// Patches of text that are tried; each has a word at least, and noise must not take forever.
const MAX_REGIONS: usize = 2 * MAX_WORDS;

/// The detector's picture: its longest side in pixels, and what both sides are multiples of.
const DETECTOR_SIDE: f64 = 960.0;
const DETECTOR_STEP: u32 = 32;

/// Lines and words that the recogniser is less sure of are not text that a person could read.
const LINE_FLOOR: f32 = 0.8;
const WORD_FLOOR: f32 = 0.7;
/// A single character is easily a mark or a handle, so it must be nearly certain.
const CHARACTER_FLOOR: f32 = 0.95;

/// A line of text.
pub(crate) struct Line {
    pub(crate) words: Vec<Word>,
    /// Mean over its characters, from 0 to 1.
    pub(crate) confidence: f32,
    pub(crate) region: Region,
}

/// A word of a line.
pub(crate) struct Word {
    pub(crate) text: String,
    /// Mean over its characters, from 0 to 1.
    pub(crate) confidence: f32,
    pub(crate) region: Region,
}

impl Line {
    /// The words with a space between them.
    pub(crate) fn text(&self) -> String {
        let words: Vec<_> = self.words.iter().map(|word| word.text.as_str()).collect();
        words.join(" ")
    }
}

/// Both models.
pub(crate) struct Reader {
    detector: Network,
    recognizer: Recognizer,
}

impl Reader {
    /// Loads the models that are part of the program.
    pub(crate) fn load() -> Result<Self, NetworkError> {
        let detector = include_bytes!("../model/text-detector.onnx");
        Ok(Self {
            detector: Network::load(detector, "x", "sigmoid_0.tmp_0")?,
            recognizer: Recognizer::load()?,
        })
    }

    /// The lines of a picture from top to bottom, at most [`MAX_WORDS`] words in all.
    pub(crate) fn read(&self, picture: &Picture) -> Result<Vec<Line>, Failure> {
        let mut left = MAX_WORDS;
        let mut lines = Vec::new();
        for region in self.regions(picture)? {
            let Some(mut line) = self.recognizer.line(picture, region)? else {
                continue;
            };
            if !believable(&line) {
                continue;
            }
            line.words.truncate(left);
            left -= line.words.len();
            lines.push(line);
            if left == 0 {
                break;
            }
        }
        Ok(lines)
    }

    fn regions(&self, picture: &Picture) -> Result<Vec<Region>, Failure> {
        let (width, height) = detector_size(picture.size());
        let scaled = picture.scaled(picture.whole(), (width, height), FilterType::Triangle);
        let input = NdTensor::from_fn([1, 3, height as usize, width as usize], |[_, c, y, x]| {
            // blue, green, red from -1 to 1
            f32::from(scaled.get_pixel(x as u32, y as u32).0[2 - c]) / 127.5 - 1.0
        });
        let map = self
            .detector
            .run(input)
            .map_err(|error| Failure::Internal(error.to_string()))?
            .to_vec();
        let (picture_width, picture_height) = picture.size();
        let scale = (
            f64::from(picture_width) / f64::from(width),
            f64::from(picture_height) / f64::from(height),
        );
        let mut regions = regions::find(&map, (width as usize, height as usize), scale);
        regions.truncate(MAX_REGIONS);
        Ok(regions)
    }
}

fn believable(line: &Line) -> bool {
    let characters: usize = line
        .words
        .iter()
        .map(|word| word.text.chars().count())
        .sum();
    let floor = if characters < 2 {
        CHARACTER_FLOOR
    } else {
        LINE_FLOOR
    };
    line.confidence >= floor && line.words.iter().all(|word| word.confidence >= WORD_FLOOR)
}

fn detector_size((width, height): (u32, u32)) -> (u32, u32) {
    let ratio = DETECTOR_SIDE / f64::from(width.max(height));
    let side = |pixels: u32| {
        let steps = (f64::from(pixels) * ratio / f64::from(DETECTOR_STEP)).round() as u32;
        steps.max(1) * DETECTOR_STEP
    };
    (side(width), side(height))
}

#[cfg(test)]
mod tests {
    use super::detector_size;

    #[test]
    fn the_detector_sees_every_picture_at_one_size() {
        assert_eq!(detector_size((1600, 1200)), (960, 736));
        assert_eq!(detector_size((600, 400)), (960, 640));
        assert_eq!(detector_size((10_000, 80)), (960, 32));
    }
}
