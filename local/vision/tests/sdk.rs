//! The ordinary AWS client against the service.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use aws_credential_types::Credentials;
use aws_sdk_rekognition::Client;
use aws_sdk_rekognition::config::{BehaviorVersion, Region};
use aws_sdk_rekognition::error::ProvideErrorMetadata as _;
use aws_sdk_rekognition::primitives::Blob;
use aws_sdk_rekognition::types::{Image, S3Object};
use support::{picture, vision};

async fn client() -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, vision().router()).await });
    let config = aws_sdk_rekognition::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(format!("http://{address}"))
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .build();
    Client::from_conf(config)
}

#[tokio::test]
async fn the_sdk_reads_labels_of_bytes_and_of_objects() {
    let client = client().await;
    let bytes = Image::builder()
        .bytes(Blob::new(picture("espresso.jpg")))
        .build();
    let answer = client
        .detect_labels()
        .image(bytes)
        .max_labels(5)
        .send()
        .await
        .unwrap();
    let coffee = answer
        .labels()
        .iter()
        .find(|label| label.name() == Some("Coffee"))
        .unwrap();
    assert!(coffee.confidence().unwrap() > 80.0);
    assert_eq!(coffee.parents()[0].name(), Some("Beverage"));
    let object = S3Object::builder()
        .bucket("b")
        .name("previews/dogs.jpg")
        .build();
    let answer = client
        .detect_labels()
        .image(Image::builder().s3_object(object).build())
        .send()
        .await
        .unwrap();
    assert!(
        answer
            .labels()
            .iter()
            .any(|label| label.name() == Some("Dog"))
    );
}

#[tokio::test]
async fn the_sdk_knows_the_errors() {
    let image = Image::builder().bytes(Blob::new(*b"no picture")).build();
    let error = client()
        .await
        .detect_labels()
        .image(image)
        .send()
        .await
        .unwrap_err();
    assert!(
        error
            .as_service_error()
            .unwrap()
            .is_invalid_image_format_exception()
    );
    assert_eq!(error.message(), Some("Request has invalid image format"));
}
