//! Presigned requests bind what was signed.

use std::time::Duration;

use aws_sdk_s3::presigning::{PresignedRequest, PresigningConfig};

use crate::harness::{Harness, PLAIN, answer, presigned, send};

fn minutes() -> PresigningConfig {
    PresigningConfig::expires_in(Duration::from_secs(600)).unwrap()
}

/// A presigned upload of a PNG of exactly that many bytes.
pub async fn put(harness: &Harness, key: &str, length: i64) -> PresignedRequest {
    let put = harness
        .client
        .put_object()
        .bucket(PLAIN)
        .key(key)
        .content_type("image/png")
        .content_length(length);
    put.presigned(minutes()).await.unwrap()
}

#[tokio::test]
async fn an_upload_binds_type_and_length() {
    let harness = Harness::start().await;
    let url = put(&harness, "päth/a b.png", 5).await;
    let wrong_type = send(presigned(&url, &[("content-type", "text/html")], "12345")).await;
    assert_eq!(wrong_type.status, 403);
    assert!(
        wrong_type
            .text()
            .contains("<Code>SignatureDoesNotMatch</Code>"),
        "{}",
        wrong_type.text()
    );
    assert_eq!(answer(&url, "123456").await.status, 403);
    assert_eq!(answer(&url, "1234").await.status, 403);
    assert!(harness.store.list_all_versions(PLAIN).unwrap().is_empty());
    assert!(harness.files().is_empty());

    let stored = answer(&url, "12345").await;
    assert_eq!(stored.status, 200);
    assert_eq!(
        stored.header("etag"),
        "\"827ccb0eea8a706c4c34a16891f84e7b\""
    );
    assert!(!stored.header("x-amz-request-id").is_empty());
    let kept = &harness.store.list_all_versions(PLAIN).unwrap()[0];
    assert_eq!(
        (kept.key.as_str(), kept.size, kept.content_type.as_deref()),
        ("päth/a b.png", 5, Some("image/png"))
    );
}

#[tokio::test]
async fn an_upload_binds_its_checksum() {
    let harness = Harness::start().await;
    // SHA-256 of "abc".
    let sum = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
    let put = harness
        .client
        .put_object()
        .bucket(PLAIN)
        .key("key")
        .content_length(3)
        .checksum_sha256(sum);
    let url = put.presigned(minutes()).await.unwrap();
    let wrong = answer(&url, "abd").await;
    assert_eq!(wrong.status, 400);
    assert!(
        wrong.text().contains("<Code>BadDigest</Code>"),
        "{}",
        wrong.text()
    );
    assert!(harness.files().is_empty());
    assert_eq!(answer(&url, "abc").await.status, 200);
    assert_eq!(harness.get(PLAIN, "key").await, "abc");
}

#[tokio::test]
async fn an_unbound_length_must_still_be_given() {
    let harness = Harness::start().await;
    let put = harness
        .client
        .put_object()
        .bucket(PLAIN)
        .key("key")
        .presigned(minutes())
        .await
        .unwrap();
    let path = put
        .uri()
        .split_once(&harness.address.to_string())
        .unwrap()
        .1
        .to_owned();
    let chunked = format!(
        "PUT {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        harness.address
    );
    let mut stream = tokio::net::TcpStream::connect(harness.address)
        .await
        .unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, chunked.as_bytes())
        .await
        .unwrap();
    let mut text = String::new();
    tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut text)
        .await
        .unwrap();
    assert!(text.starts_with("HTTP/1.1 411"), "{text}");
    assert!(harness.files().is_empty());
}

#[tokio::test]
async fn a_download_has_the_name_and_type_that_were_signed() {
    let harness = Harness::start().await;
    harness.put(PLAIN, "asset", "the picture").await;
    let get = harness.client.get_object().bucket(PLAIN).key("asset");
    let get = get
        .response_content_type("image/png")
        .response_content_disposition("attachment; filename=\"my.png\"");
    let url = get.presigned(minutes()).await.unwrap();
    let got = answer(&url, "").await;
    assert_eq!(
        (got.status.as_u16(), got.text().as_str()),
        (200, "the picture")
    );
    assert_eq!(got.header("content-type"), "image/png");
    assert_eq!(
        got.header("content-disposition"),
        "attachment; filename=\"my.png\""
    );
    assert_eq!(got.header("content-length"), "11");

    let tampered = url.uri().replace("my.png", "evil.exe");
    assert_ne!(tampered, url.uri());
    let refused = send(http::Request::get(tampered).body("").unwrap()).await;
    assert_eq!(refused.status, 403);
    let other_key = url.uri().replace("/asset?", "/other?");
    assert_eq!(
        send(http::Request::get(other_key).body("").unwrap())
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn an_expired_address_is_refused() {
    let harness = Harness::start().await;
    harness.put(PLAIN, "asset", "the picture").await;
    let hour_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
    let config = PresigningConfig::builder()
        .start_time(hour_ago)
        .expires_in(Duration::from_secs(60));
    let get = harness.client.get_object().bucket(PLAIN).key("asset");
    let url = get.presigned(config.build().unwrap()).await.unwrap();
    let refused = answer(&url, "").await;
    assert_eq!(refused.status, 403);
    assert!(
        refused.text().contains("<Code>AccessDenied</Code>"),
        "{}",
        refused.text()
    );
}

#[tokio::test]
async fn parts_are_uploaded_through_presigned_addresses() {
    let harness = Harness::start().await;
    let create = harness
        .client
        .create_multipart_upload()
        .bucket(PLAIN)
        .key("big")
        .send()
        .await
        .unwrap();
    let id = create.upload_id().unwrap();
    let part = harness
        .client
        .upload_part()
        .bucket(PLAIN)
        .key("big")
        .upload_id(id)
        .part_number(1);
    let url = part.presigned(minutes()).await.unwrap();
    let sent = answer(&url, "the only part").await;
    assert_eq!(sent.status, 200);
    let other = url.uri().replace("partNumber=1", "partNumber=2");
    assert_eq!(
        send(http::Request::put(other).body("x").unwrap())
            .await
            .status,
        403
    );

    // Unquoted, as some clients send it.
    let etag = sent.header("etag").trim_matches('"').to_owned();
    crate::multipart::complete(&harness, "big", id, &[(1, &etag)])
        .await
        .unwrap();
    assert_eq!(harness.get(PLAIN, "big").await, "the only part");
}
