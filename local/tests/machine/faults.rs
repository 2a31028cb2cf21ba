use std::sync::{Arc, OnceLock};

use assetbox::cloud::{Failure, Fault, Moment};
use assetbox::functions::{EventHandler, InvokeError};
use futures::FutureExt;
use serde_json::{Value, json};

use crate::support::{Stack, has_thing, put, put_thing};

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
