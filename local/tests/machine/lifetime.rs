use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use assetbox::functions::EventHandler;
use assetbox::{Machine, MachineError};
use futures::FutureExt;
use jiff::SignedDuration;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::Notify;

use crate::support::{Stack, has_thing, idle, put_thing, recorder, records, s3};

#[tokio::test(flavor = "multi_thread")]
async fn data_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (worker, seen) = recorder();
    let machine = Stack {
        worker,
        ..Stack::default()
    }
    .start_in(folder.path())
    .await;
    put_thing(&machine, "kept").await;
    let put = s3(&machine)
        .put_object()
        .bucket("assetbox-files-bucket")
        .key("kept");
    put.body(b"bytes".to_vec().into()).send().await.unwrap();
    machine.advance(SignedDuration::from_hours(5)).unwrap();
    idle(&machine).await;
    let before = machine.clock().now();
    machine.shutdown().await;
    assert_eq!(records(&seen).len(), 1);

    let (worker, seen) = recorder();
    let machine = Stack {
        worker,
        ..Stack::default()
    }
    .start_in(folder.path())
    .await;
    idle(&machine).await;
    assert!(has_thing(&machine, "kept").await);
    let object = s3(&machine)
        .get_object()
        .bucket("assetbox-files-bucket")
        .key("kept")
        .send()
        .await
        .unwrap();
    assert_eq!(
        object.body.collect().await.unwrap().into_bytes().as_ref(),
        b"bytes"
    );
    assert!(machine.clock().now() >= before, "the clock stays ahead");
    assert_eq!(
        records(&seen).len(),
        0,
        "what was delivered is not delivered again"
    );
    machine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn presigned_addresses_outlive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let machine = Stack::default().start_in(folder.path()).await;
    let client = s3(&machine);
    client
        .put_object()
        .bucket("assetbox-files-bucket")
        .key("a")
        .send()
        .await
        .unwrap();
    let hour =
        aws_sdk_s3::presigning::PresigningConfig::expires_in(std::time::Duration::from_secs(3_600))
            .unwrap();
    let get = client.get_object().bucket("assetbox-files-bucket").key("a");
    let before = get.presigned(hour.clone()).await.unwrap();
    machine.shutdown().await;

    let machine = Stack::default().start_in(folder.path()).await;
    let get = s3(&machine)
        .get_object()
        .bucket("assetbox-files-bucket")
        .key("a");
    let after = get.presigned(hour).await.unwrap();
    let place = |uri: &str| uri.split('?').next().unwrap().to_owned();
    assert_eq!(place(before.uri()), place(after.uri()));
    machine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_in_use_and_a_taken_port_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let machine = Stack::default().start_in(folder.path()).await;
    let second = Machine::start(Stack::default().options(Some(folder.path()))).await;
    let Err(error @ MachineError::InUse(_)) = second else {
        panic!("the folder was taken twice");
    };
    assert!(error.to_string().contains("--data"));

    let port = machine
        .api_url()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let mut options = Stack::default().options(None);
    options.port = port;
    let Err(error @ MachineError::PortTaken(_)) = Machine::start(options).await else {
        panic!("the port was taken twice");
    };
    assert!(error.to_string().contains("--port"));
    machine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_names_an_unknown_function_is_refused() {
    let mut options = Stack::default().options(None);
    options.functions.remove("WorkerFunction");
    match Machine::start(options).await {
        Err(MachineError::Function(id, _)) => assert_eq!(id, "WorkerFunction"),
        other => panic!("{:?}", other.err()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_folder_goes_with_the_machine() {
    let machine = Stack::default().start().await;
    let folder = machine.data_dir().to_owned();
    assert!(folder.is_dir());
    machine.shutdown().await;
    assert!(!folder.exists());
}

/// What the streams of a data folder hold: of each record its keys and image.
fn stream_records(folder: &Path) -> Vec<(String, Option<String>)> {
    let file = folder.join("dynamodb.sqlite");
    let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    database.busy_timeout(Duration::from_secs(5)).unwrap();
    let mut records = database
        .prepare("SELECT keys_json, new_image FROM _stream_records")
        .unwrap();
    let records = records.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
    records.unwrap().collect::<Result<_, _>>().unwrap()
}

/// All that is left of a stream that was read to its end.
fn a_place_holder() -> Vec<(String, Option<String>)> {
    vec![("{}".to_owned(), None)]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_forgets_what_its_readers_have_done() {
    let folder = tempfile::tempdir().unwrap();
    let (worker, seen) = recorder();
    let machine = Stack {
        worker,
        ..Stack::default()
    }
    .start_in(folder.path())
    .await;
    for pk in ["a", "b", "a"] {
        put_thing(&machine, pk).await;
    }
    let forgotten = async {
        while stream_records(folder.path()) != a_place_holder() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), forgotten)
        .await
        .expect("forgotten in time");

    put_thing(&machine, "c").await;
    idle(&machine).await;
    machine.shutdown().await;
    assert_eq!(stream_records(folder.path()), a_place_holder());
    assert_eq!(records(&seen).len(), 3);

    let (worker, seen) = recorder();
    let machine = Stack {
        worker,
        ..Stack::default()
    }
    .start_in(folder.path())
    .await;
    idle(&machine).await;
    assert_eq!(records(&seen).len(), 0, "nothing comes again");
    put_thing(&machine, "d").await;
    idle(&machine).await;
    assert_eq!(records(&seen).len(), 1);
    machine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_is_not_done_outlives_the_machine() {
    let folder = tempfile::tempdir().unwrap();
    let called = Arc::new(Notify::new());
    let calls = Arc::clone(&called);
    let worker: EventHandler = Arc::new(move |_| {
        calls.notify_one();
        std::future::pending().boxed()
    });
    let machine = Stack {
        worker,
        ..Stack::default()
    }
    .start_in(folder.path())
    .await;
    put_thing(&machine, "kept").await;
    called.notified().await;
    machine.shutdown().await;

    let (worker, seen) = recorder();
    let machine = Stack {
        worker,
        ..Stack::default()
    }
    .start_in(folder.path())
    .await;
    idle(&machine).await;
    assert_eq!(records(&seen).len(), 1);
    machine.shutdown().await;
}
