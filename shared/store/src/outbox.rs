//! Consequences that wait to be delivered (invariant 6). An item is put in the
//! transaction of the change that it follows from, and deleted when it is done.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    consequence::Consequence,
    ids::{MessageId, SubjectId, WorkspaceId},
    ledger::Entry,
    time::{SignedDuration, Timestamp, shift},
};
use serde::{Deserialize, Serialize};

use crate::{
    db::{Db, Entity, Key, StoreError, Table, Tx, due, unique},
    expression::{Condition, Update},
    personal::Sealed,
};

/// What the partition keys of outbox items begin with; the stream is filtered by it.
pub const PREFIX: &str = "OUT#";
/// How many shards the queue of undelivered items has.
pub const SHARDS: u8 = 4;
/// From this age on, an item that the stream did not deliver is swept.
pub const SWEPT_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// How long one delivery may take before another may try.
pub const LEASE: SignedDuration = SignedDuration::from_secs(60);

/// The due-queues of undelivered items.
#[must_use]
pub fn queues() -> Vec<String> {
    (0..SHARDS).map(|shard| format!("OUTBOX#{shard}")).collect()
}

/// Whose consequence it is: erasure finds a person's by this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// A person's: a letter, or work on their request.
    Subject(SubjectId),
    /// A workspace's.
    Workspace(WorkspaceId),
    /// Ours: it names neither person nor workspace, and outlives both.
    Operator,
}

impl Owner {
    /// The partition of this owner's items.
    #[must_use]
    pub fn partition(&self) -> String {
        match self {
            Self::Subject(id) => format!("{PREFIX}{id}"),
            Self::Workspace(id) => format!("{PREFIX}{id}"),
            Self::Operator => format!("{PREFIX}operator"),
        }
    }
}

/// A waiting consequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The item's id.
    pub id: MessageId,
    /// Whose it is.
    pub owner: Owner,
    /// What must follow.
    pub consequence: Consequence,
    /// The secret of a mailed link, sealed under the person's key
    /// ([`domain::data_map::Field::MailSecret`]).
    pub secret: Option<Sealed>,
    /// The address of a letter to [`Recipient::Former`], sealed likewise
    /// ([`domain::data_map::Field::MailAddress`]).
    ///
    /// [`Recipient::Former`]: domain::consequence::Recipient::Former
    pub address: Option<Sealed>,
    /// When it was committed.
    pub created_at: Timestamp,
    /// Until when somebody is delivering it.
    pub lease_until: Option<Timestamp>,
    /// Who that is: a word of each delivery's own.
    #[serde(default)]
    pub lease_holder: Option<String>,
    /// How often delivery was tried.
    #[serde(default)]
    pub attempts: u32,
}

impl Entity for Message {
    const TABLE: Table = Table::Catalog;

    fn key(&self) -> Key {
        message_key(&self.owner, self.id)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        let shard = self.id.as_bytes()[15] % SHARDS;
        due(
            &format!("OUTBOX#{shard}"),
            shift(self.created_at, SWEPT_AFTER),
        )
    }
}

/// The key of an outbox item.
#[must_use]
pub fn message_key(owner: &Owner, id: MessageId) -> Key {
    Key::new(owner.partition(), id.to_string())
}

impl Message {
    /// A consequence of a commit at `now`.
    #[must_use]
    pub fn new(owner: Owner, consequence: Consequence, now: Timestamp) -> Self {
        Self {
            id: MessageId::new(now),
            owner,
            consequence,
            secret: None,
            address: None,
            created_at: now,
            lease_until: None,
            lease_holder: None,
            attempts: 0,
        }
    }
}

impl Tx {
    /// Lets a consequence follow the commit.
    pub fn emit(&mut self, message: &Message) {
        self.create("outbox message", message);
    }
}

impl Db {
    /// Takes an item for delivery: `None` when it is gone (delivered, or erased).
    ///
    /// # Errors
    /// [`StoreError::Refused`] with `lease` while somebody else delivers it.
    pub async fn lease(&self, key: &Key, now: Timestamp) -> Result<Option<Message>, StoreError> {
        let holder = unique();
        // an answer that was lost makes the SDK ask again: then it is ours already
        let free = Condition::lacks("lease_until")
            .or(Condition::at_most("lease_until", now)?)
            .or(Condition::equals("lease_holder", &holder)?);
        let update = Update::new()
            .set("lease_until", shift(now, LEASE))?
            .set("lease_holder", &holder)?
            .add("attempts", 1)
            .when(Condition::item_exists().and(free));
        match self.update("lease", key, &update).await {
            Ok(message) => Ok(Some(message)),
            Err(StoreError::Refused(_)) if self.get::<Message>(key).await?.is_none() => Ok(None),
            Err(error @ StoreError::Unavailable(_)) => {
                // it may be ours all the same; if this fails too, the lease runs out by itself
                let _ = self.release(key, &holder).await;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }

    /// Ends a delivery that failed, so that the next attempt need not wait. A lease that has
    /// become somebody else's stays.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn release(&self, key: &Key, holder: &str) -> Result<(), StoreError> {
        let update = Update::new()
            .remove("lease_until")
            .remove("lease_holder")
            .when(Condition::equals("lease_holder", holder)?);
        match self.update::<Message>("release", key, &update).await {
            Ok(_) | Err(StoreError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Ends a delivery that was made or given up, with what the ledger says of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delivered(&self, key: &Key, entry: Option<Entry>) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        tx.delete("message", Table::Catalog, key, None);
        if let Some(entry) = entry {
            tx.record(entry);
        }
        self.commit(tx).await
    }
}
