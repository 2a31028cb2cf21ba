//! Every change is told, once it is committed and even after a crash.

use std::sync::{Arc, Mutex};

use aws_lambda_events::s3::S3Event;
use aws_sdk_s3::primitives::ByteStream;
use local_objects::ObjectEvent;

use crate::harness::{Harness, PLAIN, REGION, VERSIONED, bucket, open, refusal};
use crate::multipart::complete;

#[tokio::test]
async fn each_change_has_its_event() {
    let harness = Harness::start().await;
    let version = harness.put(VERSIONED, "key", "abc").await;
    harness
        .client
        .copy_object()
        .bucket(PLAIN)
        .key("copy")
        .copy_source(format!("{VERSIONED}/key"))
        .send()
        .await
        .unwrap();
    let marker = harness
        .client
        .delete_object()
        .bucket(VERSIONED)
        .key("key")
        .send()
        .await
        .unwrap();
    harness
        .client
        .delete_object()
        .bucket(VERSIONED)
        .key("key")
        .version_id(&version)
        .send()
        .await
        .unwrap();
    harness
        .client
        .delete_object()
        .bucket(PLAIN)
        .key("copy")
        .send()
        .await
        .unwrap();
    let upload = harness
        .client
        .create_multipart_upload()
        .bucket(PLAIN)
        .key("big")
        .send()
        .await
        .unwrap();
    let id = upload.upload_id().unwrap();
    let part = harness
        .client
        .upload_part()
        .bucket(PLAIN)
        .key("big")
        .upload_id(id)
        .part_number(1);
    let etag = part
        .body(ByteStream::from_static(b"part"))
        .send()
        .await
        .unwrap()
        .e_tag
        .unwrap();
    complete(&harness, "big", id, &[(1, &etag)]).await.unwrap();

    let events = harness.events();
    let names: Vec<_> = events
        .iter()
        .map(|event| (event.event_name, event.bucket.as_str(), event.key.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("ObjectCreated:Put", VERSIONED, "key"),
            ("ObjectCreated:Copy", PLAIN, "copy"),
            ("ObjectRemoved:DeleteMarkerCreated", VERSIONED, "key"),
            ("ObjectRemoved:Delete", VERSIONED, "key"),
            ("ObjectRemoved:Delete", PLAIN, "copy"),
            ("ObjectCreated:CompleteMultipartUpload", PLAIN, "big"),
        ]
    );
    assert!(events.is_sorted_by(|one, next| one.sequencer < next.sequencer));
    assert_eq!(events[0].version_id, Some(version.clone()));
    assert_eq!(
        (events[0].size, events[0].etag.as_str()),
        (3, "900150983cd24fb0d6963f7d28e17f72")
    );
    assert_eq!(events[2].version_id, marker.version_id);
    assert_eq!(events[3].version_id, Some(version));
    assert_eq!(events[4].version_id, None);
    // The object is there when the event is: what a subscriber reads is what it was told of.
    assert_eq!(harness.get(PLAIN, "big").await, "part");
}

#[tokio::test]
async fn the_message_is_what_a_function_reads() {
    let harness = Harness::start().await;
    harness.put(VERSIONED, "originals/ü (1).png", "abc").await;
    let event = &harness.events()[0];
    let read: S3Event = serde_json::from_value(event.to_s3_notification(REGION)).unwrap();
    let record = &read.records[0];
    assert_eq!(record.event_name.as_deref(), Some("ObjectCreated:Put"));
    assert_eq!(record.aws_region.as_deref(), Some(REGION));
    assert_eq!(record.s3.bucket.name.as_deref(), Some(VERSIONED));
    assert_eq!(
        record.s3.object.key.as_deref(),
        Some("originals/%C3%BC+%281%29.png")
    );
    let encoded = record.s3.object.key.clone().unwrap();
    let decoded = form_urlencoded::parse(encoded.as_bytes()).next().unwrap().0;
    assert_eq!(decoded, "originals/ü (1).png");
    assert_eq!(record.s3.object.size, Some(3));
    assert_eq!(record.s3.object.version_id, event.version_id);
    assert_eq!(
        record.s3.object.sequencer.as_deref(),
        Some(event.sequencer.as_str())
    );
}

#[tokio::test]
async fn an_event_that_was_not_taken_over_comes_again() {
    let harness = Harness::start().await;
    harness.store.subscribe(|_| panic!("the subscriber fails"));
    let put = harness
        .client
        .put_object()
        .bucket(PLAIN)
        .key("key")
        .body(ByteStream::from_static(b"kept"));
    assert_eq!(refusal(put.send().await), (500, "InternalError".to_owned()));
    assert_eq!(harness.events().len(), 1);

    let harness = harness.restart().await;
    assert_eq!(harness.get(PLAIN, "key").await, "kept");
    let events = harness.events();
    assert_eq!(
        (events.len(), events[0].event_name, events[0].key.as_str()),
        (1, "ObjectCreated:Put", "key")
    );

    let harness = harness.restart().await;
    assert_eq!(harness.get(PLAIN, "key").await, "kept");
    assert!(harness.events().is_empty());
}

#[tokio::test]
async fn a_subscriber_may_use_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.ensure_bucket(&bucket(PLAIN, false, None)).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (inspected, noted) = (store.clone(), Arc::clone(&seen));
    store.subscribe(move |event: ObjectEvent| {
        let versions = inspected.list_all_versions(&event.bucket).unwrap();
        noted.lock().unwrap().push((event.key, versions.len()));
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = crate::harness::client(listener.local_addr().unwrap(), crate::harness::SECRET_KEY);
    tokio::spawn(store.serve(listener, std::future::pending()));
    client
        .put_object()
        .bucket(PLAIN)
        .key("key")
        .send()
        .await
        .unwrap();
    assert_eq!(*seen.lock().unwrap(), [("key".to_owned(), 1)]);
}
