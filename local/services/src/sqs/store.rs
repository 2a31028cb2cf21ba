//! The queues in SQLite. Every change is one transaction, on the disk before it returns.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use uuid::Uuid;

use super::{Depth, Message, QueueOptions};
use crate::Place;
use crate::durable;
use crate::error::Error;

/// SQS's limit for one message and for a batch, in bytes.
pub(super) const MAX_BYTES: usize = 1024 * 1024;
const DEFAULT_VISIBILITY_TIMEOUT_S: u32 = 30;

#[cfg(test)]
mod tests;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA secure_delete = ON;
    PRAGMA foreign_keys = ON;
    CREATE TABLE IF NOT EXISTS queues (
        name TEXT PRIMARY KEY,
        visibility_timeout_s INTEGER NOT NULL,
        dead_letter_queue TEXT REFERENCES queues (name),
        max_receive_count INTEGER,
        created_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS messages (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        queue TEXT NOT NULL REFERENCES queues (name),
        source TEXT REFERENCES queues (name),
        body TEXT NOT NULL,
        sent_at INTEGER NOT NULL,
        visible_at INTEGER NOT NULL,
        receive_count INTEGER NOT NULL DEFAULT 0,
        first_received_at INTEGER,
        receipt TEXT UNIQUE
    ) STRICT;
    CREATE INDEX IF NOT EXISTS messages_by_visibility ON messages (queue, visible_at);
";

/// A message that may be sent: its body has passed SQS's checks.
pub(crate) struct NewMessage {
    pub(crate) id: String,
    pub(crate) body: String,
    delay: Duration,
}

impl NewMessage {
    pub(crate) fn new(body: String, delay: Duration) -> Result<Self, Error> {
        if body.is_empty() || !body.chars().all(is_allowed) {
            return Err(Error::MessageContents);
        }
        if body.len() > MAX_BYTES {
            return Err(Error::MessageSize);
        }
        Ok(Self {
            id: Uuid::new_v4().to_string(),
            body,
            delay,
        })
    }
}

/// The characters of SQS message bodies: those of XML 1.0 (SQS `SendMessage`).
fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// A queue's settings as they are stored.
pub(super) struct Settings {
    pub(super) name: String,
    pub(super) visibility_timeout_s: u32,
    pub(super) redrive: Option<(String, u32)>,
    pub(super) created_at: Timestamp,
}

/// What one look into a queue brought.
pub(super) struct Batch {
    pub(super) messages: Vec<Message>,
    pub(super) moved_to_dead_letters: bool,
    /// How long until the next hidden message becomes receivable.
    pub(super) next_due_in: Option<Duration>,
}

pub(super) struct Store(Connection);

impl Store {
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        // SQLite gives its log files the mode of the database file.
        durable::private_file(path)?;
        let connection = Connection::open(path)?;
        connection.execute_batch(SCHEMA)?;
        give_back_messages(&connection)?;
        Ok(Self(connection))
    }

    pub(super) fn ensure_queue(
        &mut self,
        options: &QueueOptions,
        now: Timestamp,
    ) -> Result<(), Error> {
        options.check()?;
        let transaction = self.begin()?;
        if let Some((dead_letter_queue, _)) = &options.redrive {
            transaction.execute(
                "INSERT INTO queues (name, visibility_timeout_s, created_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO NOTHING",
                params![
                    dead_letter_queue,
                    DEFAULT_VISIBILITY_TIMEOUT_S,
                    now.as_millisecond()
                ],
            )?;
        }
        let (dead_letter_queue, max_receive_count) = options
            .redrive
            .as_ref()
            .map(|(queue, count)| (queue, count))
            .unzip();
        transaction.execute(
            "INSERT INTO queues VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET visibility_timeout_s = ?2, dead_letter_queue = ?3,
                                       max_receive_count = ?4",
            params![
                options.name,
                options.visibility_timeout_s,
                dead_letter_queue,
                max_receive_count,
                now.as_millisecond()
            ],
        )?;
        Ok(transaction.commit()?)
    }

    pub(super) fn queue_names(&self) -> Result<Vec<String>, Error> {
        let mut statement = self
            .0
            .prepare_cached("SELECT name FROM queues ORDER BY name")?;
        let names = statement.query_map([], |row| row.get(0))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    pub(super) fn settings(&self, queue: &str) -> Result<Settings, Error> {
        settings(&self.0, queue)
    }

    pub(super) fn send(
        &mut self,
        queue: &str,
        messages: &[NewMessage],
        now: Timestamp,
    ) -> Result<(), Error> {
        let transaction = self.begin()?;
        settings(&transaction, queue)?;
        for message in messages {
            transaction
                .prepare_cached(
                    "INSERT INTO messages (id, queue, body, sent_at, visible_at)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![
                    message.id,
                    queue,
                    message.body,
                    now.as_millisecond(),
                    later(now, message.delay)
                ])?;
        }
        Ok(transaction.commit()?)
    }

    pub(super) fn receive(
        &mut self,
        queue: &str,
        max: usize,
        hidden_for: Option<Duration>,
        now: Timestamp,
        place: &Place,
    ) -> Result<Batch, Error> {
        let transaction = self.begin()?;
        let settings = settings(&transaction, queue)?;
        let moved = move_to_dead_letters(&transaction, &settings, now)?;
        let hidden_for = hidden_for
            .unwrap_or_else(|| Duration::from_secs(u64::from(settings.visibility_timeout_s)));
        let messages = take_visible(&transaction, queue, max, hidden_for, now, place)?;
        let next_due: Option<i64> = transaction
            .prepare_cached("SELECT min(visible_at) FROM messages WHERE queue = ?1")?
            .query_row([queue], |row| row.get(0))?;
        transaction.commit()?;
        Ok(Batch {
            messages,
            moved_to_dead_letters: moved > 0,
            next_due_in: next_due
                .map(|due| Duration::from_millis(due.abs_diff(now.as_millisecond()).max(1))),
        })
    }

    pub(super) fn delete(&mut self, queue: &str, receipt: &str) -> Result<(), Error> {
        settings(&self.0, queue)?;
        check_receipt(receipt)?;
        self.0
            .prepare_cached("DELETE FROM messages WHERE queue = ?1 AND receipt = ?2")?
            .execute([queue, receipt])?;
        Ok(())
    }

    pub(super) fn set_visibility(
        &mut self,
        queue: &str,
        receipt: &str,
        after: Duration,
        now: Timestamp,
    ) -> Result<(), Error> {
        settings(&self.0, queue)?;
        check_receipt(receipt)?;
        let transaction = self.begin()?;
        let visible_at: i64 = transaction
            .prepare_cached("SELECT visible_at FROM messages WHERE queue = ?1 AND receipt = ?2")?
            .query_row([queue, receipt], |row| row.get(0))
            .optional()?
            .ok_or(Error::StaleReceipt)?;
        if visible_at <= now.as_millisecond() {
            return Err(Error::NotInFlight);
        }
        transaction
            .prepare_cached("UPDATE messages SET visible_at = ?1 WHERE receipt = ?2")?
            .execute(params![later(now, after), receipt])?;
        Ok(transaction.commit()?)
    }

    pub(super) fn depth(&self, queue: &str, now: Timestamp) -> Result<Depth, Error> {
        settings(&self.0, queue)?;
        let depth = self
            .0
            .prepare_cached(
                "SELECT count(*) FILTER (WHERE visible_at <= ?2),
                        count(*) FILTER (WHERE visible_at > ?2 AND receipt IS NOT NULL),
                        count(*) FILTER (WHERE visible_at > ?2 AND receipt IS NULL)
                 FROM messages WHERE queue = ?1",
            )?
            .query_row(params![queue, now.as_millisecond()], |row| {
                Ok(Depth {
                    visible: row.get(0)?,
                    in_flight: row.get(1)?,
                    delayed: row.get(2)?,
                })
            })?;
        Ok(depth)
    }

    pub(super) fn redrive(&mut self, queue: &str, now: Timestamp) -> Result<usize, Error> {
        settings(&self.0, queue)?;
        let moved = self.0.execute(
            "UPDATE messages SET queue = source, source = NULL, visible_at = ?2,
                                 receive_count = 0, first_received_at = NULL, receipt = NULL
             WHERE queue = ?1 AND source IS NOT NULL AND visible_at <= ?2",
            params![queue, now.as_millisecond()],
        )?;
        Ok(moved)
    }

    pub(super) fn takes_dead_letters(&self, queue: &str) -> Result<bool, Error> {
        settings(&self.0, queue)?;
        let named = "SELECT EXISTS (SELECT 1 FROM queues WHERE dead_letter_queue = ?1)";
        Ok(self
            .0
            .prepare_cached(named)?
            .query_row([queue], |row| row.get(0))?)
    }

    pub(super) fn checkpoint(&self) -> Result<(), Error> {
        self.0
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    fn begin(&mut self) -> Result<Transaction<'_>, Error> {
        Ok(self
            .0
            .transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}

/// Messages in flight become receivable at once: whoever received them was of the process that had
/// the file open before, and is gone. Their receive counts stay.
fn give_back_messages(connection: &Connection) -> Result<(), Error> {
    connection.execute(
        "UPDATE messages SET visible_at = min(visible_at, ?1), receipt = NULL
         WHERE receipt IS NOT NULL",
        [Timestamp::now().as_millisecond()],
    )?;
    Ok(())
}

fn check_receipt(receipt: &str) -> Result<(), Error> {
    if receipt.len() == 32 && receipt.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(())
    } else {
        Err(Error::Receipt)
    }
}

fn settings(connection: &Connection, queue: &str) -> Result<Settings, Error> {
    connection
        .prepare_cached(
            "SELECT name, visibility_timeout_s, dead_letter_queue, max_receive_count, created_at
             FROM queues WHERE name = ?1",
        )?
        .query_row([queue], |row| {
            let dead_letter_queue: Option<String> = row.get(2)?;
            Ok(Settings {
                name: row.get(0)?,
                visibility_timeout_s: row.get(1)?,
                redrive: dead_letter_queue.zip(row.get(3)?),
                created_at: timestamp(row, 4)?,
            })
        })
        .optional()?
        .ok_or_else(|| Error::NoSuchQueue(queue.to_owned()))
}

/// Messages that were received as often as the redrive policy allows leave their queue
/// when they would be received once more, as in SQS.
fn move_to_dead_letters(
    transaction: &Transaction<'_>,
    settings: &Settings,
    now: Timestamp,
) -> Result<usize, Error> {
    let Some((dead_letter_queue, max_receive_count)) = &settings.redrive else {
        return Ok(0);
    };
    let moved = transaction
        .prepare_cached(
            "UPDATE messages SET queue = ?1, source = ?2, visible_at = ?3,
                                 receive_count = 0, first_received_at = NULL, receipt = NULL
             WHERE queue = ?2 AND visible_at <= ?3 AND receive_count >= ?4",
        )?
        .execute(params![
            dead_letter_queue,
            settings.name,
            now.as_millisecond(),
            max_receive_count
        ])?;
    Ok(moved)
}

fn take_visible(
    transaction: &Transaction<'_>,
    queue: &str,
    max: usize,
    hidden_for: Duration,
    now: Timestamp,
    place: &Place,
) -> Result<Vec<Message>, Error> {
    let mut statement = transaction.prepare_cached(
        "UPDATE messages SET receive_count = receive_count + 1, visible_at = ?4,
                             first_received_at = coalesce(first_received_at, ?2),
                             receipt = lower(hex(randomblob(16)))
         WHERE seq IN (SELECT seq FROM messages WHERE queue = ?1 AND visible_at <= ?2
                       ORDER BY visible_at, seq LIMIT ?3)
         RETURNING seq, id, receipt, body, sent_at, first_received_at, receive_count, source",
    )?;
    let rows = statement.query_map(
        params![
            queue,
            now.as_millisecond(),
            i64::try_from(max).unwrap_or(i64::MAX),
            later(now, hidden_for)
        ],
        |row| Ok((row.get::<_, i64>(0)?, message(row, place)?)),
    )?;
    let mut messages: Vec<(i64, Message)> = rows.collect::<Result<_, _>>()?;
    messages.sort_by_key(|(seq, _)| *seq);
    Ok(messages.into_iter().map(|(_, message)| message).collect())
}

fn message(row: &Row<'_>, place: &Place) -> rusqlite::Result<Message> {
    let source: Option<String> = row.get(7)?;
    Ok(Message {
        id: row.get(1)?,
        receipt: row.get(2)?,
        body: row.get(3)?,
        sent_at: timestamp(row, 4)?,
        first_received_at: timestamp(row, 5)?,
        receive_count: row.get(6)?,
        dead_letter_source: source.map(|queue| place.arn("sqs", &queue)),
        sender: place.account.clone(),
    })
}

fn timestamp(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    let milliseconds = row.get(column)?;
    Timestamp::from_millisecond(milliseconds)
        .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, milliseconds))
}

fn later(now: Timestamp, after: Duration) -> i64 {
    let after = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
    now.as_millisecond().saturating_add(after)
}
