//! Versions and delete markers; and that erased means erased.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use crate::harness::{Harness, PLAIN, VERSIONED, refusal};

#[tokio::test]
async fn old_versions_stay_readable() {
    let harness = Harness::start().await;
    let first = harness.put(VERSIONED, "key", "first").await;
    let second = harness.put(VERSIONED, "key", "second").await;
    assert_ne!(first, second);
    assert_eq!(harness.get(VERSIONED, "key").await, "second");
    let old = harness
        .client
        .get_object()
        .bucket(VERSIONED)
        .key("key")
        .version_id(&first)
        .send()
        .await
        .unwrap();
    assert_eq!(old.version_id(), Some(first.as_str()));
    assert_eq!(old.body.collect().await.unwrap().to_vec(), b"first");

    let deleted = harness
        .client
        .delete_object()
        .bucket(VERSIONED)
        .key("key")
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.delete_marker(), Some(true));
    let marker = deleted.version_id().unwrap().to_owned();
    let get = harness
        .client
        .get_object()
        .bucket(VERSIONED)
        .key("key")
        .send()
        .await;
    assert_eq!(refusal(get), (404, "NoSuchKey".to_owned()));
    let get = harness
        .client
        .get_object()
        .bucket(VERSIONED)
        .key("key")
        .version_id(&marker)
        .send()
        .await;
    assert_eq!(refusal(get), (405, "MethodNotAllowed".to_owned()));
    let get = harness
        .client
        .get_object()
        .bucket(VERSIONED)
        .key("key")
        .version_id("nothing")
        .send()
        .await;
    assert_eq!(refusal(get), (404, "NoSuchVersion".to_owned()));
    let list = harness
        .client
        .list_objects_v2()
        .bucket(VERSIONED)
        .send()
        .await
        .unwrap();
    assert_eq!(list.key_count(), Some(0));

    let versions = harness
        .client
        .list_object_versions()
        .bucket(VERSIONED)
        .send()
        .await
        .unwrap();
    let listed: Vec<_> = versions
        .versions()
        .iter()
        .map(|version| version.version_id().unwrap())
        .collect();
    assert_eq!(listed, [second.as_str(), first.as_str()]);
    assert!(
        versions
            .versions()
            .iter()
            .all(|version| version.is_latest() == Some(false))
    );
    assert_eq!(
        versions.delete_markers()[0].version_id(),
        Some(marker.as_str())
    );
    assert_eq!(versions.delete_markers()[0].is_latest(), Some(true));

    // Without the marker the object is back.
    let undone = harness
        .client
        .delete_object()
        .bucket(VERSIONED)
        .key("key")
        .version_id(&marker)
        .send()
        .await
        .unwrap();
    assert_eq!(undone.delete_marker(), Some(true));
    assert_eq!(harness.get(VERSIONED, "key").await, "second");
}

#[tokio::test]
async fn versions_are_listed_in_pages_even_while_they_are_removed() {
    let harness = Harness::start().await;
    let mut expected = Vec::new();
    for key in ["a", "b", "b/c"] {
        let mut versions = Vec::new();
        for number in 0..3 {
            versions.push((
                key.to_owned(),
                harness
                    .put(VERSIONED, key, &format!("{key} {number}"))
                    .await,
            ));
        }
        let marker = harness
            .client
            .delete_object()
            .bucket(VERSIONED)
            .key(key)
            .send()
            .await
            .unwrap();
        versions.push((key.to_owned(), marker.version_id.unwrap()));
        expected.extend(versions.into_iter().rev());
    }
    for size in [1, 2, 5, 100] {
        assert_eq!(
            list_versions(&harness, size, false).await,
            expected,
            "pages of {size}"
        );
    }
    assert_eq!(list_versions(&harness, 3, true).await, expected);
    assert!(
        harness
            .store
            .list_all_versions(VERSIONED)
            .unwrap()
            .is_empty()
    );
    assert!(harness.files().is_empty());
}

/// All versions by pages; removes each page's before asking for the next.
async fn list_versions(harness: &Harness, size: i32, remove: bool) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let (mut key_marker, mut version_marker) = (None, None);
    loop {
        let page = harness
            .client
            .list_object_versions()
            .bucket(VERSIONED)
            .max_keys(size)
            .set_key_marker(key_marker)
            .set_version_id_marker(version_marker)
            .send()
            .await
            .unwrap();
        let versions = page
            .versions()
            .iter()
            .map(|one| (one.key(), one.version_id()));
        let markers = page
            .delete_markers()
            .iter()
            .map(|one| (one.key(), one.version_id()));
        let mut entries: Vec<_> = versions
            .chain(markers)
            .map(|(key, id)| (key.unwrap().to_owned(), id.unwrap().to_owned()))
            .collect();
        // The page keeps objects and markers apart; ids grow with age.
        entries.sort_by(|one, other| (&one.0, &other.1).cmp(&(&other.0, &one.1)));
        if remove {
            delete_all(harness, VERSIONED, &entries).await;
        }
        all.extend(entries);
        if page.is_truncated() != Some(true) {
            return all;
        }
        key_marker = page.next_key_marker;
        version_marker = page.next_version_id_marker;
    }
}

async fn delete_all(harness: &Harness, bucket: &str, entries: &[(String, String)]) {
    let objects = entries.iter().map(|(key, id)| {
        ObjectIdentifier::builder()
            .key(key)
            .version_id(id)
            .build()
            .unwrap()
    });
    let delete = Delete::builder()
        .set_objects(Some(objects.collect()))
        .build()
        .unwrap();
    let output = harness
        .client
        .delete_objects()
        .bucket(bucket)
        .delete(delete)
        .send()
        .await
        .unwrap();
    assert_eq!(output.deleted().len(), entries.len());
    assert!(output.errors().is_empty());
}

#[tokio::test]
async fn the_last_version_takes_its_bytes_along() {
    let harness = Harness::start().await;
    let canary = "canary-in-the-bytes-7f3a";
    let hint = "canary-in-the-metadata-91bc";
    let put = |key: &'static str| {
        let body = ByteStream::from_static(canary.as_bytes());
        harness
            .client
            .put_object()
            .bucket(VERSIONED)
            .key(key)
            .metadata("hint", hint)
            .body(body)
            .send()
    };
    let one = put("one").await.unwrap().version_id.unwrap();
    let two = put("two").await.unwrap().version_id.unwrap();
    assert_eq!(harness.files().len(), 1);
    assert!(harness.holds(canary.as_bytes()) && harness.holds(hint.as_bytes()));

    // A marker hides, it does not erase.
    harness
        .client
        .delete_object()
        .bucket(VERSIONED)
        .key("one")
        .send()
        .await
        .unwrap();
    harness
        .client
        .delete_object()
        .bucket(VERSIONED)
        .key("one")
        .version_id(one)
        .send()
        .await
        .unwrap();
    assert_eq!(harness.files().len(), 1);
    harness
        .client
        .delete_object()
        .bucket(VERSIONED)
        .key("two")
        .version_id(two)
        .send()
        .await
        .unwrap();
    assert!(harness.files().is_empty());
    assert!(!harness.holds(canary.as_bytes()));
    assert!(!harness.holds(hint.as_bytes()));
}

#[tokio::test]
async fn overwriting_without_versions_erases_too() {
    let harness = Harness::start().await;
    harness.put(PLAIN, "key", "the old canary 55aa").await;
    harness.put(PLAIN, "key", "new").await;
    assert!(!harness.holds(b"the old canary 55aa"));
    assert_eq!(harness.files().len(), 1);
    harness
        .client
        .delete_object()
        .bucket(PLAIN)
        .key("key")
        .send()
        .await
        .unwrap();
    assert!(harness.files().is_empty());
    assert_eq!(
        refusal(
            harness
                .client
                .head_object()
                .bucket(PLAIN)
                .key("key")
                .send()
                .await
        )
        .0,
        404
    );
    // Deleting what is not there succeeds.
    harness
        .client
        .delete_object()
        .bucket(PLAIN)
        .key("key")
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn an_object_can_be_read_to_its_end_while_it_is_deleted() {
    let harness = Harness::start().await;
    let large = "0123456789abcdef".repeat(1 << 19);
    harness.put(PLAIN, "large", &large).await;
    let get = harness
        .client
        .get_object()
        .bucket(PLAIN)
        .key("large")
        .send()
        .await
        .unwrap();
    harness
        .client
        .delete_object()
        .bucket(PLAIN)
        .key("large")
        .send()
        .await
        .unwrap();
    assert!(harness.files().is_empty());
    assert_eq!(get.body.collect().await.unwrap().to_vec(), large.as_bytes());
}
