//! The calls, in Rekognition's request and response shapes.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Service;
use crate::failure::Failure;
use crate::labels::{Found, Labeller};
use crate::picture::Picture;
use crate::protocol::Image;
use crate::text::{Line, Region, Word};
use crate::{labels, moderation, text};

/// `MinConfidence` where a call leaves it out (Rekognition's defaults), in percent.
const LABEL_CONFIDENCE: f32 = 55.0;
const MODERATION_CONFIDENCE: f32 = 50.0;

/// Under this a picture is more likely fine than explicit, whatever `MinConfidence` asks for.
const MODERATION_FLOOR: f32 = 50.0;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DetectLabels {
    image: Image,
    max_labels: Option<usize>,
    min_confidence: Option<f32>,
    #[serde(default)]
    features: Vec<String>,
    settings: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DetectText {
    image: Image,
    #[serde(default)]
    filters: TextFilters,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TextFilters {
    #[serde(default)]
    word_filter: WordFilter,
    #[serde(default)]
    regions_of_interest: Vec<Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct WordFilter {
    min_confidence: f32,
    min_bounding_box_height: f64,
    min_bounding_box_width: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DetectModerationLabels {
    image: Image,
    min_confidence: Option<f32>,
    human_loop_config: Option<Value>,
    project_version: Option<Value>,
}

pub(crate) async fn detect_labels(
    service: Arc<Service>,
    request: DetectLabels,
) -> Result<Value, Failure> {
    let others = request.features.iter().any(|name| name != "GENERAL_LABELS");
    if others || request.settings.is_some() {
        return Err(Failure::Off("Image properties and label settings"));
    }
    let least = percent(request.min_confidence.unwrap_or(LABEL_CONFIDENCE))?;
    let most = request.max_labels.unwrap_or(usize::MAX);
    let bytes = service.read(request.image).await?;
    service
        .work(move |service| {
            let labeller = loaded(&service.labeller)?;
            let found = labeller.detect(&Picture::decode(&bytes)?)?;
            let labels: Vec<_> = found
                .iter()
                .filter(|found| found.probability * 100.0 >= least)
                .take(most)
                .map(|found| label(labeller, found))
                .collect();
            Ok(json!({ "Labels": labels, "LabelModelVersion": labels::MODEL_VERSION }))
        })
        .await
}

fn label(labeller: &Labeller, found: &Found<'_>) -> Value {
    let named = |name: &'static str| json!({ "Name": name });
    let ancestors = found.label.ancestors.iter();
    let aliases = found.label.aliases.iter();
    json!({
        "Name": found.label.name,
        "Confidence": found.probability * 100.0,
        "Instances": [],
        "Parents": ancestors.map(|place| named(labeller.name(*place))).collect::<Vec<_>>(),
        "Aliases": aliases.map(|alias| named(alias)).collect::<Vec<_>>(),
        "Categories": [named(found.label.category)],
    })
}

pub(crate) async fn detect_text(
    service: Arc<Service>,
    request: DetectText,
) -> Result<Value, Failure> {
    if !request.filters.regions_of_interest.is_empty() {
        return Err(Failure::Off("Regions of interest"));
    }
    let filter = request.filters.word_filter;
    percent(filter.min_confidence)?;
    let bytes = service.read(request.image).await?;
    service
        .work(move |service| {
            let picture = Picture::decode(&bytes)?;
            let mut lines = loaded(&service.reader)?.read(&picture)?;
            for line in &mut lines {
                line.words
                    .retain(|word| passes(word, &filter, picture.size()));
            }
            lines.retain(|line| !line.words.is_empty());
            Ok(json!({
                "TextDetections": detections(&lines, picture.size()),
                "TextModelVersion": text::MODEL_VERSION,
            }))
        })
        .await
}

/// Lines first, then the words, as Rekognition orders them; words name their line.
fn detections(lines: &[Line], size: (u32, u32)) -> Vec<Value> {
    let found = |text: String, kind: &str, confidence: f32, region: &Region| {
        json!({
            "DetectedText": text,
            "Type": kind,
            "Confidence": confidence * 100.0,
            "Geometry": geometry(region, size),
        })
    };
    let mut all: Vec<Value> = lines
        .iter()
        .map(|line| found(line.text(), "LINE", line.confidence, &line.region))
        .collect();
    for (parent, line) in lines.iter().enumerate() {
        for word in &line.words {
            let mut word = found(word.text.clone(), "WORD", word.confidence, &word.region);
            word["ParentId"] = json!(parent);
            all.push(word);
        }
    }
    for (id, detection) in all.iter_mut().enumerate() {
        detection["Id"] = json!(id);
    }
    all
}

fn passes(word: &Word, filter: &WordFilter, size: (u32, u32)) -> bool {
    let (_, _, width, height) = bounding_box(&word.region, size);
    word.confidence * 100.0 >= filter.min_confidence
        && width >= filter.min_bounding_box_width
        && height >= filter.min_bounding_box_height
}

fn geometry(region: &Region, size: (u32, u32)) -> Value {
    let (left, top, width, height) = bounding_box(region, size);
    json!({
        "BoundingBox": { "Left": left, "Top": top, "Width": width, "Height": height },
        "Polygon": corners(region, size).map(|(x, y)| json!({ "X": x, "Y": y })),
    })
}

/// The corners as fractions of the picture, within it.
fn corners(region: &Region, (width, height): (u32, u32)) -> [(f64, f64); 4] {
    region.corners().map(|(x, y)| {
        (
            (x / f64::from(width)).clamp(0.0, 1.0),
            (y / f64::from(height)).clamp(0.0, 1.0),
        )
    })
}

/// Left, top, width and height of the level box around a region, as fractions of the picture.
fn bounding_box(region: &Region, size: (u32, u32)) -> (f64, f64, f64, f64) {
    let (mut low, mut high) = ((1.0_f64, 1.0_f64), (0.0_f64, 0.0_f64));
    for (x, y) in corners(region, size) {
        low = (low.0.min(x), low.1.min(y));
        high = (high.0.max(x), high.1.max(y));
    }
    (low.0, low.1, high.0 - low.0, high.1 - low.1)
}

pub(crate) async fn detect_moderation_labels(
    service: Arc<Service>,
    request: DetectModerationLabels,
) -> Result<Value, Failure> {
    if request.human_loop_config.is_some() || request.project_version.is_some() {
        return Err(Failure::Off("Human review and models of one's own"));
    }
    let least = percent(request.min_confidence.unwrap_or(MODERATION_CONFIDENCE))?;
    let bytes = service.read(request.image).await?;
    service
        .work(move |service| {
            let picture = Picture::decode(&bytes)?;
            let confidence = loaded(&service.moderator)?.explicit(&picture)? * 100.0;
            Ok(json!({
                "ModerationLabels": moderation_labels(confidence, least),
                "ModerationModelVersion": moderation::MODEL_VERSION,
                "ContentTypes": [],
            }))
        })
        .await
}

/// The model has one class; it is what Rekognition calls Explicit, on the taxonomy's top level.
fn moderation_labels(confidence: f32, least: f32) -> Vec<Value> {
    if confidence < least.max(MODERATION_FLOOR) {
        return Vec::new();
    }
    vec![json!({
        "Name": "Explicit",
        "ParentName": "",
        "Confidence": confidence,
        "TaxonomyLevel": 1,
    })]
}

fn percent(value: f32) -> Result<f32, Failure> {
    if (0.0..=100.0).contains(&value) {
        Ok(value)
    } else {
        Err(Failure::InvalidParameter(
            "MinConfidence is between 0 and 100",
        ))
    }
}

fn loaded<T>(model: &Result<T, String>) -> Result<&T, Failure> {
    model
        .as_ref()
        .map_err(|error| Failure::Internal(error.clone()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::moderation_labels;

    #[test]
    fn a_picture_is_explicit_only_when_more_likely_than_not() {
        assert!(moderation_labels(49.9, 0.0).is_empty());
        assert!(moderation_labels(70.0, 80.0).is_empty());
        let expected = json!({
            "Name": "Explicit",
            "ParentName": "",
            "Confidence": 80.0,
            "TaxonomyLevel": 1,
        });
        assert_eq!(moderation_labels(80.0, 50.0), [expected]);
    }
}
