use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use assetbox::cloud::{Failure, Fault, Moment, Storm};
use assetbox::functions::{EventHandler, InvokeError};
use futures::FutureExt;
use serde_json::{Value, json};

use crate::support::{Stack, handler, has_thing, idle, put, put_thing};

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_counted_by_caller_service_and_operation() {
    let machine = Stack::default().start().await;
    let mark = machine.calls().mark();
    put_thing(&machine, "a").await;
    let calls = machine.calls().since(mark);
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].caller, "test");
    assert_eq!(
        (calls[0].service, calls[0].operation.as_str()),
        ("dynamodb", "PutItem")
    );
    assert_eq!(calls[0].status, Some(200));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_is_known_by_its_operations() {
    let machine = Stack::default().start().await;
    let mark = machine.calls().mark();
    let config = machine.sdk_config("test");
    let s3 = crate::support::s3(&machine);
    s3.put_object()
        .bucket("assetbox-files-bucket")
        .key("a")
        .send()
        .await
        .unwrap();
    s3.get_object()
        .bucket("assetbox-files-bucket")
        .key("a")
        .send()
        .await
        .unwrap();
    s3.list_object_versions()
        .bucket("assetbox-files-bucket")
        .send()
        .await
        .unwrap();
    let sqs = aws_sdk_sqs::Client::new(&config);
    let url = &machine.model().function("WebFunction").unwrap().environment["QUEUE_JOBS"];
    sqs.send_message()
        .queue_url(url)
        .message_body("x")
        .send()
        .await
        .unwrap();
    let kms = aws_sdk_kms::Client::new(&config);
    kms.get_public_key()
        .key_id("alias/assetbox-things-key")
        .send()
        .await
        .unwrap();
    let secrets = aws_sdk_secretsmanager::Client::new(&config);
    secrets
        .get_secret_value()
        .secret_id("assetbox-things-secret")
        .send()
        .await
        .unwrap();
    let found: Vec<_> = machine
        .calls()
        .since(mark)
        .into_iter()
        .map(|call| (call.service, call.operation))
        .collect();
    let expected = [
        ("s3", "PutObject"),
        ("s3", "GetObject"),
        ("s3", "ListObjectVersions"),
        ("sqs", "SendMessage"),
        ("kms", "GetPublicKey"),
        ("secretsmanager", "GetSecretValue"),
    ];
    for (service, operation) in expected {
        assert!(
            found.contains(&(service, operation.to_owned())),
            "{operation} in {found:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_before_the_service_does_nothing_and_is_repeated_by_the_sdk() {
    let machine = Stack::default().start().await;
    for failure in [Failure::ServerError, Failure::Throttle, Failure::Timeout] {
        machine
            .faults()
            .fail_nth("PutItem", 1, failure, Moment::Before);
        let mark = machine.calls().mark();
        put_thing(&machine, "a").await;
        let calls = machine.calls().since(mark);
        let injected: Vec<_> = calls.iter().map(|call| call.injected).collect();
        assert_eq!(injected, [true, false], "{failure:?}");
    }
}

/// In whatever words a service fails, and wherever the connection ends, the SDK repeats the call.
#[tokio::test(flavor = "multi_thread")]
async fn every_failure_of_a_storm_is_outlived_by_every_sdk() {
    let machine = Stack::default().start().await;
    let config = machine.sdk_config("test");
    let sqs = aws_sdk_sqs::Client::new(&config);
    let kms = aws_sdk_kms::Client::new(&config);
    let ses = aws_sdk_ses::Client::new(&config);
    let s3 = crate::support::s3(&machine);
    let url = &machine.model().function("WebFunction").unwrap().environment["QUEUE_JOBS"];
    for (failure, moment) in Storm::TURNS {
        for operation in [
            "PutItem",
            "SendMessage",
            "GetPublicKey",
            "SendRawEmail",
            "PutObject",
        ] {
            machine.faults().fail_nth(operation, 1, failure, moment);
            let mark = machine.calls().mark();
            match operation {
                "PutItem" => put_thing(&machine, "a").await,
                "SendMessage" => {
                    let send = sqs.send_message().queue_url(url);
                    send.message_body("x").send().await.unwrap();
                }
                "GetPublicKey" => {
                    let get = kms.get_public_key().key_id("alias/assetbox-things-key");
                    get.send().await.unwrap();
                }
                "SendRawEmail" => send_email(&ses).await,
                _ => {
                    let put = s3.put_object().bucket("assetbox-files-bucket");
                    put.key("a").send().await.unwrap();
                }
            }
            let calls = machine.calls().since(mark).into_iter();
            let injected: Vec<_> = calls
                .filter(|call| call.operation == operation)
                .map(|call| call.injected)
                .collect();
            let expected: &[bool] = match failure {
                Failure::Slow => &[true],
                _ => &[true, false],
            };
            assert_eq!(injected, expected, "{operation} {failure:?} {moment:?}");
        }
    }
    let injected = machine.faults().injected();
    assert_eq!(injected.len(), Storm::TURNS.len() * 5);
    assert!(injected.values().all(|times| *times == 1));
}

async fn send_email(ses: &aws_sdk_ses::Client) {
    use aws_sdk_ses::primitives::Blob;
    use aws_sdk_ses::types::RawMessage;
    let message = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\n\r\nx";
    let raw = RawMessage::builder().data(Blob::new(message.to_vec()));
    ses.send_raw_email()
        .source("a@example.com")
        .destinations("b@example.com")
        .raw_message(raw.build().unwrap())
        .send()
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn throttled_batches_come_back_unprocessed_and_transactions_say_why() {
    use aws_sdk_dynamodb::types::{
        AttributeValue, Put, PutRequest, TransactWriteItem, WriteRequest,
    };
    let machine = Stack::default().start().await;
    let client = aws_sdk_dynamodb::Client::new(&machine.sdk_config("test"));
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let item = || [("pk", text("a")), ("sk", text("-"))];
    let faults = machine.faults();

    let put = item()
        .into_iter()
        .fold(PutRequest::builder(), |put, (name, value)| {
            put.item(name, value)
        });
    let request = WriteRequest::builder().put_request(put.build().unwrap());
    faults.fail_nth("BatchWriteItem", 1, Failure::Throttle, Moment::Before);
    let answer = client
        .batch_write_item()
        .request_items("assetbox-things-table", vec![request.build()])
        .send()
        .await
        .unwrap();
    let left = answer.unprocessed_items.unwrap();
    assert_eq!(left["assetbox-things-table"].len(), 1);
    assert!(!has_thing(&machine, "a").await);

    let put = item()
        .into_iter()
        .fold(Put::builder(), |put, (name, value)| put.item(name, value));
    let put = put.table_name("assetbox-things-table").build().unwrap();
    faults.fail_nth("TransactWriteItems", 1, Failure::Throttle, Moment::Before);
    let error = client
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().put(put).build())
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    let reasons = match &error {
        aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(canceled) => canceled.cancellation_reasons(),
        other => panic!("{other}"),
    };
    assert_eq!(reasons[0].code(), Some("ProvisionedThroughputExceeded"));
    assert!(!has_thing(&machine, "a").await);
}

/// `aws sqs start-message-move-task`: what infra/replay.sh calls.
#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_go_back_by_the_call_that_aws_has_for_it() {
    let is_broken = Arc::new(AtomicBool::new(true));
    let broken = Arc::clone(&is_broken);
    let worker = handler(move |_| match broken.load(Ordering::SeqCst) {
        true => Err("a test's failure".to_owned()),
        false => Ok(json!({"batchItemFailures": []})),
    });
    let machine = Stack {
        worker,
        ..Stack::default()
    }
    .start()
    .await;
    let queues = machine.services().sqs();
    queues.send("assetbox-jobs-queue", "job 1").await.unwrap();
    idle(&machine).await;
    let dead = async || {
        let depth = queues.depth("assetbox-jobs-dead-letters").await;
        depth.unwrap().visible
    };
    assert_eq!(dead().await, 1);

    is_broken.store(false, Ordering::SeqCst);
    let client = aws_sdk_sqs::Client::new(&machine.sdk_config("test"));
    let arn = queues.queue_arn("assetbox-jobs-dead-letters");
    let start = client.start_message_move_task().source_arn(arn);
    assert!(start.send().await.unwrap().task_handle().is_some());
    idle(&machine).await;
    assert_eq!(dead().await, 0);

    let arn = queues.queue_arn("assetbox-jobs-queue");
    let start = client.start_message_move_task().source_arn(arn);
    start.send().await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_an_error_after_the_deed() {
    let machine = Stack::default().start().await;
    machine.faults().add(Fault {
        caller: Some("test".to_owned()),
        operation: Some("PutItem".to_owned()),
        skip: 0,
        times: 3,
        failure: Failure::ServerError,
        moment: Moment::After,
    });
    let client = aws_sdk_dynamodb::Client::new(&machine.sdk_config("test"));
    assert!(put(&client, "a").await.is_err());
    assert!(has_thing(&machine, "a").await);
    assert_eq!(machine.faults().pending(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_function_ends_between_its_calls() {
    let client = Arc::new(OnceLock::<aws_sdk_dynamodb::Client>::new());
    let used = Arc::clone(&client);
    let worker: EventHandler = Arc::new(move |event| {
        let used = Arc::clone(&used);
        async move {
            // The table's stream invokes it too.
            if event.get("Records").is_some() {
                return Ok(Value::Null);
            }
            let client = used.get().unwrap();
            put(client, "first").await.unwrap();
            put(client, "second").await.unwrap();
            put(client, "third").await.unwrap();
            Ok(Value::Null)
        }
        .boxed()
    });
    let machine = Stack {
        worker,
        ..Stack::default()
    }
    .start()
    .await;
    client
        .set(aws_sdk_dynamodb::Client::new(
            &machine.sdk_config("WorkerFunction"),
        ))
        .unwrap();
    machine
        .faults()
        .fail_nth("PutItem", 2, Failure::Kill, Moment::After);

    let outcome = machine.invoke("WorkerFunction", json!({})).await;

    assert_eq!(outcome, Err(InvokeError::Died));
    assert!(has_thing(&machine, "first").await);
    assert!(has_thing(&machine, "second").await);
    assert!(!has_thing(&machine, "third").await);
    let calls = machine.calls().since(0);
    let invocations: Vec<_> = calls
        .iter()
        .filter(|call| call.caller == "WorkerFunction")
        .map(|call| call.invocation.clone())
        .collect();
    assert!(invocations.len() == 2 && invocations[0].is_some() && invocations[0] == invocations[1]);
}
