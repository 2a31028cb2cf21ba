//! DetectText over the wire.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::{Value, json};
use support::{call, inline, picture, vision};

fn written(name: &str) -> Vec<u8> {
    std::fs::read(format!(
        concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pictures/{}"),
        name
    ))
    .unwrap()
}

async fn detections(request: Value) -> Vec<Value> {
    let (status, answer) = call(&vision(), "DetectText", &request).await;
    assert_eq!(status, 200, "{answer}");
    assert!(
        answer["TextModelVersion"]
            .as_str()
            .unwrap()
            .starts_with("pp-ocr")
    );
    answer["TextDetections"].as_array().unwrap().clone()
}

fn texts(detections: &[Value], kind: &str) -> Vec<String> {
    detections
        .iter()
        .filter(|one| one["Type"] == kind)
        .map(|one| one["DetectedText"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn lines_and_words_are_read_with_their_places() {
    let found = detections(json!({ "Image": inline(&written("cafe.jpg")) })).await;
    assert_eq!(
        texts(&found, "LINE"),
        [
            "FRESH COFFEE every day",
            "Open from 8:30 to 19:00, Café Zürich"
        ]
    );
    let words = texts(&found, "WORD");
    assert_eq!(words[..4], ["FRESH", "COFFEE", "every", "day"]);
    for (id, one) in found.iter().enumerate() {
        assert_eq!(one["Id"], id);
        assert!(one["Confidence"].as_f64().unwrap() > 80.0);
        let parent = one.get("ParentId").map(|parent| parent.as_u64().unwrap());
        assert_eq!(parent.is_some(), one["Type"] == "WORD");
    }
    // "COFFEE" was written at 157 to 318 of 600 pixels, from 27 to 55 of 400
    let coffee = found
        .iter()
        .find(|one| one["DetectedText"] == "COFFEE")
        .unwrap();
    assert_eq!(coffee["ParentId"], 0);
    let side = |name: &str| coffee["Geometry"]["BoundingBox"][name].as_f64().unwrap();
    assert!((side("Left") - 157.0 / 600.0).abs() < 0.05, "{coffee}");
    assert!(
        (side("Left") + side("Width") - 318.0 / 600.0).abs() < 0.05,
        "{coffee}"
    );
    assert!((side("Top") - 27.0 / 400.0).abs() < 0.05, "{coffee}");
    assert_eq!(coffee["Geometry"]["Polygon"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_slanted_line_is_read_and_its_polygon_climbs() {
    let found = detections(json!({ "Image": inline(&written("slanted.png")) })).await;
    assert_eq!(texts(&found, "LINE"), ["Slippery when wet"]);
    let corner = |corner: usize| {
        found[0]["Geometry"]["Polygon"][corner]["Y"]
            .as_f64()
            .unwrap()
    };
    assert!(corner(1) < corner(0) - 0.1, "{}", found[0]);
}

#[tokio::test]
async fn a_picture_without_text_has_none() {
    for name in ["cat.jpg", "stream.jpg", "mountain.jpg"] {
        let found = detections(json!({ "Image": inline(&picture(name)) })).await;
        assert_eq!(found, Vec::<Value>::new(), "{name}");
    }
}

#[tokio::test]
async fn no_more_than_a_hundred_words_are_read() {
    let found = detections(json!({ "Image": inline(&written("many-words.png")) })).await;
    let words = texts(&found, "WORD");
    assert_eq!(words.len(), 100);
    assert_eq!((words[0].as_str(), words[99].as_str()), ("lamp", "moon"));
}

#[tokio::test]
async fn words_can_be_filtered() {
    let image = inline(&written("cafe.jpg"));
    let filters = json!({ "WordFilter": { "MinBoundingBoxWidth": 0.25 } });
    let found = detections(json!({ "Image": image, "Filters": filters })).await;
    assert_eq!(texts(&found, "WORD"), ["COFFEE"]);
    let filters = json!({ "RegionsOfInterest": [{ "BoundingBox": {} }] });
    let (status, answer) = call(
        &vision(),
        "DetectText",
        &json!({ "Image": image, "Filters": filters }),
    )
    .await;
    assert_eq!(
        (status, &answer["__type"]),
        (400, &json!("AccessDeniedException"))
    );
}
