//! A refused upload changes nothing.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode};
use tokio::io::AsyncWriteExt;

use crate::harness::{Harness, PLAIN, client, refusal};

/// The Base64 of a digest of `bytes` zero bytes, which no test content has.
fn wrong(bytes: usize) -> &'static str {
    match bytes {
        4 => "AAAAAA==",
        8 => "AAAAAAAAAAA=",
        16 => "AAAAAAAAAAAAAAAAAAAAAA==",
        20 => "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        _ => "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    }
}

#[tokio::test]
async fn a_wrong_digest_leaves_the_old_object() {
    let harness = Harness::start().await;
    harness.put(PLAIN, "key", "old").await;
    let put = || {
        harness
            .client
            .put_object()
            .bucket(PLAIN)
            .key("key")
            .body(ByteStream::from_static(b"new"))
    };
    let refused = [
        put().checksum_crc32(wrong(4)).send().await,
        put().checksum_crc32_c(wrong(4)).send().await,
        put().checksum_crc64_nvme(wrong(8)).send().await,
        put().checksum_sha1(wrong(20)).send().await,
        put().checksum_sha256(wrong(32)).send().await,
        put().content_md5(wrong(16)).send().await,
    ];
    for result in refused {
        assert_eq!(refusal(result), (400, "BadDigest".to_owned()));
    }
    assert_eq!(
        refusal(put().content_md5("not base64").send().await),
        (400, "InvalidDigest".to_owned())
    );
    assert_eq!(harness.get(PLAIN, "key").await, "old");
    assert_eq!(harness.files().len(), 1);
    assert!(harness.incoming().is_empty());
    assert_eq!(harness.events().len(), 1);
}

#[tokio::test]
async fn right_digests_are_taken_and_given_back() {
    let harness = Harness::start().await;
    let algorithms = [
        ChecksumAlgorithm::Crc32,
        ChecksumAlgorithm::Crc32C,
        ChecksumAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Sha1,
        ChecksumAlgorithm::Sha256,
    ];
    for algorithm in algorithms {
        // The SDK sends these in a trailer behind the body and verifies what it reads.
        let put = harness
            .client
            .put_object()
            .bucket(PLAIN)
            .key("key")
            .checksum_algorithm(algorithm.clone())
            .body(ByteStream::from(algorithm.as_str().as_bytes().to_vec()))
            .send()
            .await
            .unwrap();
        let head = harness
            .client
            .head_object()
            .bucket(PLAIN)
            .key("key")
            .checksum_mode(ChecksumMode::Enabled);
        let head = head.send().await.unwrap();
        let of_put = [
            put.checksum_crc32(),
            put.checksum_crc32_c(),
            put.checksum_crc64_nvme(),
            put.checksum_sha1(),
            put.checksum_sha256(),
        ];
        let of_head = [
            head.checksum_crc32(),
            head.checksum_crc32_c(),
            head.checksum_crc64_nvme(),
            head.checksum_sha1(),
            head.checksum_sha256(),
        ];
        assert_eq!(of_put, of_head);
        assert_eq!(of_head.iter().flatten().count(), 1, "{algorithm}");
        assert_eq!(harness.get(PLAIN, "key").await, algorithm.as_str());
    }
}

#[tokio::test]
async fn two_checksums_are_refused() {
    let harness = Harness::start().await;
    let put = harness
        .client
        .put_object()
        .bucket(PLAIN)
        .key("key")
        .body(ByteStream::from_static(b"new"));
    let put = put
        .checksum_crc32(wrong(4))
        .checksum_sha256(wrong(32))
        .send()
        .await;
    assert_eq!(refusal(put), (400, "InvalidRequest".to_owned()));
}

#[tokio::test]
async fn a_wrong_signature_is_forbidden() {
    let harness = Harness::start().await;
    harness.put(PLAIN, "key", "old").await;
    let stranger = client(harness.address, "another-secret");
    let put = stranger
        .put_object()
        .bucket(PLAIN)
        .key("key")
        .body(ByteStream::from_static(b"new"))
        .send()
        .await;
    assert_eq!(refusal(put), (403, "SignatureDoesNotMatch".to_owned()));
    let get = stranger.get_object().bucket(PLAIN).key("key").send().await;
    assert_eq!(refusal(get), (403, "SignatureDoesNotMatch".to_owned()));
    let anonymous = http::Request::get(harness.url("/plain-bucket/key"))
        .body("")
        .unwrap();
    assert_eq!(crate::harness::send(anonymous).await.status, 403);
    assert_eq!(harness.get(PLAIN, "key").await, "old");
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing() {
    let harness = Harness::start().await;
    harness.put(PLAIN, "key", "old").await;
    let url = crate::presigned::put(&harness, "key", 1000).await;
    let path = url
        .uri()
        .split_once(&harness.address.to_string())
        .unwrap()
        .1
        .to_owned();
    let mut stream = tokio::net::TcpStream::connect(harness.address)
        .await
        .unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: image/png\r\ncontent-length: 1000\r\n\r\nhalf of it",
        harness.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // It has begun when its file is there, and is over when the file has gone.
    wait_until(|| !harness.incoming().is_empty()).await;
    drop(stream);
    wait_until(|| harness.incoming().is_empty()).await;
    assert_eq!(harness.get(PLAIN, "key").await, "old");
    assert_eq!(harness.files().len(), 1);
}

async fn wait_until(condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), wait)
        .await
        .expect("the condition in time");
}

#[tokio::test]
async fn the_payload_hash_of_the_signature_is_checked() {
    let harness = Harness::start().await;
    harness.put(PLAIN, "key", "old").await;
    let url = crate::presigned::put(&harness, "key", 3).await;
    let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let request = crate::harness::presigned(&url, &[("x-amz-content-sha256", hash)], "abd");
    let refused = crate::harness::send(request).await;
    assert_eq!(refused.status, 400);
    assert!(
        refused.text().contains("XAmzContentSHA256Mismatch"),
        "{}",
        refused.text()
    );
    assert_eq!(harness.get(PLAIN, "key").await, "old");
    let request = crate::harness::presigned(&url, &[("x-amz-content-sha256", hash)], "abc");
    assert_eq!(crate::harness::send(request).await.status, 200);
}
