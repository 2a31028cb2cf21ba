//! Bucket notifications to queues.

use std::collections::BTreeMap;

use local_objects::{ObjectEvent, ObjectStore};
use local_services::Sqs;
use tokio::runtime::Handle;

use crate::cloud::REGION;
use crate::template::{Bucket, Notification};

/// Sends every change that a bucket's notifications take to its queue, before the change is
/// acknowledged: what a crash keeps back, the store repeats.
pub(crate) fn subscribe(objects: &ObjectStore, sqs: &Sqs, buckets: &[Bucket]) {
    let notifications: BTreeMap<String, Vec<Notification>> = buckets
        .iter()
        .map(|bucket| (bucket.name.clone(), bucket.notifications.clone()))
        .collect();
    let (sqs, runtime) = (sqs.clone(), Handle::current());
    objects.subscribe(move |event| {
        let concerned = notifications.get(&event.bucket).into_iter().flatten();
        for notification in concerned.filter(|one| one.takes(event.event_name, &event.key)) {
            send(&runtime, &sqs, &notification.queue, &event);
        }
    });
}

/// The store calls its subscribers on a thread that may block.
fn send(runtime: &Handle, sqs: &Sqs, queue: &str, event: &ObjectEvent) {
    let message = event.to_s3_notification(REGION).to_string();
    if let Err(error) = runtime.block_on(sqs.send(queue, message)) {
        tracing::error!(queue, %error, "a bucket's notification was lost");
    }
}
