//! Reading a table's stream.

use dynoxide::Database;
use serde_json::{Value, json};

use super::CloudError;
use super::tables::request;

/// The stream of one table. dynoxide keeps one shard per table and never trims it.
#[derive(Clone)]
pub(crate) struct Stream {
    database: Database,
    table: String,
    region: String,
    arn: String,
}

impl Stream {
    pub(super) fn new(database: Database, table: &str, region: &str, arn: &str) -> Self {
        Self {
            database,
            table: table.to_owned(),
            region: region.to_owned(),
            arn: arn.to_owned(),
        }
    }

    /// Up to `limit` records after a sequence number, or from the beginning, as the elements of
    /// an event's `Records`.
    pub(crate) async fn read(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<Value>, CloudError> {
        let stream = self.clone();
        tokio::task::spawn_blocking(move || stream.read_blocking(after.as_deref(), limit)).await?
    }

    /// The sequence number of the last record, `None` where there is none.
    pub(crate) async fn last(&self) -> Result<Option<String>, CloudError> {
        let stream = self.clone();
        tokio::task::spawn_blocking(move || {
            let shard = stream.shard()?;
            let last = &shard["SequenceNumberRange"]["EndingSequenceNumber"];
            Ok(last.as_str().map(str::to_owned))
        })
        .await?
    }

    /// The id of its shard.
    pub(crate) fn shard_id(&self) -> String {
        dynoxide::streams::shard_id(&self.table)
    }

    /// The stream's ARN, as the template's references give it.
    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }

    fn read_blocking(&self, after: Option<&str>, limit: usize) -> Result<Vec<Value>, CloudError> {
        let mut start = json!({
            "StreamArn": self.own_arn(),
            "ShardId": self.shard_id(),
            "ShardIteratorType": "TRIM_HORIZON",
        });
        if let Some(sequence_number) = after {
            start["ShardIteratorType"] = json!("AFTER_SEQUENCE_NUMBER");
            start["SequenceNumber"] = json!(sequence_number);
        }
        let iterator = self.database.get_shard_iterator(request(start)?)?;
        let answer = self.database.get_records(request(json!({
            "ShardIterator": iterator.shard_iterator,
            "Limit": limit,
        }))?)?;
        answer
            .records
            .iter()
            .map(|record| {
                let mut record = serde_json::to_value(record)
                    .map_err(|error| CloudError::Database(error.to_string()))?;
                record["awsRegion"] = json!(self.region);
                record["eventSourceARN"] = json!(self.arn);
                Ok(record)
            })
            .collect()
    }

    fn shard(&self) -> Result<Value, CloudError> {
        let answer = self
            .database
            .describe_stream(request(json!({"StreamArn": self.own_arn()}))?)?;
        let answer = serde_json::to_value(&answer)
            .map_err(|error| CloudError::Database(error.to_string()))?;
        Ok(answer["StreamDescription"]["Shards"][0].clone())
    }

    fn own_arn(&self) -> String {
        dynoxide::streams::stream_arn(&self.table, "")
    }
}
