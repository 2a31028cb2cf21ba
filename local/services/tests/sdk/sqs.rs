use std::collections::HashSet;
use std::time::{Duration, Instant};

use aws_lambda_events::sqs::SqsEvent;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName,
    QueueAttributeName, SendMessageBatchRequestEntry,
};
use local_services::{Depth, Error, QueueOptions};
use serde_json::json;

use crate::support::{ACCOUNT, REGION, Running};

const MD5_OF_HELLO: &str = "5d41402abc4b2a76b9719d911017c592";

struct Queue {
    running: Running,
    client: Client,
    url: String,
}

impl Queue {
    /// A queue `jobs` whose messages go to `dead` after two receives.
    async fn new(visibility_timeout_s: u32) -> Self {
        let running = Running::new().await;
        let options = QueueOptions {
            name: "jobs".into(),
            visibility_timeout_s,
            redrive: Some(("dead".into(), 2)),
        };
        running.services.sqs().ensure_queue(options).await.unwrap();
        Self::over(running).await
    }

    async fn over(running: Running) -> Self {
        let client = Client::new(&running.config().await);
        let url = client.get_queue_url().queue_name("jobs").send().await;
        let url = url.unwrap().queue_url.unwrap();
        Self {
            running,
            client,
            url,
        }
    }

    async fn send(&self, body: &str) -> String {
        let call = self.client.send_message().queue_url(&self.url);
        let sent = call.message_body(body).send().await.unwrap();
        sent.message_id.unwrap()
    }

    async fn receive(&self, wait_s: i32) -> Vec<Message> {
        self.client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(10)
            .wait_time_seconds(wait_s)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .unwrap()
            .messages
            .unwrap_or_default()
    }

    async fn depth(&self) -> Depth {
        self.running.services.sqs().depth("jobs").await.unwrap()
    }
}

fn code<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> &str {
    error.code().unwrap()
}

fn attribute(message: &Message, name: MessageSystemAttributeName) -> i64 {
    let attributes = message.attributes.as_ref().unwrap();
    attributes[&name].parse().unwrap()
}

#[tokio::test]
async fn a_message_is_sent_received_and_deleted() {
    let queue = Queue::new(30).await;
    assert_eq!(queue.url, format!("{}/{ACCOUNT}/jobs", queue.running.base));

    let call = queue.client.send_message().queue_url(&queue.url);
    let sent = call.message_body("hello").send().await.unwrap();
    assert_eq!(sent.md5_of_message_body.as_deref(), Some(MD5_OF_HELLO));

    let received = queue.receive(0).await;
    let [message] = received.as_slice() else {
        panic!("{received:?}");
    };
    assert_eq!(message.message_id, sent.message_id);
    assert_eq!(message.body.as_deref(), Some("hello"));
    assert_eq!(message.md5_of_body.as_deref(), Some(MD5_OF_HELLO));
    let count = MessageSystemAttributeName::ApproximateReceiveCount;
    assert_eq!(attribute(message, count), 1);
    assert_eq!(
        queue.depth().await,
        Depth {
            visible: 0,
            in_flight: 1,
            delayed: 0
        }
    );

    let call = queue.client.delete_message().queue_url(&queue.url);
    let receipt = message.receipt_handle.as_ref().unwrap();
    call.receipt_handle(receipt).send().await.unwrap();
    assert_eq!(
        queue.depth().await,
        Depth {
            visible: 0,
            in_flight: 0,
            delayed: 0
        }
    );
}

#[tokio::test]
async fn batches_are_sent_and_deleted_entry_by_entry() {
    let queue = Queue::new(30).await;
    let entry = |id: &str, body: &str| {
        let entry = SendMessageBatchRequestEntry::builder().id(id);
        entry.message_body(body).build().unwrap()
    };
    let call = queue.client.send_message_batch().queue_url(&queue.url);
    let call = call
        .entries(entry("a", "hello"))
        .entries(entry("b", "bad\u{1}"));
    let sent = call.send().await.unwrap();
    assert_eq!(sent.successful[0].id, "a");
    assert_eq!(sent.successful[0].md5_of_message_body, MD5_OF_HELLO);
    assert_eq!(sent.failed[0].id, "b");
    assert_eq!(sent.failed[0].code, "InvalidMessageContents");

    let received = queue.receive(0).await;
    assert_eq!(received.len(), 1);
    let entry = |id: &str, receipt: &str| {
        let entry = DeleteMessageBatchRequestEntry::builder().id(id);
        entry.receipt_handle(receipt).build().unwrap()
    };
    let call = queue.client.delete_message_batch().queue_url(&queue.url);
    let receipt = received[0].receipt_handle.as_ref().unwrap();
    let call = call
        .entries(entry("a", receipt))
        .entries(entry("b", "nonsense"));
    let deleted = call.send().await.unwrap();
    assert_eq!(deleted.successful[0].id, "a");
    assert_eq!(deleted.failed[0].code, "ReceiptHandleIsInvalid");
    assert_eq!(queue.depth().await.in_flight, 0);
}

#[tokio::test]
async fn a_batch_with_one_id_twice_is_refused_whole() {
    let queue = Queue::new(30).await;
    let entry = SendMessageBatchRequestEntry::builder()
        .id("a")
        .message_body("x");
    let entry = entry.build().unwrap();
    let call = queue.client.send_message_batch().queue_url(&queue.url);
    let call = call.entries(entry.clone()).entries(entry);
    let error = call.send().await.unwrap_err().into_service_error();
    assert!(error.is_batch_entry_ids_not_distinct(), "{error:?}");
    assert_eq!(queue.depth().await.visible, 0);
}

#[tokio::test]
async fn a_waiting_receiver_is_woken_by_what_is_sent() {
    let queue = Queue::new(30).await;
    let started = Instant::now();
    for round in 0..20 {
        let body = round.to_string();
        let (received, id) = tokio::join!(queue.receive(20), queue.send(&body));
        assert_eq!(received[0].message_id, Some(id));
    }
    // One missed wake-up would have cost 20 s.
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[tokio::test]
async fn a_delayed_message_comes_after_its_delay() {
    let queue = Queue::new(30).await;
    let call = queue.client.send_message().queue_url(&queue.url);
    let call = call.message_body("later").delay_seconds(1);
    call.send().await.unwrap();
    assert_eq!(queue.depth().await.delayed, 1);
    assert!(queue.receive(0).await.is_empty());

    let received = queue.receive(20).await;
    let sent = attribute(&received[0], MessageSystemAttributeName::SentTimestamp);
    let first = MessageSystemAttributeName::ApproximateFirstReceiveTimestamp;
    assert!((1_000..15_000).contains(&(attribute(&received[0], first) - sent)));
}

#[tokio::test]
async fn a_message_is_hidden_for_its_visibility_timeout() {
    let queue = Queue::new(1).await;
    queue.send("again").await;
    let started = Instant::now();
    let first = queue.receive(0).await;
    assert!(queue.receive(0).await.is_empty());

    let second = queue.receive(20).await;
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert_eq!(second[0].message_id, first[0].message_id);
    assert_ne!(second[0].receipt_handle, first[0].receipt_handle);
    let count = MessageSystemAttributeName::ApproximateReceiveCount;
    assert_eq!(attribute(&second[0], count), 2);
}

#[tokio::test]
async fn visibility_is_changed_by_the_latest_receipt_only() {
    let queue = Queue::new(30).await;
    queue.send("job").await;
    let first = queue.receive(0).await.remove(0).receipt_handle.unwrap();
    let change = |receipt: &str| {
        let call = queue.client.change_message_visibility();
        let call = call.queue_url(&queue.url).receipt_handle(receipt);
        call.visibility_timeout(0).send()
    };
    change(&first).await.unwrap();
    let error = change(&first).await.unwrap_err().into_service_error();
    assert!(error.is_message_not_inflight(), "{error:?}");

    let second = queue.receive(0).await.remove(0).receipt_handle.unwrap();
    assert_eq!(
        code(&change(&first).await.unwrap_err()),
        "InvalidParameterValue"
    );
    let call = queue.client.delete_message().queue_url(&queue.url);
    call.receipt_handle(&first).send().await.unwrap();
    assert_eq!(
        queue.depth().await.in_flight,
        1,
        "an old receipt deleted the message"
    );
    let call = queue.client.delete_message().queue_url(&queue.url);
    call.receipt_handle(&second).send().await.unwrap();
    assert_eq!(queue.depth().await.in_flight, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_receivers_never_share_a_message() {
    let queue = Queue::new(600).await;
    for number in 0..60 {
        queue.send(&number.to_string()).await;
    }
    let (one, two, three) = tokio::join!(drain(&queue), drain(&queue), drain(&queue));
    let all = [one, two, three].concat();
    let distinct: HashSet<&String> = all.iter().collect();
    assert_eq!(all.len(), 60);
    assert_eq!(distinct.len(), 60);
}

async fn drain(queue: &Queue) -> Vec<String> {
    let mut ids = vec![];
    loop {
        let received = queue.receive(0).await;
        if received.is_empty() {
            return ids;
        }
        ids.extend(
            received
                .into_iter()
                .filter_map(|message| message.message_id),
        );
    }
}

#[tokio::test]
async fn a_message_that_keeps_failing_goes_to_the_dead_letters_and_back() {
    let queue = Queue::new(30).await;
    let sqs = queue.running.services.sqs();
    let id = sqs.send("jobs", "poison").await.unwrap();
    for _ in 0..2 {
        let received = sqs.receive("jobs", 10, Duration::ZERO).await.unwrap();
        let receipt = &received[0].receipt;
        sqs.make_visible("jobs", receipt, Duration::ZERO)
            .await
            .unwrap();
    }
    let wait = Duration::from_secs(20);
    let (none, dead) = tokio::join!(
        sqs.receive("jobs", 10, Duration::ZERO),
        sqs.receive("dead", 10, wait)
    );
    assert!(none.unwrap().is_empty());
    let dead = dead.unwrap();
    assert_eq!(dead[0].id, id);
    let source = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:jobs");
    assert_eq!(dead[0].dead_letter_source.as_ref(), Some(&source));
    assert_eq!(dead[0].attributes()["DeadLetterQueueSourceArn"], source);

    assert_eq!(sqs.redrive("dead").await.unwrap(), 0, "it is in flight");
    let receipt = &dead[0].receipt;
    sqs.make_visible("dead", receipt, Duration::ZERO)
        .await
        .unwrap();
    let (moved, back) = tokio::join!(sqs.redrive("dead"), sqs.receive("jobs", 10, wait));
    assert_eq!(moved.unwrap(), 1);
    let back = back.unwrap();
    assert_eq!((&back[0].id, back[0].receive_count), (&id, 1));
    assert_eq!(back[0].dead_letter_source, None);
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let queue = Queue::new(600).await;
    let kept = queue.send("kept").await;
    let in_flight = queue.send("in flight").await;
    let deleted = queue.send("deleted").await;
    let received = queue.receive(0).await;
    let sqs = queue.running.services.sqs();
    for message in &received {
        let receipt = message.receipt_handle.as_ref().unwrap();
        match message.message_id.as_ref() {
            Some(id) if *id == kept => sqs.make_visible("jobs", receipt, Duration::ZERO).await,
            Some(id) if *id == deleted => sqs.delete("jobs", receipt).await,
            _ => Ok(()),
        }
        .unwrap();
    }

    let queue = Queue::over(queue.running.as_after_a_kill().await).await;
    let sqs = queue.running.services.sqs();
    assert_eq!(sqs.list_queues().await.unwrap(), ["dead", "jobs"]);
    let received = sqs.receive("jobs", 10, Duration::ZERO).await.unwrap();
    let again: Vec<_> = received
        .iter()
        .map(|message| (message.id.as_str(), message.receive_count))
        .collect();
    assert_eq!(again, [(kept.as_str(), 2), (in_flight.as_str(), 2)]);
    queue.running.assert_private();
}

#[tokio::test]
async fn what_a_killed_process_had_received_is_receivable_at_once() {
    let queue = Queue::new(1_800).await;
    queue.send("in flight").await;
    let call = queue.client.send_message().queue_url(&queue.url);
    let call = call.message_body("delayed").delay_seconds(900);
    call.send().await.unwrap();
    let stale = queue.receive(0).await.remove(0).receipt_handle.unwrap();

    let queue = Queue::over(queue.running.as_after_a_kill().await).await;
    assert_eq!(
        queue.depth().await,
        Depth {
            visible: 1,
            in_flight: 0,
            delayed: 1
        }
    );
    let sqs = queue.running.services.sqs();
    sqs.delete("jobs", &stale).await.unwrap();
    let received = sqs.receive("jobs", 10, Duration::ZERO).await.unwrap();
    assert_eq!(received.len(), 1, "the former receipt deletes nothing");
    assert_eq!(
        (received[0].body.as_str(), received[0].receive_count),
        ("in flight", 2)
    );
}

#[tokio::test]
async fn a_deleted_body_leaves_every_file() {
    let queue = Queue::new(30).await;
    let canary = "canary-4f1e7b6a";
    queue.send(canary).await;
    assert!(queue.running.any_file_has(canary.as_bytes()));
    let received = queue.receive(0).await;
    let sqs = queue.running.services.sqs();
    let receipt = received[0].receipt_handle.as_ref().unwrap();
    sqs.delete("jobs", receipt).await.unwrap();
    sqs.checkpoint().await.unwrap();
    assert!(!queue.running.any_file_has(canary.as_bytes()));
}

#[tokio::test]
async fn a_lambda_record_has_the_shape_of_the_event() {
    let queue = Queue::new(30).await;
    let sqs = queue.running.services.sqs();
    sqs.send("jobs", "hello").await.unwrap();
    let message = sqs
        .receive("jobs", 1, Duration::ZERO)
        .await
        .unwrap()
        .remove(0);
    let record = message.to_lambda_record(&sqs.queue_arn("jobs"), REGION);
    assert_eq!(
        record,
        json!({
            "messageId": message.id,
            "receiptHandle": message.receipt,
            "body": "hello",
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": message.sent_at.as_millisecond().to_string(),
                "SenderId": ACCOUNT,
                "ApproximateFirstReceiveTimestamp":
                    message.first_received_at.as_millisecond().to_string(),
            },
            "messageAttributes": {},
            "md5OfBody": MD5_OF_HELLO,
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:jobs",
            "awsRegion": "eu-central-1",
        })
    );
    let event: SqsEvent = serde_json::from_value(json!({ "Records": [record] })).unwrap();
    assert_eq!(event.records[0].body.as_deref(), Some("hello"));
}

#[tokio::test]
async fn a_queue_tells_its_attributes() {
    let queue = Queue::new(45).await;
    queue.send("one").await;
    let call = queue.client.get_queue_attributes().queue_url(&queue.url);
    let call = call.attribute_names(QueueAttributeName::All);
    let attributes = call.send().await.unwrap().attributes.unwrap();
    let of = |name: QueueAttributeName| attributes[&name].as_str();
    assert_eq!(of(QueueAttributeName::ApproximateNumberOfMessages), "1");
    assert_eq!(of(QueueAttributeName::VisibilityTimeout), "45");
    assert_eq!(
        of(QueueAttributeName::QueueArn),
        format!("arn:aws:sqs:{REGION}:{ACCOUNT}:jobs")
    );
    let policy = of(QueueAttributeName::RedrivePolicy);
    let policy: serde_json::Value = serde_json::from_str(policy).unwrap();
    assert_eq!(
        policy,
        json!({
            "deadLetterTargetArn": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:dead"),
            "maxReceiveCount": 2,
        })
    );
}

#[tokio::test]
async fn what_is_not_served_is_refused() {
    let queue = Queue::new(30).await;
    let missing = queue.client.get_queue_url().queue_name("nowhere").send();
    let error = missing.await.unwrap_err().into_service_error();
    assert!(error.is_queue_does_not_exist(), "{error:?}");

    let value = MessageAttributeValue::builder().data_type("String");
    let value = value.string_value("x").build().unwrap();
    let call = queue.client.send_message().queue_url(&queue.url);
    let call = call.message_body("x").message_attributes("a", value);
    assert_eq!(
        code(&call.send().await.unwrap_err()),
        "InvalidParameterValue"
    );

    let error = queue.client.list_queues().send().await.unwrap_err();
    assert_eq!(code(&error), "UnknownOperationException");

    let call = queue.client.receive_message().queue_url(&queue.url);
    let call = call.max_number_of_messages(11);
    assert_eq!(
        code(&call.send().await.unwrap_err()),
        "InvalidParameterValue"
    );
    assert_eq!(queue.depth().await.visible, 0);
}

#[tokio::test]
async fn settings_that_sqs_would_refuse_make_no_queue() {
    let queue = Queue::new(30).await;
    let sqs = queue.running.services.sqs();
    let options = |name: &str, visibility_timeout_s, redrive| QueueOptions {
        name: name.into(),
        visibility_timeout_s,
        redrive,
    };
    for bad in [
        options("", 30, None),
        options("a b", 30, None),
        options("events.fifo", 30, None),
        options("long", 43_201, None),
        options("own", 30, Some(("own".into(), 1))),
        options("never", 30, Some(("dead".into(), 0))),
    ] {
        assert!(sqs.ensure_queue(bad.clone()).await.is_err(), "{bad:?}");
    }
    assert_eq!(sqs.list_queues().await.unwrap(), ["dead", "jobs"]);
    let error = sqs.send("nowhere", "x").await.unwrap_err();
    assert!(matches!(error, Error::NoSuchQueue(_)), "{error}");
}

#[tokio::test]
async fn an_ordered_failure_comes_once_for_each_call() {
    let queue = Queue::new(30).await;
    queue
        .running
        .services
        .sqs()
        .fail_next(1, "RequestThrottled");
    let send = || {
        let call = queue.client.send_message().queue_url(&queue.url);
        call.message_body("x").send()
    };
    let error = send().await.unwrap_err().into_service_error();
    assert!(error.is_request_throttled(), "{error:?}");
    send().await.unwrap();
    assert_eq!(queue.depth().await.visible, 1);
}
