//! What was acknowledged is there, whatever happens to the process.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use aws_sdk_s3::primitives::ByteStream;
use local_objects::{Error, ObjectStore, StoreOptions};
use sha2::{Digest, Sha256};

use crate::harness::{
    ACCESS_KEY, Harness, PLAIN, REGION, SECRET_KEY, VERSIONED, bucket, client, open,
};

const FOLDER: &str = "LOCAL_OBJECTS_TEST_FOLDER";

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let harness = Harness::start().await;
    harness.put(PLAIN, "plain", "one").await;
    let first = harness.put(VERSIONED, "key", "two").await;
    harness.put(VERSIONED, "key", "three").await;
    harness
        .client
        .delete_object()
        .bucket(VERSIONED)
        .key("key")
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
    let id = upload.upload_id().unwrap().to_owned();
    let part = harness
        .client
        .upload_part()
        .bucket(PLAIN)
        .key("big")
        .upload_id(&id)
        .part_number(1);
    let etag = part
        .body(ByteStream::from_static(b"part"))
        .send()
        .await
        .unwrap()
        .e_tag
        .unwrap();
    let before = (
        harness.store.list_all_versions(PLAIN).unwrap(),
        harness.store.list_all_versions(VERSIONED).unwrap(),
        harness.files(),
    );

    let harness = harness.restart().await;
    let after = (
        harness.store.list_all_versions(PLAIN).unwrap(),
        harness.store.list_all_versions(VERSIONED).unwrap(),
        harness.files(),
    );
    assert_eq!(before, after);
    assert_eq!(harness.get(PLAIN, "plain").await, "one");
    let old = harness
        .client
        .get_object()
        .bucket(VERSIONED)
        .key("key")
        .version_id(&first)
        .send()
        .await
        .unwrap();
    assert_eq!(old.body.collect().await.unwrap().to_vec(), b"two");
    // The upload goes on.
    crate::multipart::complete(&harness, "big", &id, &[(1, &etag)])
        .await
        .unwrap();
    assert_eq!(harness.get(PLAIN, "big").await, "part");
}

#[tokio::test]
async fn leftovers_of_a_crash_are_cleared() {
    let harness = Harness::start().await;
    harness.put(PLAIN, "kept", "kept").await;
    let folder = harness.stop().await;
    let orphan = hex::encode(Sha256::digest(b"orphan"));
    std::fs::write(folder.path().join("incoming/.tmpA1b2"), "half an upload").unwrap();
    std::fs::write(folder.path().join("contents").join(orphan), "orphan").unwrap();
    let harness = Harness::start_in(folder).await;
    assert!(harness.incoming().is_empty());
    assert_eq!(harness.files().len(), 1);
    assert_eq!(harness.get(PLAIN, "kept").await, "kept");
}

#[tokio::test]
async fn a_folder_has_one_process() {
    let harness = Harness::start().await;
    let second = ObjectStore::open(StoreOptions {
        root: harness.folder.path().to_owned(),
        region: REGION.to_owned(),
        credentials: (ACCESS_KEY.to_owned(), SECRET_KEY.to_owned()),
    });
    assert!(matches!(second, Err(Error::InUse(_))));
    let folder = harness.stop().await;
    open(folder.path());
}

/// Not a test: the process that the next one kills.
#[tokio::test]
#[ignore = "runs as the child of acknowledged_objects_survive_a_kill"]
async fn serve_until_killed() {
    let store = open(std::env::var_os(FOLDER).unwrap().as_ref());
    store.ensure_bucket(&bucket(VERSIONED, true, None)).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("\nserving {}", listener.local_addr().unwrap());
    store.serve(listener, std::future::pending()).await.unwrap();
}

#[tokio::test]
async fn acknowledged_objects_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "durability::serve_until_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(FOLDER, folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let address = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .find_map(|line| {
            line.unwrap()
                .strip_prefix("serving ")
                .map(|address| address.parse().unwrap())
        })
        .unwrap();
    let client = client(address, SECRET_KEY);
    let acknowledged = Arc::new(Mutex::new(Vec::new()));
    let writers = (0..4).map(|writer| {
        let (client, acknowledged) = (client.clone(), Arc::clone(&acknowledged));
        tokio::spawn(async move {
            for number in 0.. {
                let key = format!("{writer}/{number}");
                let put = client.put_object().bucket(VERSIONED).key(&key);
                match put
                    .body(ByteStream::from(key.clone().into_bytes()))
                    .send()
                    .await
                {
                    Ok(_) => acknowledged.lock().unwrap().push(key),
                    Err(_) => break,
                }
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    while acknowledged.lock().unwrap().len() < 50 {
        tokio::task::yield_now().await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    futures::future::join_all(writers).await;

    let store = open(folder.path());
    let kept = store.list_all_versions(VERSIONED).unwrap();
    for key in acknowledged.lock().unwrap().iter() {
        let version = kept
            .iter()
            .find(|version| version.key == *key)
            .expect("an acknowledged object");
        let sha256 = hex::encode(Sha256::digest(key.as_bytes()));
        assert_eq!(version.sha256.as_ref(), Some(&sha256));
        let bytes = std::fs::read(folder.path().join("contents").join(sha256)).unwrap();
        assert_eq!(bytes, key.as_bytes());
    }
    let files = std::fs::read_dir(folder.path().join("contents"))
        .unwrap()
        .count();
    assert_eq!(files, kept.len());
}
