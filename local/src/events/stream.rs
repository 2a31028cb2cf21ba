//! DynamoDB stream event source mappings: in order, one batch at a time.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Notify;
use uuid::Uuid;

use super::{Delivery, backoff, failed_items};
use crate::cloud::{CloudError, Stream};
use crate::state::StateFile;
use crate::template::StreamSource;

/// How many records are looked through at once for those that a filter lets pass.
const PAGE: usize = 1_000;
/// How long to wait when no write is announced: for writes from outside this process's functions.
const REST: Duration = Duration::from_secs(1);

/// Reads one table's stream for one function.
pub(super) struct StreamReader {
    source: StreamSource,
    function: String,
    delivery: Delivery,
    stream: Stream,
    table_written: Arc<Notify>,
    checkpoint: StateFile<String>,
    /// The sequence number of the last record done.
    position: Mutex<Option<String>>,
}

/// The records of one batch that remain to be done, and how often they were tried.
struct Batch {
    records: Vec<Value>,
    attempts: u32,
}

/// What an invocation did.
enum Outcome {
    Done,
    /// The records from this index on are not done.
    FailedFrom(usize),
}

impl StreamReader {
    pub(super) fn open(
        source: StreamSource,
        function: String,
        delivery: &Delivery,
        checkpoint: StateFile<String>,
    ) -> io::Result<Self> {
        Ok(Self {
            stream: delivery.cloud.stream(&source),
            position: Mutex::new(checkpoint.load()?),
            table_written: delivery.cloud.table_written(),
            source,
            function,
            delivery: delivery.clone(),
            checkpoint,
        })
    }

    /// Reads until the machine ends.
    pub(super) async fn run(&self) {
        if let Err(error) = self.begin().await {
            tracing::error!(table = self.source.table, %error, "the stream can't be read");
        }
        while let Some(()) = self.delivery.shutdown.or(self.look()).await {}
    }

    /// Whether the stream holds records after those done.
    pub(super) async fn is_behind(&self) -> Result<bool, CloudError> {
        // Sequence numbers are of one width: their order is that of their texts.
        Ok(self.stream.last().await? > self.position())
    }

    /// A new mapping that wants only what comes from now on skips what is there.
    async fn begin(&self) -> Result<(), CloudError> {
        if !self.source.from_beginning
            && self.position().is_none()
            && let Some(last) = self.stream.last().await?
        {
            self.finish(last);
        }
        Ok(())
    }

    /// Does what there is, or waits for more.
    async fn look(&self) {
        // Listening starts before looking: a write in between still wakes.
        let written = self.table_written.notified();
        match self.stream.read(self.position(), PAGE).await {
            Ok(records) if records.is_empty() => {
                // The end of the rest is as good as a write: the caller looks again.
                let _ = tokio::time::timeout(REST, written).await;
            }
            Ok(records) => self.pass(records).await,
            Err(error) => {
                tracing::error!(table = self.source.table, %error, "the stream can't be read");
                tokio::time::sleep(REST).await;
            }
        }
    }

    async fn pass(&self, records: Vec<Value>) {
        let _work = self.delivery.activity.begin();
        let last = records.last().map(sequence_number);
        let passing: Vec<_> = records
            .into_iter()
            .filter(|record| self.source.filters.pass(record))
            .collect();
        for records in passing.chunks(self.source.batch_size.max(1)) {
            self.work_off(records.to_vec()).await;
        }
        if let Some(last) = last {
            // Kept with the next record that passes: skipping again costs little.
            self.move_to(last);
        }
    }

    /// Tries a batch until it is done or given up, in halves if the mapping says so.
    async fn work_off(&self, records: Vec<Value>) {
        let mut waiting = vec![Batch {
            records,
            attempts: 0,
        }];
        while let Some(batch) = waiting.pop() {
            let Outcome::FailedFrom(index) = self.invoke(&batch.records).await else {
                self.done(&batch.records);
                continue;
            };
            self.done(&batch.records[..index]);
            let records = batch.records[index..].to_vec();
            let attempts = batch.attempts + 1;
            let is_last_attempt = self
                .source
                .retries
                .is_some_and(|retries| attempts > retries);
            if self.source.bisects && records.len() > 1 {
                let (first, second) = records.split_at(records.len() / 2);
                let half = |records: &[Value]| Batch {
                    records: records.to_vec(),
                    attempts: batch.attempts,
                };
                waiting.extend([half(second), half(first)]);
            } else if is_last_attempt {
                self.give_up(&records, attempts).await;
                self.done(&records);
            } else {
                tokio::time::sleep(backoff(batch.attempts)).await;
                waiting.push(Batch { records, attempts });
            }
        }
    }

    async fn invoke(&self, records: &[Value]) -> Outcome {
        let event = json!({"Records": records});
        let Ok(answer) = self.delivery.functions.invoke(&self.function, event).await else {
            return Outcome::FailedFrom(0);
        };
        if !self.source.reports_failures {
            return Outcome::Done;
        }
        let numbers: Vec<_> = records.iter().map(sequence_number).collect();
        let known: Vec<_> = numbers.iter().map(String::as_str).collect();
        match failed_items(&answer, &known) {
            None => Outcome::FailedFrom(0),
            // Lambda goes on from the lowest number that is reported.
            Some(failed) => match numbers.iter().position(|number| failed.contains(number)) {
                Some(index) => Outcome::FailedFrom(index),
                None => Outcome::Done,
            },
        }
    }

    /// Tells the mapping's destination which records were not done
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html>).
    async fn give_up(&self, records: &[Value], attempts: u32) {
        let function = self.function.as_str();
        tracing::error!(
            function,
            count = records.len(),
            "records of a stream were given up"
        );
        let Some(queue) = &self.source.on_failure else {
            return;
        };
        let at = |index: Option<&Value>| index.map(arrival).unwrap_or_default();
        let message = json!({
            "requestContext": {
                "requestId": Uuid::new_v4(),
                "functionArn": self.delivery.functions.arn(function),
                "condition": "RetryAttemptsExhausted",
                "approximateInvokeCount": attempts,
            },
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            },
            "version": "1.0",
            "timestamp": Timestamp::now(),
            "DDBStreamBatchInfo": {
                "shardId": self.stream.shard_id(),
                "startSequenceNumber": records.first().map(sequence_number),
                "endSequenceNumber": records.last().map(sequence_number),
                "approximateArrivalOfFirstRecord": at(records.first()),
                "approximateArrivalOfLastRecord": at(records.last()),
                "batchSize": records.len(),
                "streamArn": self.stream.arn(),
            },
        });
        let sqs = self.delivery.cloud.services.sqs();
        if let Err(error) = sqs.send(queue, message.to_string()).await {
            tracing::error!(queue, %error, "the destination was not told");
        }
    }

    fn done(&self, records: &[Value]) {
        if let Some(last) = records.last() {
            self.finish(sequence_number(last));
        }
    }

    fn finish(&self, sequence_number: String) {
        let mut position = self.position.lock().unwrap_or_else(PoisonError::into_inner);
        self.keep(&sequence_number);
        *position = Some(sequence_number);
    }

    /// Called with the position locked: one writer at a time.
    fn keep(&self, sequence_number: &String) {
        // Without the file the records come again after a restart, which handlers must bear.
        if let Err(error) = self.checkpoint.save(sequence_number) {
            tracing::warn!(%error, "the stream's position was not kept");
        }
    }

    fn move_to(&self, sequence_number: String) {
        let mut position = self.position.lock().unwrap_or_else(PoisonError::into_inner);
        *position = Some(sequence_number);
    }

    /// The sequence number of the last record done, kept, so that a restart doesn't ask for what
    /// comes before it.
    pub(super) fn kept_position(&self) -> Option<String> {
        let position = self.position.lock().unwrap_or_else(PoisonError::into_inner);
        let done = position.as_ref()?;
        self.keep(done);
        Some(done.clone())
    }

    /// The stream that it reads.
    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    /// The physical name of the stream's table.
    pub(super) fn table(&self) -> &str {
        &self.source.table
    }

    fn position(&self) -> Option<String> {
        let position = self.position.lock().unwrap_or_else(PoisonError::into_inner);
        position.clone()
    }
}

fn sequence_number(record: &Value) -> String {
    let number = record["dynamodb"]["SequenceNumber"].as_str();
    number.unwrap_or_default().to_owned()
}

fn arrival(record: &Value) -> String {
    let seconds = record["dynamodb"]["ApproximateCreationDateTime"].as_f64();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole seconds since the epoch"
    )]
    let seconds = seconds.unwrap_or_default() as i64;
    Timestamp::from_second(seconds)
        .unwrap_or_default()
        .to_string()
}
