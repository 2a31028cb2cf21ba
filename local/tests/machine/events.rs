use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Stack, handler, has_thing, idle, put_thing, recorder, records, s3};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_handed_over_and_deleted() {
    let (worker, seen) = recorder();
    let machine = Stack {
        worker,
        ..Stack::default()
    }
    .start()
    .await;
    let queues = machine.services().sqs();
    queues.send("assetbox-jobs-queue", "job 1").await.unwrap();
    idle(&machine).await;

    let records = records(&seen);
    assert_eq!(records.len(), 1);
    assert_eq!(records[0]["body"], "job 1");
    assert_eq!(records[0]["eventSource"], "aws:sqs");
    assert_eq!(
        records[0]["eventSourceARN"],
        "arn:aws:sqs:eu-central-1:000000000000:assetbox-jobs-queue"
    );
    assert_eq!(
        queues.depth("assetbox-jobs-queue").await.unwrap().in_flight,
        0
    );
}

/// Fails the messages with this body, by name.
fn failing(
    bad: &'static str,
    tries: Arc<Mutex<BTreeMap<String, u32>>>,
) -> impl Fn(Value) -> Result<Value, String> {
    move |event| {
        let records = event["Records"].as_array().unwrap();
        let mut failures = Vec::new();
        for record in records {
            let body = record["body"].as_str().unwrap_or_default();
            *tries.lock().unwrap().entry(body.to_owned()).or_default() += 1;
            if body == bad {
                failures.push(json!({"itemIdentifier": record["messageId"]}));
            }
        }
        Ok(json!({"batchItemFailures": failures}))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_message_comes_again_alone_and_ends_among_the_dead_letters() {
    let tries = Arc::new(Mutex::new(BTreeMap::new()));
    let worker = handler(failing("bad", Arc::clone(&tries)));
    let machine = Stack {
        worker,
        ..Stack::default()
    }
    .start()
    .await;
    let queues = machine.services().sqs();
    for body in ["good", "bad", "better"] {
        queues.send("assetbox-jobs-queue", body).await.unwrap();
    }
    idle(&machine).await;

    let expected =
        [("bad", 3), ("better", 1), ("good", 1)].map(|(body, times)| (body.to_owned(), times));
    assert_eq!(*tries.lock().unwrap(), BTreeMap::from(expected));
    assert_eq!(
        queues
            .depth("assetbox-jobs-dead-letters")
            .await
            .unwrap()
            .visible,
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_a_table_arrive_in_order_as_stream_records() {
    let (worker, seen) = recorder();
    let machine = Stack {
        worker,
        ..Stack::default()
    }
    .start()
    .await;
    for number in 0..25 {
        put_thing(&machine, &format!("thing-{number:02}")).await;
    }
    // The filter lets only insertions through.
    put_thing(&machine, "thing-00").await;
    idle(&machine).await;

    let records = records(&seen);
    let keys: Vec<_> = records
        .iter()
        .map(|record| record["dynamodb"]["Keys"]["pk"]["S"].as_str().unwrap())
        .collect();
    let expected: Vec<_> = (0..25).map(|number| format!("thing-{number:02}")).collect();
    assert_eq!(keys, expected);
    assert_eq!(records[0]["eventName"], "INSERT");
    assert_eq!(records[0]["dynamodb"]["NewImage"]["sk"]["S"], "-");
    assert_eq!(records[0]["awsRegion"], "eu-central-1");
    let arn = records[0]["eventSourceARN"].as_str().unwrap();
    assert!(arn.starts_with(
        "arn:aws:dynamodb:eu-central-1:000000000000:table/assetbox-things-table/stream/"
    ));
    let parsed: aws_lambda_events::dynamodb::Event =
        serde_json::from_value(json!({"Records": records})).unwrap();
    assert_eq!(parsed.records.len(), 25);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_never_succeeds_is_given_up_alone() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    let worker = handler(move |event| {
        let records = event["Records"].as_array().unwrap();
        let keys: Vec<_> = records
            .iter()
            .map(|record| record["dynamodb"]["Keys"]["pk"]["S"].clone())
            .collect();
        if keys.contains(&json!("bad")) {
            return Err("a test's failure".to_owned());
        }
        kept.lock().unwrap().extend(keys);
        Ok(json!({"batchItemFailures": []}))
    });
    let machine = Stack {
        worker,
        ..Stack::default()
    }
    .start()
    .await;
    for pk in ["a", "b", "bad", "c", "d"] {
        put_thing(&machine, pk).await;
    }
    idle(&machine).await;

    assert_eq!(
        *seen.lock().unwrap(),
        ["a", "b", "c", "d"].map(|pk| json!(pk))
    );
    let queues = machine.services().sqs();
    let told = queues
        .receive("assetbox-jobs-dead-letters", 10, std::time::Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(told.len(), 1);
    let told: Value = serde_json::from_str(&told[0].body).unwrap();
    assert_eq!(told["DDBStreamBatchInfo"]["batchSize"], 1);
    // One try and four more, as MaximumRetryAttempts says.
    assert_eq!(told["requestContext"]["approximateInvokeCount"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_from_the_record_that_failed() {
    let batches = Arc::new(Mutex::new(Vec::<Vec<String>>::new()));
    let kept = Arc::clone(&batches);
    let worker = handler(move |event| {
        let records = event["Records"].as_array().unwrap().clone();
        let key = |record: &Value| {
            record["dynamodb"]["Keys"]["pk"]["S"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let keys: Vec<_> = records.iter().map(key).collect();
        let mut batches = kept.lock().unwrap();
        let is_first_of_b = !batches.iter().any(|batch| batch.contains(&"b".to_owned()));
        let failing = keys
            .iter()
            .position(|key| key == "b")
            .filter(|_| is_first_of_b);
        batches.push(keys);
        let failures = failing
            .map(|index| json!({"itemIdentifier": records[index]["dynamodb"]["SequenceNumber"]}));
        Ok(json!({"batchItemFailures": failures.into_iter().collect::<Vec<_>>()}))
    });
    let machine = Stack {
        worker,
        ..Stack::default()
    }
    .start()
    .await;
    for pk in ["a", "b"] {
        put_thing(&machine, pk).await;
    }
    idle(&machine).await;
    let batches = batches.lock().unwrap();
    let times = |key: &str| {
        batches
            .iter()
            .flatten()
            .filter(|found| *found == key)
            .count()
    };
    assert_eq!((times("a"), times("b")), (1, 2), "{batches:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_under_the_prefix_is_told() {
    let (uploads, seen) = recorder();
    let machine = Stack {
        uploads,
        ..Stack::default()
    }
    .start()
    .await;
    let client = s3(&machine);
    for key in ["originals/a b.jpg", "previews/a.jpg"] {
        let put = client.put_object().bucket("assetbox-files-bucket").key(key);
        put.body(b"bytes".to_vec().into()).send().await.unwrap();
    }
    idle(&machine).await;

    let records = records(&seen);
    assert_eq!(records.len(), 1);
    let notification: Value = serde_json::from_str(records[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(
        notification["Records"][0]["s3"]["object"]["key"],
        "originals/a+b.jpg"
    );
    assert_eq!(notification["Records"][0]["eventName"], "ObjectCreated:Put");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_fires_once_for_a_jump_of_the_clock() {
    let (worker, seen) = recorder();
    let machine = Stack {
        worker,
        ..Stack::default()
    }
    .start()
    .await;
    idle(&machine).await;
    assert_eq!(seen.lock().unwrap().len(), 0);
    machine.advance(SignedDuration::from_hours(30)).unwrap();
    idle(&machine).await;
    assert_eq!(*seen.lock().unwrap(), [json!({"task": "sweep"})]);
    machine.advance(SignedDuration::from_mins(59)).unwrap();
    idle(&machine).await;
    assert_eq!(seen.lock().unwrap().len(), 1);
    machine.advance(SignedDuration::from_mins(1)).unwrap();
    idle(&machine).await;
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_schedule_is_repeated_twice() {
    let tries = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&tries);
    let worker = handler(move |_| {
        *counted.lock().unwrap() += 1;
        Err("a test's failure".to_owned())
    });
    let machine = Stack {
        worker,
        ..Stack::default()
    }
    .start()
    .await;
    machine.advance(SignedDuration::from_hours(1)).unwrap();
    idle(&machine).await;
    assert_eq!(*tries.lock().unwrap(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_items_go_when_the_clock_passes_them() {
    let machine = Stack::default().start().await;
    let client = aws_sdk_dynamodb::Client::new(&machine.sdk_config("test"));
    let in_an_hour = machine.clock().now().as_second() + 3_600;
    let put = client.put_item().table_name("assetbox-things-table");
    put.item("pk", AttributeValue::S("short".to_owned()))
        .item("sk", AttributeValue::S("-".to_owned()))
        .item(
            "expires_at_epoch",
            AttributeValue::N(in_an_hour.to_string()),
        )
        .send()
        .await
        .unwrap();
    put_thing(&machine, "long").await;
    machine.advance(SignedDuration::from_mins(59)).unwrap();
    idle(&machine).await;
    assert!(has_thing(&machine, "short").await);
    machine.advance(SignedDuration::from_mins(2)).unwrap();
    idle(&machine).await;
    assert!(!has_thing(&machine, "short").await);
    assert!(has_thing(&machine, "long").await);
}
