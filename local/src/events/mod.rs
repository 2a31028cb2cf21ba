//! What invokes functions besides requests: queues, table streams, bucket notifications, what
//! comes back of mail, letters that arrive, and time.

mod letters;
mod mail;
mod objects;
mod queue;
mod schedule;
mod stream;
mod trim;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::activity::{Activity, Shutdown};
use crate::clock::MachineClock;
use crate::cloud::{Cloud, CloudError, DATABASE_FILE};
use crate::functions::Functions;
use crate::state::StateFile;
use crate::template::{Model, Source};
pub(crate) use letters::{Letterbox, Verdict, Verdicts};
pub(crate) use objects::subscribe;
use schedule::Scheduler;
use stream::StreamReader;

/// Everything that delivers events.
pub(crate) struct Events {
    cloud: Arc<Cloud>,
    activity: Activity,
    readers: Vec<Arc<StreamReader>>,
    scheduler: Arc<Scheduler>,
    /// Physical names of the queues that functions take messages from.
    queues: Vec<String>,
    letterbox: Option<Letterbox>,
}

/// What the loops share.
#[derive(Clone)]
pub(crate) struct Delivery {
    pub(crate) cloud: Arc<Cloud>,
    pub(crate) functions: Functions,
    pub(crate) activity: Activity,
    pub(crate) clock: MachineClock,
    pub(crate) shutdown: Shutdown,
}

impl Events {
    /// Starts a task for each source of the template.
    pub(crate) fn start(
        model: &Model,
        data: &std::path::Path,
        delivery: &Delivery,
        tasks: &mut JoinSet<()>,
    ) -> std::io::Result<Self> {
        let mut readers = Vec::new();
        let mut queues = Vec::new();
        let mut schedules = Vec::new();
        for function in &model.functions {
            for source in &function.sources {
                let id = function.id.clone();
                match source {
                    Source::Queue(queue) => {
                        queues.push(queue.queue.clone());
                        tasks.spawn(queue::run(queue.clone(), id, delivery.clone()));
                    }
                    Source::Stream(stream) => {
                        let file = format!("stream-{id}-{}.json", stream.table);
                        let checkpoint = StateFile::at(data.join(file));
                        let reader = StreamReader::open(stream.clone(), id, delivery, checkpoint)?;
                        let reader = Arc::new(reader);
                        readers.push(Arc::clone(&reader));
                        tasks.spawn(async move { reader.run().await });
                    }
                    Source::Schedule(schedule) => schedules.push((id, schedule.clone())),
                }
            }
        }
        let services = &delivery.cloud.services;
        mail::subscribe(services.mailbox(), services.sqs(), &model.mail_events);
        let receipt = model.receipt.as_ref();
        let letterbox = receipt.map(|receipt| Letterbox::open(receipt, delivery, data));
        let letterbox = letterbox.transpose()?;
        if let Some(letterbox) = letterbox.clone() {
            tasks.spawn(letterbox.watch(delivery.shutdown.clone()));
        }
        let database = data.join(DATABASE_FILE);
        let shutdown = delivery.shutdown.clone();
        tasks.spawn(trim::run(readers.clone(), database, shutdown));
        let file = StateFile::at(data.join("schedules.json"));
        let scheduler = Arc::new(Scheduler::open(schedules, delivery, file)?);
        let running = Arc::clone(&scheduler);
        tasks.spawn(async move { running.run().await });
        Ok(Self {
            cloud: Arc::clone(&delivery.cloud),
            activity: delivery.activity.clone(),
            readers,
            scheduler,
            queues,
            letterbox,
        })
    }

    /// Where letters arrive; `None` where the template has no receipt rule.
    pub(crate) fn letterbox(&self) -> Option<&Letterbox> {
        self.letterbox.as_ref()
    }

    /// Waits until no function runs, no message waits to be taken, no letter lies in the drop
    /// folder, every stream is read to its end and no schedule is due. Delayed messages and dead
    /// letters don't count.
    pub(crate) async fn idle(&self) -> Result<(), CloudError> {
        loop {
            let begun = self.activity.begun();
            if self.is_drained().await? && self.activity.begun() == begun {
                return Ok(());
            }
            self.activity.changed().await;
        }
    }

    async fn is_drained(&self) -> Result<bool, CloudError> {
        if !self.activity.is_quiet() || !self.scheduler.is_settled() {
            return Ok(false);
        }
        if let Some(letterbox) = &self.letterbox
            && !letterbox.dropped().map_err(CloudError::Letters)?.is_empty()
        {
            return Ok(false);
        }
        for queue in &self.queues {
            let depth = self.cloud.services.sqs().depth(queue).await?;
            if depth.visible + depth.in_flight > 0 {
                return Ok(false);
            }
        }
        for reader in &self.readers {
            if reader.is_behind().await? {
                return Ok(false);
            }
        }
        Ok(self.activity.is_quiet())
    }
}

/// How long to wait before an attempt is repeated: 0.1 s, doubled each time, up to 5 s. AWS waits
/// for a visibility timeout or longer; a person at one machine doesn't want to.
fn backoff(attempt: u32) -> Duration {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(5);
    FIRST.saturating_mul(1 << attempt.min(10)).min(LONGEST)
}

/// The identifiers in a partial batch answer; `None` if the answer fails the whole batch
/// (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html>).
fn failed_items(answer: &serde_json::Value, known: &[&str]) -> Option<Vec<String>> {
    let Some(failures) = answer
        .get("batchItemFailures")
        .filter(|list| !list.is_null())
    else {
        return Some(Vec::new());
    };
    let identifier = |failure: &serde_json::Value| {
        let identifier = failure.get("itemIdentifier")?.as_str()?;
        known.contains(&identifier).then(|| identifier.to_owned())
    };
    failures.as_array()?.iter().map(identifier).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_without_failures_is_a_success() {
        for answer in [
            json!(null),
            json!({}),
            json!({"batchItemFailures": []}),
            json!({"batchItemFailures": null}),
        ] {
            assert_eq!(failed_items(&answer, &["a"]), Some(vec![]), "{answer}");
        }
    }

    #[test]
    fn known_failures_are_named_and_unknown_ones_fail_all() {
        let failing = |id: &str| json!({"batchItemFailures": [{"itemIdentifier": id}]});
        assert_eq!(
            failed_items(&failing("a"), &["a", "b"]),
            Some(vec!["a".to_owned()])
        );
        assert_eq!(failed_items(&failing("c"), &["a", "b"]), None);
        assert_eq!(failed_items(&failing(""), &["a", "b"]), None);
        assert_eq!(
            failed_items(&json!({"batchItemFailures": [{}]}), &["a"]),
            None
        );
    }

    #[test]
    fn waiting_grows_to_a_limit() {
        assert_eq!(backoff(0), Duration::from_millis(100));
        assert_eq!(backoff(2), Duration::from_millis(400));
        assert_eq!(backoff(u32::MAX), Duration::from_secs(5));
    }
}
