//! The memory of the nightly round that looks for what nobody owns.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::time::{SignedDuration, Timestamp, days, shift};
use serde::{Deserialize, Serialize};

use super::Cursor;
use crate::db::{Db, Entity, Key, StoreError, Table, expires};

const PARTITION: &str = "RECONCILE";
/// A finding that was not seen again for so long was none.
const FORGOTTEN_AFTER: SignedDuration = days(10);

/// Where the round stands: each night goes on where the last one ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// Where in the tables.
    pub items: Cursor,
    /// Behind which key in the bucket of assets.
    #[serde(default)]
    pub objects: String,
    /// Behind which key among the letters in people's files.
    #[serde(default)]
    pub letters: String,
}

fn round_key() -> Key {
    Key::new(PARTITION, "ROUND")
}

impl Entity for Round {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        round_key()
    }
}

/// Something without an owner, by a hash: it may be somebody's who was erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The hash of what it is.
    pub name: String,
    /// When it was seen first.
    pub first_seen: Timestamp,
    /// When it was seen last.
    pub last_seen: Timestamp,
}

fn finding_key(name: &str) -> Key {
    Key::new(PARTITION, format!("FOUND#{name}"))
}

impl Entity for Finding {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        finding_key(&self.name)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![expires(shift(self.last_seen, FORGOTTEN_AFTER))]
    }
}

impl Db {
    /// Where the nightly round stands.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn round(&self) -> Result<Round, StoreError> {
        Ok(self.get(&round_key()).await?.unwrap_or_default())
    }

    /// Notes that something without an owner was seen; tells since when.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_finding(&self, what: &str, now: Timestamp) -> Result<Finding, StoreError> {
        // no identifier of ours has a slash in it: the hash is of no other text
        let name = domain::certificate::sha256(&format!("reconcile/{what}"));
        let known: Option<Finding> = self.get(&finding_key(&name)).await?;
        let known = known.filter(|known| now < shift(known.last_seen, FORGOTTEN_AFTER));
        let finding = Finding {
            name,
            first_seen: known.map_or(now, |known| known.first_seen),
            last_seen: now,
        };
        self.put(&finding).await?;
        Ok(finding)
    }
}
