//! Keys are names, not paths.

use crate::harness::{Harness, PLAIN, refusal};

#[tokio::test]
async fn any_key_stays_in_its_bucket() {
    let harness = Harness::start().await;
    let long = "k".repeat(1024);
    let keys = [
        "../esc",
        "..",
        "a/../../b",
        "a",
        "a/b.txt",
        "a/",
        "//double//",
        "/leading",
        "C:\\x",
        "nul\u{1}key",
        "имя файла.png",
        "日本語/写真.jpg",
        "emoji 🦀+&=%20?#.txt",
        " a",
        "con:",
        long.as_str(),
    ];
    for key in keys {
        harness.put(PLAIN, key, &format!("content of {key}")).await;
    }
    for key in keys {
        assert_eq!(harness.get(PLAIN, key).await, format!("content of {key}"));
    }
    // Only the store's own files are there, and contents by their hash.
    let parent = harness.folder.path().parent().unwrap();
    assert!(!parent.join("esc").exists() && !harness.folder.path().join("esc").exists());
    assert!(harness.files().iter().all(|name| name.len() == 64));
    assert_eq!(harness.files().len(), keys.len());

    let mut expected: Vec<_> = keys.iter().map(|key| (*key).to_owned()).collect();
    expected.sort();
    let listed = harness.store.list_all_versions(PLAIN).unwrap();
    assert_eq!(
        listed
            .into_iter()
            .map(|version| version.key)
            .collect::<Vec<_>>(),
        expected
    );
}

#[tokio::test]
async fn a_key_over_1024_bytes_is_refused() {
    let harness = Harness::start().await;
    let put = harness
        .client
        .put_object()
        .bucket(PLAIN)
        .key("ü".repeat(513))
        .send()
        .await;
    assert_eq!(refusal(put), (400, "KeyTooLongError".to_owned()));
}

#[tokio::test]
async fn listing_takes_prefix_delimiter_and_pages() {
    let harness = Harness::start().await;
    for key in ["a", "a/1", "a/2", "a/x/3", "b/4", "c", "ü/5", "ü/6"] {
        harness.put(PLAIN, key, key).await;
    }
    let list = harness
        .client
        .list_objects_v2()
        .bucket(PLAIN)
        .delimiter("/")
        .send()
        .await
        .unwrap();
    let keys: Vec<_> = list
        .contents()
        .iter()
        .filter_map(|object| object.key())
        .collect();
    let prefixes: Vec<_> = list
        .common_prefixes()
        .iter()
        .filter_map(|prefix| prefix.prefix())
        .collect();
    assert_eq!((keys, prefixes), (vec!["a", "c"], vec!["a/", "b/", "ü/"]));
    assert_eq!(list.key_count(), Some(5));

    let list = harness
        .client
        .list_objects_v2()
        .bucket(PLAIN)
        .prefix("a/")
        .delimiter("/")
        .send()
        .await
        .unwrap();
    let keys: Vec<_> = list
        .contents()
        .iter()
        .filter_map(|object| object.key())
        .collect();
    let prefixes: Vec<_> = list
        .common_prefixes()
        .iter()
        .filter_map(|prefix| prefix.prefix())
        .collect();
    assert_eq!((keys, prefixes), (vec!["a/1", "a/2"], vec!["a/x/"]));

    // Every size of page gives the same entries in the same order.
    for size in 1..=8 {
        let mut entries = Vec::new();
        let mut pages = harness
            .client
            .list_objects_v2()
            .bucket(PLAIN)
            .delimiter("/")
            .max_keys(size)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.unwrap();
            assert!(page.key_count().unwrap() <= size);
            entries.extend(
                page.contents()
                    .iter()
                    .filter_map(|object| object.key().map(str::to_owned)),
            );
            entries.extend(
                page.common_prefixes()
                    .iter()
                    .filter_map(|prefix| prefix.prefix().map(str::to_owned)),
            );
        }
        entries.sort();
        assert_eq!(entries, ["a", "a/", "b/", "c", "ü/"], "pages of {size}");
    }

    let list = harness
        .client
        .list_objects_v2()
        .bucket(PLAIN)
        .start_after("b/4")
        .send()
        .await
        .unwrap();
    let keys: Vec<_> = list
        .contents()
        .iter()
        .filter_map(|object| object.key())
        .collect();
    assert_eq!(keys, ["c", "ü/5", "ü/6"]);
}

#[tokio::test]
async fn buckets_are_made_found_and_listed() {
    let harness = Harness::start().await;
    harness
        .client
        .create_bucket()
        .bucket("made-bucket")
        .send()
        .await
        .unwrap();
    harness
        .client
        .head_bucket()
        .bucket("made-bucket")
        .send()
        .await
        .unwrap();
    let again = harness
        .client
        .create_bucket()
        .bucket("made-bucket")
        .send()
        .await;
    assert_eq!(refusal(again), (409, "BucketAlreadyOwnedByYou".to_owned()));
    let missing = harness
        .client
        .head_bucket()
        .bucket("missing-bucket")
        .send()
        .await;
    assert_eq!(refusal(missing).0, 404);
    let missing = harness
        .client
        .list_objects_v2()
        .bucket("missing-bucket")
        .send()
        .await;
    assert_eq!(refusal(missing), (404, "NoSuchBucket".to_owned()));

    let list = harness.client.list_buckets().send().await.unwrap();
    let names: Vec<_> = list
        .buckets()
        .iter()
        .filter_map(|bucket| bucket.name())
        .collect();
    assert_eq!(
        names,
        [
            "locked-bucket",
            "made-bucket",
            "plain-bucket",
            "versioned-bucket"
        ]
    );
}

#[tokio::test]
async fn settings_that_s3_refuses_are_refused() {
    let harness = Harness::start().await;
    let refused = [
        crate::harness::bucket("No_Name", true, None),
        crate::harness::bucket("lock-without-versions", false, Some(1)),
        crate::harness::bucket("locked-bucket", true, None),
        crate::harness::bucket("versioned-bucket", false, None),
    ];
    for options in refused {
        assert!(
            harness.store.ensure_bucket(&options).is_err(),
            "{options:?}"
        );
    }
    harness
        .store
        .ensure_bucket(&crate::harness::bucket(PLAIN, true, None))
        .unwrap();
}
