//! Reading objects and what is kept with them.

use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{ChecksumMode, ChecksumType, MetadataDirective, Tag, Tagging};

use crate::harness::{Harness, PLAIN, VERSIONED, refusal};

#[tokio::test]
async fn what_the_uploader_says_comes_back() {
    let harness = Harness::start().await;
    harness
        .client
        .put_object()
        .bucket(PLAIN)
        .key("picture")
        .body(ByteStream::from_static(b"bytes"))
        .content_type("image/png")
        .content_disposition("attachment; filename=\"p.png\"")
        .cache_control("no-store")
        .metadata("asset", "ast_1")
        .tagging("kind=original")
        .send()
        .await
        .unwrap();
    let head = harness
        .client
        .head_object()
        .bucket(PLAIN)
        .key("picture")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_length(), Some(5));
    assert_eq!(head.content_type(), Some("image/png"));
    assert_eq!(
        head.content_disposition(),
        Some("attachment; filename=\"p.png\"")
    );
    assert_eq!(head.cache_control(), Some("no-store"));
    assert_eq!(head.content_encoding(), None);
    assert_eq!(head.metadata().unwrap()["asset"], "ast_1");
    assert_eq!(head.e_tag(), Some("\"4b3a6218bb3e3a7303e8a171a60fcf92\""));
    assert_eq!(head.checksum_crc32(), None);
    let tags = harness
        .client
        .get_object_tagging()
        .bucket(PLAIN)
        .key("picture")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (tags.tag_set()[0].key(), tags.tag_set()[0].value()),
        ("kind", "original")
    );

    let tagging = Tagging::builder()
        .tag_set(Tag::builder().key("a").value("b").build().unwrap())
        .build()
        .unwrap();
    harness
        .client
        .put_object_tagging()
        .bucket(PLAIN)
        .key("picture")
        .tagging(tagging)
        .send()
        .await
        .unwrap();
    let tags = harness
        .client
        .get_object_tagging()
        .bucket(PLAIN)
        .key("picture")
        .send()
        .await
        .unwrap();
    assert_eq!((tags.tag_set().len(), tags.tag_set()[0].key()), (1, "a"));

    let head = harness
        .client
        .head_object()
        .bucket(PLAIN)
        .key("picture")
        .checksum_mode(ChecksumMode::Enabled);
    let head = head.send().await.unwrap();
    assert!(head.checksum_crc32().is_some());
    assert_eq!(head.checksum_type(), Some(&ChecksumType::FullObject));
}

#[tokio::test]
async fn ranges_are_cut_exactly() {
    let harness = Harness::start().await;
    // Larger than what is read at once, so that both ways of reading are seen.
    let large: String = (0..100_000).map(|number| format!("{number:07} ")).collect();
    harness.put(PLAIN, "large", &large).await;
    assert_eq!(harness.get(PLAIN, "large").await, large);
    let cases = [
        ("bytes=0-0", 0..1),
        ("bytes=8-15", 8..16),
        ("bytes=-8", large.len() - 8..large.len()),
        ("bytes=799990-", 799_990..large.len()),
        ("bytes=100-600000", 100..600_001),
        ("bytes=799990-9999999", 799_990..large.len()),
    ];
    for (range, expected) in cases {
        let get = harness
            .client
            .get_object()
            .bucket(PLAIN)
            .key("large")
            .range(range)
            .send()
            .await
            .unwrap();
        let content_range = format!(
            "bytes {}-{}/{}",
            expected.start,
            expected.end - 1,
            large.len()
        );
        assert_eq!(get.content_range(), Some(content_range.as_str()));
        assert_eq!(get.content_length(), i64::try_from(expected.len()).ok());
        assert_eq!(
            get.body.collect().await.unwrap().to_vec(),
            large.as_bytes()[expected]
        );
    }
    let get = harness
        .client
        .get_object()
        .bucket(PLAIN)
        .key("large")
        .range("bytes=800000-")
        .send()
        .await;
    assert_eq!(refusal(get), (416, "InvalidRange".to_owned()));
}

#[tokio::test]
async fn conditions_hold_or_refuse() {
    let harness = Harness::start().await;
    harness.put(PLAIN, "key", "one").await;
    let head = harness
        .client
        .head_object()
        .bucket(PLAIN)
        .key("key")
        .send()
        .await
        .unwrap();
    let (etag, modified) = (
        head.e_tag().unwrap().to_owned(),
        *head.last_modified().unwrap(),
    );
    let get = || harness.client.get_object().bucket(PLAIN).key("key");
    assert!(get().if_match(&etag).send().await.is_ok());
    assert_eq!(
        refusal(get().if_match("\"other\"").send().await),
        (412, "PreconditionFailed".to_owned())
    );
    assert_eq!(refusal(get().if_none_match(&etag).send().await).0, 304);
    assert!(get().if_none_match("\"other\"").send().await.is_ok());
    assert_eq!(
        refusal(get().if_modified_since(modified).send().await).0,
        304
    );
    let before = DateTime::from_secs(modified.secs() - 1);
    assert!(get().if_modified_since(before).send().await.is_ok());
    assert_eq!(
        refusal(get().if_unmodified_since(before).send().await).0,
        412
    );

    let put = || {
        harness
            .client
            .put_object()
            .bucket(PLAIN)
            .key("key")
            .body(ByteStream::from_static(b"two"))
    };
    assert_eq!(
        refusal(put().if_none_match("*").send().await),
        (412, "PreconditionFailed".to_owned())
    );
    assert_eq!(
        refusal(put().if_match("\"other\"").send().await),
        (412, "PreconditionFailed".to_owned())
    );
    assert_eq!(harness.get(PLAIN, "key").await, "one");
    put().if_match(&etag).send().await.unwrap();
    assert_eq!(harness.get(PLAIN, "key").await, "two");
}

#[tokio::test]
async fn one_of_many_concurrent_creations_wins() {
    let harness = Harness::start().await;
    let creations = (0..8).map(|number| {
        let body = ByteStream::from(format!("writer {number}").into_bytes());
        harness
            .client
            .put_object()
            .bucket(VERSIONED)
            .key("once")
            .if_none_match("*")
            .body(body)
            .send()
    });
    let results = futures::future::join_all(creations).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(harness.store.list_all_versions(VERSIONED).unwrap().len(), 1);
}

#[tokio::test]
async fn a_copy_has_the_bytes_and_its_own_metadata() {
    let harness = Harness::start().await;
    let version = harness.put(VERSIONED, "fröm/a b", "original").await;
    harness.put(VERSIONED, "fröm/a b", "changed").await;
    let source = format!("{VERSIONED}/fr%C3%B6m/a%20b");
    let copy = harness
        .client
        .copy_object()
        .bucket(PLAIN)
        .key("to")
        .copy_source(&source)
        .send()
        .await
        .unwrap();
    assert!(copy.copy_object_result().unwrap().e_tag().is_some());
    assert_eq!(harness.get(PLAIN, "to").await, "changed");

    let source = format!("{source}?versionId={version}");
    harness
        .client
        .copy_object()
        .bucket(PLAIN)
        .key("to")
        .copy_source(source)
        .metadata_directive(MetadataDirective::Replace)
        .content_type("text/plain")
        .send()
        .await
        .unwrap();
    assert_eq!(harness.get(PLAIN, "to").await, "original");
    let head = harness
        .client
        .head_object()
        .bucket(PLAIN)
        .key("to")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_type(), Some("text/plain"));

    let itself = harness
        .client
        .copy_object()
        .bucket(PLAIN)
        .key("to")
        .copy_source(format!("{PLAIN}/to"))
        .send()
        .await;
    assert_eq!(refusal(itself), (400, "InvalidRequest".to_owned()));
    let missing = harness
        .client
        .copy_object()
        .bucket(PLAIN)
        .key("to")
        .copy_source(format!("{PLAIN}/no"))
        .send()
        .await;
    assert_eq!(refusal(missing), (404, "NoSuchKey".to_owned()));
}

#[tokio::test]
async fn what_is_not_offered_says_so() {
    let harness = Harness::start().await;
    let appended = harness
        .client
        .put_object()
        .bucket(PLAIN)
        .key("key")
        .write_offset_bytes(3)
        .send()
        .await;
    assert_eq!(refusal(appended), (501, "NotImplemented".to_owned()));
    let policy = harness
        .client
        .get_bucket_policy()
        .bucket(PLAIN)
        .send()
        .await;
    assert_eq!(refusal(policy), (501, "NotImplemented".to_owned()));
}
