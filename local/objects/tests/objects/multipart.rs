//! Uploads in parts.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::complete_multipart_upload::{
    CompleteMultipartUploadError, CompleteMultipartUploadOutput,
};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, ChecksumMode, ChecksumType, CompletedMultipartUpload, CompletedPart,
};

use crate::harness::{Harness, PLAIN, VERSIONED, refusal};

const MIB: usize = 1024 * 1024;

pub async fn complete(
    harness: &Harness,
    key: &str,
    id: &str,
    parts: &[(i32, &str)],
) -> Result<CompleteMultipartUploadOutput, SdkError<CompleteMultipartUploadError, HttpResponse>> {
    completion(harness, key, id, parts).send().await
}

fn completion(
    harness: &Harness,
    key: &str,
    id: &str,
    parts: &[(i32, &str)],
) -> aws_sdk_s3::operation::complete_multipart_upload::builders::CompleteMultipartUploadFluentBuilder
{
    let parts = parts.iter().map(|(number, etag)| {
        CompletedPart::builder()
            .part_number(*number)
            .e_tag(*etag)
            .build()
    });
    let list = CompletedMultipartUpload::builder()
        .set_parts(Some(parts.collect()))
        .build();
    harness
        .client
        .complete_multipart_upload()
        .bucket(PLAIN)
        .key(key)
        .upload_id(id)
        .multipart_upload(list)
}

async fn begin(harness: &Harness, key: &str) -> String {
    let create = harness
        .client
        .create_multipart_upload()
        .bucket(PLAIN)
        .key(key)
        .content_type("video/mp4");
    create
        .metadata("asset", "ast_1")
        .send()
        .await
        .unwrap()
        .upload_id
        .unwrap()
}

async fn part(harness: &Harness, key: &str, id: &str, number: i32, body: Vec<u8>) -> String {
    let part = harness
        .client
        .upload_part()
        .bucket(PLAIN)
        .key(key)
        .upload_id(id)
        .part_number(number);
    part.body(ByteStream::from(body))
        .send()
        .await
        .unwrap()
        .e_tag
        .unwrap()
}

#[tokio::test]
async fn parts_become_one_object() {
    let harness = Harness::start().await;
    let id = begin(&harness, "video").await;
    let (first, second) = (vec![b'a'; 5 * MIB], b"the end".to_vec());
    // In any order, and again.
    let two = part(&harness, "video", &id, 7, second.clone()).await;
    part(&harness, "video", &id, 2, b"replaced".to_vec()).await;
    let one = part(&harness, "video", &id, 2, first.clone()).await;
    assert!(harness.events().is_empty());
    assert_eq!(
        refusal(
            harness
                .client
                .head_object()
                .bucket(PLAIN)
                .key("video")
                .send()
                .await
        )
        .0,
        404
    );

    let output = complete(&harness, "video", &id, &[(2, &one), (7, &two)])
        .await
        .unwrap();
    assert!(
        output.e_tag().unwrap().ends_with("-2\""),
        "{:?}",
        output.e_tag()
    );
    assert_eq!(
        output.location(),
        Some(harness.url("/plain-bucket/video").as_str())
    );
    let get = harness
        .client
        .get_object()
        .bucket(PLAIN)
        .key("video")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (get.content_type(), get.e_tag()),
        (Some("video/mp4"), output.e_tag())
    );
    assert_eq!(get.metadata().unwrap()["asset"], "ast_1");
    assert_eq!(
        get.body.collect().await.unwrap().to_vec(),
        [first, second].concat()
    );
    // The parts have gone.
    assert_eq!(harness.files().len(), 1);
    let again = complete(&harness, "video", &id, &[(2, &one), (7, &two)]).await;
    assert_eq!(refusal(again), (404, "NoSuchUpload".to_owned()));
}

#[tokio::test]
async fn a_wrong_completion_is_refused_and_keeps_the_parts() {
    let harness = Harness::start().await;
    harness.put(PLAIN, "video", "old").await;
    let id = begin(&harness, "video").await;
    let small = part(&harness, "video", &id, 1, b"small".to_vec()).await;
    let large = part(&harness, "video", &id, 2, vec![b'b'; 5 * MIB]).await;
    let last = part(&harness, "video", &id, 3, b"last".to_vec()).await;

    let code = |result| refusal::<_, CompleteMultipartUploadError>(result).1;
    let wrong_etag = complete(&harness, "video", &id, &[(2, &last), (3, &last)]).await;
    assert_eq!(code(wrong_etag), "InvalidPart");
    let missing = complete(&harness, "video", &id, &[(2, &large), (4, &last)]).await;
    assert_eq!(code(missing), "InvalidPart");
    let disordered = complete(&harness, "video", &id, &[(3, &last), (2, &large)]).await;
    assert_eq!(code(disordered), "InvalidPartOrder");
    let too_small = complete(&harness, "video", &id, &[(1, &small), (2, &large)]).await;
    assert_eq!(code(too_small), "EntityTooSmall");
    let empty = complete(&harness, "video", &id, &[]).await;
    assert_eq!(code(empty), "MalformedXML");
    let wrong_size = completion(&harness, "video", &id, &[(2, &large)])
        .mpu_object_size(1)
        .send()
        .await;
    assert_eq!(code(wrong_size), "InvalidRequest");
    let wrong_sum = completion(&harness, "video", &id, &[(2, &large)])
        .checksum_crc32("AAAAAA==")
        .send()
        .await;
    assert_eq!(code(wrong_sum), "BadDigest");
    let exists = completion(&harness, "video", &id, &[(2, &large)])
        .if_none_match("*")
        .send()
        .await;
    assert_eq!(code(exists), "PreconditionFailed");
    let other_key = complete(&harness, "other", &id, &[(2, &large)]).await;
    assert_eq!(code(other_key), "NoSuchUpload");

    assert_eq!(harness.get(PLAIN, "video").await, "old");
    assert!(harness.incoming().is_empty());
    let unquoted = (large.trim_matches('"'), last.trim_matches('"'));
    complete(&harness, "video", &id, &[(2, unquoted.0), (3, unquoted.1)])
        .await
        .unwrap();
    let head = harness
        .client
        .head_object()
        .bucket(PLAIN)
        .key("video")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_length(), i64::try_from(5 * MIB + 4).ok());
}

#[tokio::test]
async fn a_refused_part_changes_nothing() {
    let harness = Harness::start().await;
    let id = begin(&harness, "video").await;
    let kept = part(&harness, "video", &id, 1, b"kept".to_vec()).await;
    let upload = |number, id: &str| {
        let part = harness
            .client
            .upload_part()
            .bucket(PLAIN)
            .key("video")
            .upload_id(id)
            .part_number(number);
        part.body(ByteStream::from_static(b"other"))
    };
    assert_eq!(
        refusal(upload(1, &id).checksum_crc32("AAAAAA==").send().await),
        (400, "BadDigest".to_owned())
    );
    assert_eq!(
        refusal(upload(0, &id).send().await),
        (400, "InvalidArgument".to_owned())
    );
    assert_eq!(
        refusal(upload(10_001, &id).send().await),
        (400, "InvalidArgument".to_owned())
    );
    assert_eq!(
        refusal(upload(1, "none").send().await),
        (404, "NoSuchUpload".to_owned())
    );
    let parts = harness
        .client
        .list_parts()
        .bucket(PLAIN)
        .key("video")
        .upload_id(&id)
        .send()
        .await
        .unwrap();
    assert_eq!(parts.parts().len(), 1);
    assert_eq!(
        (parts.parts()[0].e_tag(), parts.parts()[0].size()),
        (Some(kept.as_str()), Some(4))
    );
    assert_eq!(harness.files().len(), 1);
}

#[tokio::test]
async fn uploads_and_parts_are_listed_in_pages() {
    let harness = Harness::start().await;
    let mut expected = Vec::new();
    for key in ["a", "b", "b", "c/d"] {
        expected.push((key.to_owned(), begin(&harness, key).await));
    }
    let id = &expected[0].1;
    for number in [3, 1, 10_000, 2] {
        part(
            &harness,
            "a",
            id,
            number,
            format!("part {number}").into_bytes(),
        )
        .await;
    }
    let mut numbers = Vec::new();
    let mut pages = harness
        .client
        .list_parts()
        .bucket(PLAIN)
        .key("a")
        .upload_id(id)
        .max_parts(3)
        .into_paginator()
        .send();
    while let Some(page) = pages.next().await {
        numbers.extend(
            page.unwrap()
                .parts()
                .iter()
                .filter_map(|part| part.part_number()),
        );
    }
    assert_eq!(numbers, [1, 2, 3, 10_000]);

    let (mut found, mut key, mut id) = (Vec::new(), None, None);
    loop {
        let list = harness
            .client
            .list_multipart_uploads()
            .bucket(PLAIN)
            .max_uploads(1);
        let page = list
            .set_key_marker(key)
            .set_upload_id_marker(id)
            .send()
            .await
            .unwrap();
        let uploads = page.uploads().iter();
        found.extend(uploads.map(|one| {
            (
                one.key().unwrap().to_owned(),
                one.upload_id().unwrap().to_owned(),
            )
        }));
        if page.is_truncated() != Some(true) {
            break;
        }
        (key, id) = (page.next_key_marker, page.next_upload_id_marker);
    }
    assert_eq!(found, expected);
    let list = harness
        .client
        .list_multipart_uploads()
        .bucket(PLAIN)
        .prefix("c/")
        .send()
        .await
        .unwrap();
    assert_eq!(list.uploads().len(), 1);
    let list = harness
        .client
        .list_multipart_uploads()
        .bucket(VERSIONED)
        .send()
        .await
        .unwrap();
    assert!(list.uploads().is_empty());
}

#[tokio::test]
async fn abort_leaves_nothing() {
    let harness = Harness::start().await;
    let id = begin(&harness, "video").await;
    part(&harness, "video", &id, 1, b"canary in a part 31f0".to_vec()).await;
    assert_eq!(harness.files().len(), 1);
    let abort = || {
        harness
            .client
            .abort_multipart_upload()
            .bucket(PLAIN)
            .key("video")
            .upload_id(&id)
            .send()
    };
    abort().await.unwrap();
    assert!(harness.files().is_empty());
    assert!(!harness.holds(b"canary in a part 31f0"));
    assert_eq!(refusal(abort().await), (404, "NoSuchUpload".to_owned()));
    assert!(harness.events().is_empty());
}

#[tokio::test]
async fn checksums_cover_the_whole_or_the_parts() {
    let harness = Harness::start().await;
    let cases = [
        (None, None, ChecksumType::FullObject),
        (
            Some(ChecksumAlgorithm::Crc32),
            None,
            ChecksumType::Composite,
        ),
        (
            Some(ChecksumAlgorithm::Crc32),
            Some(ChecksumType::FullObject),
            ChecksumType::FullObject,
        ),
        (
            Some(ChecksumAlgorithm::Crc64Nvme),
            None,
            ChecksumType::FullObject,
        ),
        (
            Some(ChecksumAlgorithm::Sha256),
            None,
            ChecksumType::Composite,
        ),
    ];
    for (algorithm, asked, expected) in cases {
        let create = harness
            .client
            .create_multipart_upload()
            .bucket(PLAIN)
            .key("video");
        let create = create
            .set_checksum_algorithm(algorithm.clone())
            .set_checksum_type(asked)
            .send()
            .await
            .unwrap();
        let id = create.upload_id.unwrap();
        let mut parts = Vec::new();
        for (number, body) in [(1, vec![b'x'; 5 * MIB]), (2, b"tail".to_vec())] {
            let upload = harness
                .client
                .upload_part()
                .bucket(PLAIN)
                .key("video")
                .upload_id(&id)
                .part_number(number);
            let upload = upload
                .set_checksum_algorithm(algorithm.clone())
                .body(ByteStream::from(body));
            let sent = upload.send().await.unwrap();
            parts.push(
                CompletedPart::builder()
                    .part_number(number)
                    .set_e_tag(sent.e_tag)
                    .set_checksum_crc32(sent.checksum_crc32)
                    .set_checksum_crc64_nvme(sent.checksum_crc64_nvme)
                    .set_checksum_sha256(sent.checksum_sha256)
                    .build(),
            );
        }
        let list = CompletedMultipartUpload::builder()
            .set_parts(Some(parts))
            .build();
        let complete = harness
            .client
            .complete_multipart_upload()
            .bucket(PLAIN)
            .key("video")
            .upload_id(&id);
        complete.multipart_upload(list).send().await.unwrap();
        let head = harness
            .client
            .head_object()
            .bucket(PLAIN)
            .key("video")
            .checksum_mode(ChecksumMode::Enabled);
        let head = head.send().await.unwrap();
        assert_eq!(head.checksum_type(), Some(&expected), "{algorithm:?}");
        // The SDK verifies a checksum of the whole against what it reads.
        let get = harness
            .client
            .get_object()
            .bucket(PLAIN)
            .key("video")
            .checksum_mode(ChecksumMode::Enabled);
        let got = get.send().await.unwrap().body.collect().await.unwrap();
        assert_eq!(got.to_vec().len(), 5 * MIB + 4);
    }
}

#[tokio::test]
async fn a_copy_of_a_multipart_object_has_the_tag_of_its_bytes() {
    let harness = Harness::start().await;
    let id = begin(&harness, "video").await;
    let etag = part(&harness, "video", &id, 1, b"abc".to_vec()).await;
    complete(&harness, "video", &id, &[(1, &etag)])
        .await
        .unwrap();
    harness
        .client
        .copy_object()
        .bucket(PLAIN)
        .key("copy")
        .copy_source(format!("{PLAIN}/video"))
        .send()
        .await
        .unwrap();
    let head = harness
        .client
        .head_object()
        .bucket(PLAIN)
        .key("copy")
        .checksum_mode(ChecksumMode::Enabled);
    let head = head.send().await.unwrap();
    assert_eq!(head.e_tag(), Some("\"900150983cd24fb0d6963f7d28e17f72\""));
    assert_eq!(head.checksum_type(), Some(&ChecksumType::FullObject));
    assert_eq!(harness.get(PLAIN, "copy").await, "abc");
}
