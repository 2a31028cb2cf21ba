//! The service over a folder of pictures, and requests to it.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::FutureExt as _;
use http_body_util::BodyExt as _;
use local_vision::{FetchError, Vision};
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// A picture that the project ships.
pub fn picture(name: &str) -> Vec<u8> {
    std::fs::read(format!(
        concat!(env!("CARGO_MANIFEST_DIR"), "/../pictures/{}"),
        name
    ))
    .unwrap()
}

/// A service whose buckets hold the shipped pictures; the version, if given, names the file.
pub fn vision() -> Vision {
    Vision::start(Arc::new(|_bucket, key, version| {
        async move {
            let name = version.unwrap_or(key);
            let file = name.rsplit('/').next().unwrap();
            match file {
                "missing.jpg" => Err(FetchError::NotFound),
                "16-MB" => Ok(Bytes::from(vec![0; 16 * 1024 * 1024])),
                _ => Ok(Bytes::from(picture(file))),
            }
        }
        .boxed()
    }))
}

/// One request as the SDK sends it: status and JSON.
pub async fn call(vision: &Vision, operation: &str, body: &Value) -> (u16, Value) {
    let request = Request::post("/")
        .header("content-type", "application/x-amz-json-1.1")
        .header("x-amz-target", format!("RekognitionService.{operation}"))
        .body(Body::from(body.to_string()))
        .unwrap();
    let response = vision.router().oneshot(request).await.unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "application/x-amz-json-1.1"
    );
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap())
}

/// `Image` with the picture in the request.
pub fn inline(bytes: &[u8]) -> Value {
    json!({ "Bytes": STANDARD.encode(bytes) })
}

/// A PNG painted by a function of the pixel.
pub fn png(width: u32, height: u32, paint: impl Fn(u32, u32) -> [u8; 3]) -> Vec<u8> {
    let image = image::RgbImage::from_fn(width, height, |x, y| image::Rgb(paint(x, y)));
    let mut bytes = std::io::Cursor::new(Vec::new());
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// The names of a list of labels.
pub fn names(labels: &Value) -> Vec<String> {
    labels
        .as_array()
        .unwrap()
        .iter()
        .map(|label| label["Name"].as_str().unwrap().to_owned())
        .collect()
}

/// The confidence of a label, if it is in the list.
pub fn confidence(labels: &Value, name: &str) -> Option<f64> {
    labels
        .as_array()
        .unwrap()
        .iter()
        .find(|label| label["Name"] == name)
        .map(|label| label["Confidence"].as_f64().unwrap())
}
