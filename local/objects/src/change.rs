//! A change: rows, files and events that come together or not at all.

use jiff::Timestamp;
use rusqlite::{Connection, Transaction, TransactionBehavior, params, types::Type};
use tempfile::NamedTempFile;
use uuid::Uuid;

use crate::bucket::Bucket;
use crate::contents::{ContentId, Contents};
use crate::event::{self, ObjectEvent};
use crate::version::{NULL_VERSION, State, StoredObject, Version};
use crate::{Error, catalog};

/// A change under way.
///
/// New files get their names before the commit, files that nothing holds any more go after it. So
/// a crash leaves at most a file too many, which the next start sweeps away.
pub(crate) struct Change<'a> {
    transaction: Transaction<'a>,
    contents: &'a Contents,
    /// Contents that this change named or let go of.
    touched: &'a mut Vec<ContentId>,
    events: Vec<ObjectEvent>,
    erases: bool,
}

/// What a committed change leaves to do.
pub(crate) struct Committed {
    pub events: Vec<ObjectEvent>,
    /// Whether rows were removed whose traces must go from the log.
    pub erases: bool,
}

/// Runs `body` as one change.
pub(crate) fn run<T>(
    connection: &mut Connection,
    contents: &Contents,
    body: impl FnOnce(&mut Change<'_>) -> Result<T, Error>,
) -> Result<(T, Committed), Error> {
    let mut touched = Vec::new();
    let outcome = attempt(connection, contents, &mut touched, body);
    delete_unreferenced(connection, contents, &touched)?;
    outcome
}

fn attempt<T>(
    connection: &mut Connection,
    contents: &Contents,
    touched: &mut Vec<ContentId>,
    body: impl FnOnce(&mut Change<'_>) -> Result<T, Error>,
) -> Result<(T, Committed), Error> {
    let mut change = Change {
        transaction: connection.transaction_with_behavior(TransactionBehavior::Immediate)?,
        contents,
        touched,
        events: Vec::new(),
        erases: false,
    };
    let value = body(&mut change)?;
    change.transaction.commit()?;
    let committed = Committed {
        events: change.events,
        erases: change.erases,
    };
    Ok((value, committed))
}

fn delete_unreferenced(
    connection: &Connection,
    contents: &Contents,
    touched: &[ContentId],
) -> Result<(), Error> {
    let mut deleted = false;
    for content in touched {
        if !catalog::is_referenced(connection, content)? {
            contents.delete(content)?;
            deleted = true;
        }
    }
    if deleted {
        contents.sync()?;
    }
    Ok(())
}

impl Change<'_> {
    /// The rows as this change sees them.
    pub fn rows(&self) -> &Connection {
        &self.transaction
    }

    /// Keeps a synced file as a content.
    pub fn keep(&mut self, file: NamedTempFile, content: &ContentId) -> Result<(), Error> {
        self.touched.push(content.clone());
        Ok(self.contents.keep(file, content)?)
    }

    /// Tells that a row of this change no longer holds a content.
    pub fn release(&mut self, content: ContentId) {
        self.erases = true;
        self.touched.push(content);
    }

    /// Adds an object as the newest version of its key.
    pub fn add_object(
        &mut self,
        bucket: &Bucket,
        key: &str,
        content: ContentId,
        object: StoredObject,
        event_name: &'static str,
    ) -> Result<Version, Error> {
        self.add_version(
            bucket,
            key,
            State::Object(content, Box::new(object)),
            event_name,
        )
    }

    /// Adds a delete marker as the newest version of its key.
    pub fn add_delete_marker(&mut self, bucket: &Bucket, key: &str) -> Result<Version, Error> {
        self.add_version(bucket, key, State::DeleteMarker, event::name::MARKED)
    }

    fn add_version(
        &mut self,
        bucket: &Bucket,
        key: &str,
        state: State,
        event_name: &'static str,
    ) -> Result<Version, Error> {
        if !bucket.options.versioned
            && let Some(replaced) = catalog::version(self.rows(), bucket.name(), key, NULL_VERSION)?
        {
            self.delete_rows(bucket.name(), replaced)?;
        }
        let seq = self.next_seq()?;
        let version = Version {
            seq,
            key: key.to_owned(),
            version_id: match bucket.options.versioned {
                true => new_version_id(seq),
                false => NULL_VERSION.to_owned(),
            },
            is_latest: true,
            modified: now(),
            state,
        };
        catalog::insert_version(self.rows(), bucket.name(), &version)?;
        self.announce(event_of(
            bucket,
            &version,
            event_name,
            seq,
            version.modified,
        ))?;
        Ok(version)
    }

    /// Removes a version for good.
    pub fn remove_version(&mut self, bucket: &Bucket, version: Version) -> Result<(), Error> {
        let event = event_of(
            bucket,
            &version,
            event::name::REMOVED,
            self.next_seq()?,
            now(),
        );
        self.delete_rows(bucket.name(), version)?;
        self.announce(event)
    }

    fn delete_rows(&mut self, bucket: &str, version: Version) -> Result<(), Error> {
        catalog::delete_version(self.rows(), bucket, &version)?;
        match version.state {
            State::Object(content, _) => self.release(content),
            State::DeleteMarker => self.erases = true,
        }
        Ok(())
    }

    /// The number of this change.
    fn next_seq(&self) -> Result<i64, Error> {
        let mut statement = self
            .rows()
            .prepare_cached("UPDATE counter SET value = value + 1 RETURNING value")?;
        Ok(statement.query_row([], |row| row.get(0))?)
    }

    fn announce(&mut self, event: ObjectEvent) -> Result<(), Error> {
        self.rows()
            .prepare_cached(
                "INSERT INTO event (seq, name, bucket, key, size, etag, version_id, time)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )?
            .execute(params![
                seq_of_sequencer(&event.sequencer),
                event.event_name,
                event.bucket,
                event.key,
                event.size,
                event.etag,
                event.version_id,
                event.time.as_millisecond(),
            ])?;
        self.events.push(event);
        Ok(())
    }
}

fn event_of(
    bucket: &Bucket,
    version: &Version,
    event_name: &'static str,
    seq: i64,
    time: Timestamp,
) -> ObjectEvent {
    let (size, etag) = match &version.state {
        State::Object(_, object) if event_name != event::name::REMOVED => {
            (object.size, object.etag.clone())
        }
        _ => (0, String::new()),
    };
    ObjectEvent {
        event_name,
        bucket: bucket.name().to_owned(),
        key: version.key.clone(),
        size,
        etag,
        version_id: bucket.options.versioned.then(|| version.version_id.clone()),
        sequencer: sequencer(seq),
        time,
    }
}

/// Events that no subscriber has had yet, because the process ended before.
pub(crate) fn pending_events(connection: &Connection) -> Result<Vec<ObjectEvent>, Error> {
    let mut statement = connection.prepare(
        "SELECT seq, name, bucket, key, size, etag, version_id, time FROM event ORDER BY seq",
    )?;
    let rows = statement.query_map([], |row| {
        let name = row.get_ref(1)?.as_str()?;
        let event_name = event::name::find(name)
            .ok_or_else(|| rusqlite::Error::InvalidColumnType(1, name.to_owned(), Type::Text))?;
        Ok(ObjectEvent {
            event_name,
            bucket: row.get(2)?,
            key: row.get(3)?,
            size: row.get(4)?,
            etag: row.get(5)?,
            version_id: row.get(6)?,
            sequencer: sequencer(row.get(0)?),
            time: catalog::time_column(row, 7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets events that the subscribers have had. Needs no sync: losing this only repeats events.
pub(crate) fn forget_events(
    connection: &mut Connection,
    events: &[ObjectEvent],
) -> Result<(), Error> {
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    let forgotten = delete_events(connection, events);
    connection.pragma_update(None, "synchronous", "FULL")?;
    forgotten
}

fn delete_events(connection: &mut Connection, events: &[ObjectEvent]) -> Result<(), Error> {
    let transaction = connection.transaction()?;
    for event in events {
        transaction
            .prepare_cached("DELETE FROM event WHERE seq = ?1")?
            .execute([seq_of_sequencer(&event.sequencer)])?;
    }
    Ok(transaction.commit()?)
}

fn now() -> Timestamp {
    let now = Timestamp::now();
    // What the rows keep.
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

fn sequencer(seq: i64) -> String {
    format!("{seq:018X}")
}

fn seq_of_sequencer(sequencer: &str) -> i64 {
    i64::from_str_radix(sequencer, 16).unwrap_or_default()
}

/// A version's id: its number, so that listing can go on after a removed version, and a random half.
fn new_version_id(seq: i64) -> String {
    let (random, _) = Uuid::new_v4().as_u64_pair();
    format!("{seq:016x}{random:016x}")
}

/// The number in a version's id; a version without one is older than all others.
pub(crate) fn seq_of_version_id(id: &str) -> i64 {
    id.get(..16)
        .and_then(|number| i64::from_str_radix(number, 16).ok())
        .unwrap_or_default()
}
