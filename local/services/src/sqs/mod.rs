//! Standard queues with visibility timeouts, delays and dead-letter queues.
//!
//! Delays and visibility count on the system's clock. Messages stay until they are
//! deleted: there is no retention period.

mod calls;
mod message;
mod options;
mod store;

use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

pub(crate) use calls::{answer, query_error};
pub use message::Message;
pub use options::QueueOptions;
pub(crate) use store::NewMessage;
use store::{Batch, Settings, Store};

use crate::Place;
use crate::error::Error;
use crate::fault::{FailureSwitch, lock};

/// How many messages a queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depth {
    /// Ready to be received.
    pub visible: u64,
    /// Received, neither deleted nor visible again.
    pub in_flight: u64,
    /// Sent, never received, and not yet due.
    pub delayed: u64,
}

/// The queues of one data folder. Clones share the same state.
#[derive(Clone)]
pub struct Sqs {
    store: Arc<Mutex<Store>>,
    /// Wakes every waiting receiver whenever a message may have become receivable sooner.
    changed: Arc<Notify>,
    failures: Arc<FailureSwitch>,
    place: Arc<Place>,
}

impl Sqs {
    pub(crate) fn open(path: &Path, place: Arc<Place>) -> Result<Self, Error> {
        Ok(Self {
            store: Arc::new(Mutex::new(Store::open(path)?)),
            changed: Arc::default(),
            failures: Arc::default(),
            place,
        })
    }

    /// Creates the queue or brings an existing one to these settings; its messages stay.
    /// A dead-letter queue that does not exist yet is created too, with a timeout of 30 s.
    ///
    /// # Errors
    /// A name or setting that SQS would refuse, or a database failure.
    pub async fn ensure_queue(&self, options: QueueOptions) -> Result<(), Error> {
        self.run(move |store| store.ensure_queue(&options, Timestamp::now()))
            .await
    }

    /// The names of all queues, sorted.
    ///
    /// # Errors
    /// A database failure.
    pub async fn list_queues(&self) -> Result<Vec<String>, Error> {
        self.run(|store| store.queue_names()).await
    }

    /// Sends one message, receivable at once, and returns its id.
    ///
    /// # Errors
    /// No such queue, a body that SQS would refuse, or a database failure.
    pub async fn send(&self, queue: &str, body: impl Into<String>) -> Result<String, Error> {
        let message = NewMessage::new(body.into(), Duration::ZERO)?;
        let id = message.id.clone();
        self.send_all(queue, vec![message]).await?;
        Ok(id)
    }

    /// Receives up to `max` messages, waiting up to `wait` for the first. Each is hidden
    /// from other receivers for the queue's visibility timeout.
    ///
    /// # Errors
    /// No such queue, or a database failure.
    pub async fn receive(
        &self,
        queue: &str,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<Message>, Error> {
        self.receive_hidden_for(queue, max, wait, None).await
    }

    /// Deletes the message with this receipt. A receipt that a later receive has
    /// replaced deletes nothing (SQS `DeleteMessage`).
    ///
    /// # Errors
    /// No such queue, no receipt at all, or a database failure.
    pub async fn delete(&self, queue: &str, receipt: &str) -> Result<(), Error> {
        let (queue, receipt) = (queue.to_owned(), receipt.to_owned());
        self.run(move |store| store.delete(&queue, &receipt)).await
    }

    /// Makes a message in flight receivable again `after` this long from now, sooner or
    /// later than it would have been (SQS `ChangeMessageVisibility`).
    ///
    /// # Errors
    /// No such queue, a stale receipt, a message no longer in flight, or a database failure.
    pub async fn make_visible(
        &self,
        queue: &str,
        receipt: &str,
        after: Duration,
    ) -> Result<(), Error> {
        let (queue, receipt) = (queue.to_owned(), receipt.to_owned());
        self.run(move |store| store.set_visibility(&queue, &receipt, after, Timestamp::now()))
            .await?;
        self.changed.notify_waiters();
        Ok(())
    }

    /// How many messages the queue holds now.
    ///
    /// # Errors
    /// No such queue, or a database failure.
    pub async fn depth(&self, queue: &str) -> Result<Depth, Error> {
        let queue = queue.to_owned();
        self.run(move |store| store.depth(&queue, Timestamp::now()))
            .await
    }

    /// Moves the dead-letter queue's visible messages back to the queues that they came
    /// from, with their receive counts at zero, and returns how many (SQS `StartMessageMoveTask`).
    ///
    /// # Errors
    /// No such queue, or a database failure.
    pub async fn redrive(&self, dead_letter_queue: &str) -> Result<usize, Error> {
        let queue = dead_letter_queue.to_owned();
        let moved = self
            .run(move |store| store.redrive(&queue, Timestamp::now()))
            .await?;
        self.changed.notify_waiters();
        Ok(moved)
    }

    /// Whether some queue's redrive policy names this one.
    ///
    /// # Errors
    /// No such queue, or a database failure.
    pub async fn takes_dead_letters(&self, queue: &str) -> Result<bool, Error> {
        let queue = queue.to_owned();
        self.run(move |store| store.takes_dead_letters(&queue))
            .await
    }

    /// Writes the log into the database file and empties it, so that no file holds a
    /// deleted message's body any longer.
    ///
    /// # Errors
    /// A database failure.
    pub async fn checkpoint(&self) -> Result<(), Error> {
        self.run(|store| store.checkpoint()).await
    }

    /// The queue's ARN.
    #[must_use]
    pub fn queue_arn(&self, queue: &str) -> String {
        self.place.arn("sqs", queue)
    }

    /// The queue's URL under `base`, an `http://host:port` without a slash at its end.
    #[must_use]
    pub fn queue_url(&self, base: &str, queue: &str) -> String {
        format!("{base}/{}/{queue}", self.place.account)
    }

    /// Makes the next `calls` calls over HTTP fail with this error code, as a test asks.
    pub fn fail_next(&self, calls: usize, code: &str) {
        self.failures.fail_next(calls, code);
    }

    async fn send_all(&self, queue: &str, messages: Vec<NewMessage>) -> Result<(), Error> {
        let queue = queue.to_owned();
        self.run(move |store| store.send(&queue, &messages, Timestamp::now()))
            .await?;
        self.changed.notify_waiters();
        Ok(())
    }

    async fn settings(&self, queue: &str) -> Result<Settings, Error> {
        let queue = queue.to_owned();
        self.run(move |store| store.settings(&queue)).await
    }

    async fn receive_hidden_for(
        &self,
        queue: &str,
        max: usize,
        wait: Duration,
        hidden_for: Option<Duration>,
    ) -> Result<Vec<Message>, Error> {
        let deadline = Instant::now() + wait;
        loop {
            // Listening starts before looking: a message sent in between still wakes.
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            let batch = self.take_batch(queue, max, hidden_for).await?;
            if batch.moved_to_dead_letters {
                self.changed.notify_waiters();
            }
            if !batch.messages.is_empty() || Instant::now() >= deadline {
                return Ok(batch.messages);
            }
            let next_due = batch
                .next_due_in
                .map_or(deadline, |due| Instant::now() + due);
            tokio::select! {
                () = changed => {}
                () = sleep_until(next_due.min(deadline)) => {}
            }
        }
    }

    async fn take_batch(
        &self,
        queue: &str,
        max: usize,
        hidden_for: Option<Duration>,
    ) -> Result<Batch, Error> {
        let (queue, place) = (queue.to_owned(), Arc::clone(&self.place));
        self.run(move |store| store.receive(&queue, max, hidden_for, Timestamp::now(), &place))
            .await
    }

    /// Runs SQL off the async threads, to its end even when the caller goes away.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let store = Arc::clone(&self.store);
        tokio::task::spawn_blocking(move || work(&mut lock(&store))).await?
    }
}
