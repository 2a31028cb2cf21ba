//! The memory of a replay of tombstones, kept between its invocations.
//!
//! A restored table is as it was: who was erased since is back in it. The
//! certificates in the bucket of proofs and the ledger know better; the replay
//! walks the tables and destroys again what they say was destroyed.

use std::collections::BTreeMap;

use domain::{ledger::Entry, time::Timestamp};
use serde::{Deserialize, Serialize};

use super::Cursor;
use crate::{
    db::{Db, Entity, Key, StoreError, Table, Tx},
    expression::Condition,
};

/// What a replay is at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "part")]
pub enum Part {
    /// Workspaces and assets whose destruction the ledger tells of.
    Ledger {
        /// The last key of the ledger's table that was read.
        after: Option<[String; 2]>,
    },
    /// The tables, for a batch of certificates.
    Tables {
        /// The last certificate's object of the batches before.
        done: Option<String>,
        /// Where in the tables.
        cursor: Cursor,
        /// How often the tables were walked for this batch before.
        passes: u32,
        /// What this walk has found of this batch. The batch is done when a whole walk finds nothing.
        found: u64,
    },
    /// Nothing is left to do.
    Finished,
}

/// A replay of tombstones. One at a time; each restore has its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// The moment that the backup is of.
    pub since: Timestamp,
    /// When it was back in the tables: sessions and links from before end.
    pub restored_at: Timestamp,
    /// When the replay began.
    pub began_at: Timestamp,
    /// What it is at.
    pub part: Part,
    /// Counts the saved states.
    pub revision: u64,
    /// How many certificates were followed.
    pub certificates: u64,
    /// How many things came back and were destroyed, by the certificate's case, until the ledger
    /// was told.
    #[serde(default)]
    pub by_case: BTreeMap<String, u64>,
    /// How many things came back and were destroyed, in all.
    pub destroyed: u64,
    /// How many sessions and links were ended.
    pub ended: u64,
    /// How many entries the signed roots have and the ledger's table has not.
    pub lost_entries: u64,
    /// The batch that was counted last, so that one that is tried again counts once.
    pub batch: Option<String>,
}

fn replay_key() -> Key {
    Key::new("REPLAY", "STATE")
}

impl Entity for Replay {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        replay_key()
    }
}

impl Replay {
    /// A replay that begins.
    #[must_use]
    pub fn beginning(since: Timestamp, restored_at: Timestamp, now: Timestamp) -> Self {
        Self {
            since,
            restored_at,
            began_at: now,
            part: Part::Ledger { after: None },
            revision: 0,
            certificates: 0,
            by_case: BTreeMap::new(),
            destroyed: 0,
            ended: 0,
            lost_entries: 0,
            batch: None,
        }
    }

    /// It is the replay of this restore.
    #[must_use]
    pub fn is_of(&self, since: Timestamp, restored_at: Timestamp) -> bool {
        self.since == since && self.restored_at == restored_at
    }

    /// Nothing is left to do.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.part == Part::Finished
    }

    /// Whether this batch was not counted yet; notes that it is.
    pub fn is_new(&mut self, batch: &[String]) -> bool {
        let name = domain::certificate::sha256(&batch.join("\n"));
        let is_new = self.batch.as_deref() != Some(&name);
        self.batch = Some(name);
        is_new
    }
}

impl Db {
    /// The replay that began last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replay(&self) -> Result<Option<Replay>, StoreError> {
        self.get(&replay_key()).await
    }

    /// Saves the state of a replay, with what the ledger is to say of it: at
    /// most 90 entries. One that begins takes the place of the one before.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with `replay` when another invocation is at it.
    pub async fn save_replay(
        &self,
        replay: &mut Replay,
        entries: Vec<Entry>,
    ) -> Result<(), StoreError> {
        let unmoved = match replay.revision {
            0 => None,
            revision => Some(Condition::equals("revision", revision)?),
        };
        replay.revision += 1;
        let mut tx = Tx::new();
        tx.put_if("replay", replay, unmoved.as_ref());
        for entry in entries {
            tx.record(entry);
        }
        self.commit(tx).await
    }
}
