//! SQS event source mappings.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use local_services::Message;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Delivery, backoff, failed_items};
use crate::cloud::REGION;
use crate::template::QueueSource;

/// How long one look at an empty queue lasts; a message ends it at once.
const WAIT: Duration = Duration::from_secs(20);
/// How long to leave a queue alone that can't be read.
const PAUSE: Duration = Duration::from_secs(1);

/// Hands a queue's messages to a function until the machine ends.
pub(super) async fn run(source: QueueSource, function: String, delivery: Delivery) {
    let batches = Arc::new(Semaphore::new(concurrency(&source)));
    let source = Arc::new(source);
    let shutdown = delivery.shutdown.clone();
    loop {
        let Some(Ok(permit)) = shutdown.or(Arc::clone(&batches).acquire_owned()).await else {
            return;
        };
        let sqs = delivery.cloud.services.sqs();
        let received = sqs.receive(&source.queue, source.batch_size, WAIT);
        match shutdown.or(received).await {
            None => return,
            Some(Ok(messages)) if messages.is_empty() => {}
            Some(Ok(messages)) => {
                let (source, function) = (Arc::clone(&source), function.clone());
                let delivery = delivery.clone();
                tokio::spawn(async move {
                    deliver(&source, &function, &delivery, messages, permit).await;
                });
            }
            Some(Err(error)) => {
                tracing::error!(queue = source.queue, %error, "the queue can't be read");
                shutdown.or(tokio::time::sleep(PAUSE)).await;
            }
        }
    }
}

/// Never more than the template allows, and no more than this computer works on at once.
fn concurrency(source: &QueueSource) -> usize {
    let processors = available_parallelism().map_or(2, usize::from);
    source.concurrency.min(processors.max(2)).max(1)
}

/// Invokes the function with one batch; the permit lasts as long.
async fn deliver(
    source: &QueueSource,
    function: &str,
    delivery: &Delivery,
    messages: Vec<Message>,
    _permit: OwnedSemaphorePermit,
) {
    let _work = delivery.activity.begin();
    let answer = delivery
        .functions
        .invoke(function, event(source, delivery, &messages))
        .await;
    let ids: Vec<_> = messages.iter().map(|message| message.id.as_str()).collect();
    let failed = match &answer {
        Ok(answer) if source.reports_failures => failed_items(answer, &ids),
        Ok(_) => Some(Vec::new()),
        Err(_) => None,
    };
    for message in &messages {
        let is_failed = failed
            .as_ref()
            .is_none_or(|failed| failed.contains(&message.id));
        settle(source, delivery, message, is_failed).await;
    }
}

fn event(source: &QueueSource, delivery: &Delivery, messages: &[Message]) -> Value {
    let arn = delivery.cloud.services.sqs().queue_arn(&source.queue);
    let records = messages
        .iter()
        .map(|message| message.to_lambda_record(&arn, REGION));
    json!({"Records": records.collect::<Vec<_>>()})
}

/// A done message is deleted, a failed one comes again soon, or ends among the dead letters.
async fn settle(source: &QueueSource, delivery: &Delivery, message: &Message, is_failed: bool) {
    let sqs = delivery.cloud.services.sqs();
    let outcome = if is_failed {
        let after = backoff(message.receive_count.saturating_sub(1));
        sqs.make_visible(&source.queue, &message.receipt, after)
            .await
    } else {
        sqs.delete(&source.queue, &message.receipt).await
    };
    if let Err(error) = outcome {
        tracing::warn!(queue = source.queue, %error, "a message will come again");
    }
}
