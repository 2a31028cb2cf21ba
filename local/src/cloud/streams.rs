//! Reading a table's stream, and forgetting what was read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use dynoxide::Database;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};
use serde_json::{Value, json};

use super::CloudError;
use super::tables::request;

/// How long a connection beside dynoxide's own waits for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// What dynoxide adds to a stored sequence number to give it 21 digits.
const SEQUENCE_NUMBER_OFFSET: u128 = 100_000_000_000_000_000_000;

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

    /// Forgets the records up to this sequence number, and empties the write-ahead log, so that
    /// no file keeps what they say. `file` is the database's. DynamoDB keeps records for 24 hours
    /// because it doesn't know who will read them; here every reader is known.
    pub(crate) async fn trim(&self, file: PathBuf, through: String) -> Result<(), CloudError> {
        let table = self.table.clone();
        tokio::task::spawn_blocking(move || trim(&file, &table, &through)).await?
    }

    /// Writes the whole database anew: overwriting at deletion misses copies that SQLite made
    /// when it moved rows between pages.
    pub(crate) async fn compact(&self, file: PathBuf) -> Result<(), CloudError> {
        tokio::task::spawn_blocking(move || {
            let connection = open(&file)?;
            connection.execute_batch("VACUUM")?;
            empty_log(&connection)
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

/// The last record stays, without what it says: dynoxide counts on from it, where the clock alone
/// could give a number twice.
fn trim(file: &Path, table: &str, through: &str) -> Result<(), CloudError> {
    let mut connection = open(file)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let through = stored(through)?;
    transaction.execute(
        "DELETE FROM _stream_records
         WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) <= ?2
           AND id < (SELECT max(id) FROM _stream_records WHERE table_name = ?1)",
        params![table, through],
    )?;
    transaction.execute(
        "UPDATE _stream_records SET keys_json = '{}', new_image = NULL, old_image = NULL
         WHERE table_name = ?1 AND CAST(sequence_number AS INTEGER) <= ?2",
        params![table, through],
    )?;
    transaction.commit()?;
    empty_log(&connection)
}

/// A connection beside dynoxide's: the file is in WAL mode, and both wait for one another.
fn open(file: &Path) -> Result<Connection, CloudError> {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

fn empty_log(connection: &Connection) -> Result<(), CloudError> {
    Ok(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}

fn stored(sequence_number: &str) -> Result<i64, CloudError> {
    let number: Option<u128> = sequence_number.parse().ok();
    number
        .and_then(|number| number.checked_sub(SEQUENCE_NUMBER_OFFSET))
        .and_then(|number| i64::try_from(number).ok())
        .ok_or_else(|| CloudError::Database(format!("{sequence_number} is no sequence number")))
}

impl From<rusqlite::Error> for CloudError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    /// `.cargo/config.toml` says so.
    #[test]
    fn sqlite_overwrites_what_it_deletes() {
        let connection = Connection::open_in_memory().unwrap();
        let secure: i64 = connection
            .pragma_query_value(None, "secure_delete", |row| row.get(0))
            .unwrap();
        assert_eq!(secure, 1);
    }

    #[test]
    fn only_a_sequence_number_is_one() {
        assert_eq!(
            stored("100001790000000000000").unwrap(),
            1_790_000_000_000_000
        );
        for wrong in ["", "7", "x", "-1", "999999999999999999999999999999"] {
            assert!(stored(wrong).is_err(), "{wrong}");
        }
    }
}
