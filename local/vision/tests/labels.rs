//! DetectLabels over the wire, on the pictures that the project ships.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use support::{call, confidence, inline, names, picture, png, vision};

async fn labels(request: Value) -> Value {
    let (status, answer) = call(&vision(), "DetectLabels", &request).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

async fn refusal(request: Value) -> (String, String) {
    let (status, answer) = call(&vision(), "DetectLabels", &request).await;
    assert_eq!(status, 400, "{answer}");
    let text = |key: &str| answer[key].as_str().unwrap().to_owned();
    (text("__type"), text("Message"))
}

#[tokio::test]
async fn each_shipped_picture_gets_what_it_shows() {
    for (file, label, at_least) in [
        ("cat.jpg", "Cat", 80.0),
        ("cat.jpg", "Animal", 90.0),
        ("dogs.jpg", "Dog", 80.0),
        ("dogs.jpg", "Spaniel", 60.0),
        ("espresso.jpg", "Espresso", 80.0),
        ("espresso.jpg", "Beverage", 80.0),
        ("mountain.jpg", "Mountain", 60.0),
        ("paintbrushes.jpg", "Paintbrush", 90.0),
        ("photographer.jpg", "Tripod", 80.0),
        ("stream.jpg", "Valley", 80.0),
        ("boats.jpg", "Watercraft", 55.0),
        ("rocket.jpg", "Rocket", 50.0),
    ] {
        let answer =
            labels(json!({ "Image": inline(&picture(file)), "MinConfidence": 50.0 })).await;
        let found = confidence(&answer["Labels"], label);
        assert!(
            found.is_some_and(|found| found >= at_least),
            "{file} {label}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_label_has_rekognitions_shape() {
    let answer = labels(json!({ "Image": inline(&picture("cat.jpg")) })).await;
    let cat = answer["Labels"]
        .as_array()
        .unwrap()
        .iter()
        .find(|label| label["Name"] == "Cat")
        .unwrap();
    assert_eq!(cat["Instances"], json!([]));
    assert_eq!(
        cat["Parents"],
        json!([{ "Name": "Mammal" }, { "Name": "Pet" }, { "Name": "Animal" }])
    );
    assert_eq!(cat["Aliases"], json!([]));
    assert_eq!(cat["Categories"], json!([{ "Name": "Animals and Pets" }]));
    assert!(
        answer["LabelModelVersion"]
            .as_str()
            .unwrap()
            .contains("efficientnet-lite0")
    );
}

#[tokio::test]
async fn limits_of_the_request_are_honoured() {
    let image = inline(&picture("cat.jpg"));
    let two = labels(json!({ "Image": image, "MaxLabels": 2 })).await;
    assert_eq!(names(&two["Labels"]), ["Animal", "Mammal"]);
    let sure = labels(json!({ "Image": image, "MinConfidence": 94.0 })).await;
    assert!(names(&sure["Labels"]).contains(&"Animal".to_owned()));
    assert!(!names(&sure["Labels"]).contains(&"Tabby Cat".to_owned()));
    let (exception, _) = refusal(json!({ "Image": image, "MinConfidence": 101.0 })).await;
    assert_eq!(exception, "InvalidParameterException");
}

#[tokio::test]
async fn a_picture_that_shows_nothing_known_gets_no_labels() {
    let grey = png(300, 200, |_, _| [128, 128, 128]);
    let gradient = png(300, 200, |x, y| [x as u8, y as u8, 90]);
    let noise = png(300, 200, |x, y| {
        let hash = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(2_246_822_519)).to_le_bytes();
        [hash[1], hash[2], hash[3]]
    });
    for bytes in [grey, gradient, noise] {
        // even who asks for everything gets nothing that the model doesn't stand by
        let answer = labels(json!({ "Image": inline(&bytes), "MinConfidence": 0.0 })).await;
        assert_eq!(answer["Labels"], json!([]));
    }
}

#[tokio::test]
async fn the_same_picture_gets_the_same_answer() {
    let request = json!({ "Image": inline(&picture("dogs.jpg")) });
    assert_eq!(labels(request.clone()).await, labels(request).await);
}

#[tokio::test]
async fn objects_are_read_from_their_bucket_in_the_version_asked_for() {
    let object = |name: &str, version: Option<&str>| json!({ "Image": { "S3Object": { "Bucket": "b", "Name": name, "Version": version } } });
    let cat = labels(object("previews/cat.jpg", None)).await;
    assert!(confidence(&cat["Labels"], "Cat").is_some());
    let dogs = labels(object("previews/cat.jpg", Some("dogs.jpg"))).await;
    assert!(confidence(&dogs["Labels"], "Dog").is_some());
    let (exception, _) = refusal(object("missing.jpg", None)).await;
    assert_eq!(exception, "InvalidS3ObjectException");
}

#[tokio::test]
async fn bad_pictures_are_refused_as_rekognition_does() {
    let of = |bytes: &[u8]| refusal(json!({ "Image": inline(bytes) }));
    assert_eq!(
        of(b"GIF89a and no more").await.0,
        "InvalidImageFormatException"
    );
    assert_eq!(of(b"").await.0, "InvalidImageFormatException");
    assert_eq!(
        of(&picture("cat.jpg")[..300]).await.0,
        "InvalidImageFormatException"
    );
    assert_eq!(
        of(&png(79, 300, |_, _| [0; 3])).await.0,
        "InvalidParameterException"
    );
    assert_eq!(
        of(&vec![0; 5 * 1024 * 1024 + 1]).await.0,
        "ImageTooLargeException"
    );
    let object = json!({ "Image": { "S3Object": { "Bucket": "b", "Name": "16-MB" } } });
    assert_eq!(refusal(object).await.0, "ImageTooLargeException");
}

#[tokio::test]
async fn bad_requests_are_refused() {
    let both = json!({ "Bytes": "", "S3Object": { "Bucket": "b", "Name": "n" } });
    assert_eq!(
        refusal(json!({ "Image": both })).await.0,
        "InvalidParameterException"
    );
    assert_eq!(
        refusal(json!({ "Image": {} })).await.0,
        "InvalidParameterException"
    );
    assert_eq!(refusal(json!({})).await.0, "SerializationException");
    let not_base64 = json!({ "Image": { "Bytes": "%" } });
    assert_eq!(refusal(not_base64).await.0, "SerializationException");
    let (exception, message) = refusal(json!({
        "Image": inline(&picture("cat.jpg")),
        "Features": ["IMAGE_PROPERTIES"],
    }))
    .await;
    assert_eq!(exception, "AccessDeniedException");
    assert!(message.contains("one machine"));
    let (status, answer) = call(&vision(), "DetectFaces", &json!({})).await;
    assert_eq!(
        (status, &answer["__type"]),
        (400, &json!("UnknownOperationException"))
    );
}

#[tokio::test]
async fn transparent_pixels_count_as_white_and_rotated_photographs_as_upright() {
    let cat = image::load_from_memory(&picture("cat.jpg")).unwrap();
    let mut turned = Vec::new();
    let mut encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut turned, 92);
    // EXIF, one entry: orientation 6, "turn me 90 degrees clockwise"
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    image::ImageEncoder::set_exif_metadata(&mut encoder, exif.to_vec()).unwrap();
    encoder.encode_image(&cat.rotate270()).unwrap();
    let answer = labels(json!({ "Image": { "Bytes": STANDARD.encode(&turned) } })).await;
    let upright = labels(json!({ "Image": inline(&picture("cat.jpg")) })).await;
    let of = |answer: &Value| confidence(&answer["Labels"], "Cat").unwrap();
    assert!((of(&answer) - of(&upright)).abs() < 2.0, "{answer}");
}
