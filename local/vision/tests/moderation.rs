//! DetectModerationLabels over the wire, and what the service says of itself.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::json;
use support::{call, inline, picture, vision};

#[tokio::test]
async fn harmless_pictures_get_no_moderation_labels() {
    for name in ["cat.jpg", "photographer.jpg", "espresso.jpg", "boats.jpg"] {
        let request = json!({ "Image": inline(&picture(name)), "MinConfidence": 0.0 });
        let (status, answer) = call(&vision(), "DetectModerationLabels", &request).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["ModerationLabels"], json!([]), "{name}");
        assert_eq!(answer["ModerationModelVersion"], "open_nsfw");
    }
}

#[tokio::test]
async fn what_no_model_can_do_is_refused() {
    let request = json!({
        "Image": inline(&picture("cat.jpg")),
        "ProjectVersion": "arn:aws:rekognition:us-east-1:0:project/p/version/v",
    });
    let (status, answer) = call(&vision(), "DetectModerationLabels", &request).await;
    assert_eq!(
        (status, &answer["__type"]),
        (400, &json!("AccessDeniedException"))
    );
}

#[test]
fn the_service_says_which_models_it_has() {
    let features = vision().features();
    let names: Vec<_> = features
        .iter()
        .map(|(name, available, _)| (*name, *available))
        .collect();
    assert_eq!(
        names,
        [
            ("DetectLabels", true),
            ("DetectText", true),
            ("DetectModerationLabels", true)
        ]
    );
}
