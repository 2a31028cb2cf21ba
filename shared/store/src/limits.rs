//! Limits: how often something may happen in a window of time. Keys hold
//! keyed hashes only.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::time::{SignedDuration, Timestamp, shift};
use serde::{Deserialize, Serialize};

use crate::{
    db::{Db, Entity, Key, StoreError, Table, Tx, expires},
    expression::{Condition, Update},
    lookup::LookupHash,
};

/// At most `max` times in each window.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// What is limited, such as `sign-in`.
    pub name: &'static str,
    /// How often.
    pub max: u32,
    /// The window's length.
    pub window: SignedDuration,
}

/// Links that requests cause to be mailed to one address, by whatever way they
/// come: one count for all of them.
pub const REQUESTS_TO_ONE_ADDRESS: Limit = Limit {
    name: "request-address",
    max: 3,
    window: SignedDuration::from_hours(1),
};

#[derive(Debug, Serialize, Deserialize)]
struct Counter {
    pk: String,
    sk: String,
    #[serde(default)]
    hits: u32,
}

impl Entity for Counter {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        Key::new(self.pk.clone(), self.sk.clone())
    }
}

impl Limit {
    fn window_start(&self, now: Timestamp) -> i64 {
        let length = self.window.as_secs().max(1);
        now.as_second() / length * length
    }

    fn key(&self, whose: &LookupHash, now: Timestamp) -> Key {
        let window = self.window_start(now);
        Key::new(format!("LIMIT#{}#{whose}", self.name), window.to_string())
    }

    fn count(&self, now: Timestamp) -> Result<Update, StoreError> {
        let end = shift(now, self.window * 2);
        Update::new()
            .add("hits", 1)
            .set("expires_at_epoch", end.as_second())
    }

    /// Seconds until the window ends: what `Retry-After` says.
    #[must_use]
    pub fn retry_after(&self, now: Timestamp) -> i64 {
        self.window_start(now) + self.window.as_secs().max(1) - now.as_second()
    }
}

impl Db {
    /// Counts one; `false` when there were too many already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn within(
        &self,
        limit: Limit,
        whose: &LookupHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let counter: Counter = self
            .update("limit", &limit.key(whose, now), &limit.count(now)?)
            .await?;
        Ok(counter.hits <= limit.max)
    }
}

impl Tx {
    /// Counts one with the commit, which is refused under `name` when there
    /// were too many already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn within(
        &mut self,
        name: &'static str,
        limit: Limit,
        whose: &LookupHash,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let room = Condition::lacks("hits").or(Condition::below("hits", limit.max)?);
        let update = limit.count(now)?.when(room);
        self.update(name, Table::People, &limit.key(whose, now), &update);
        Ok(())
    }

    /// Demands that `pause` has passed since the last commit that demanded it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn spaced(
        &mut self,
        name: &'static str,
        what: &'static str,
        whose: &LookupHash,
        pause: SignedDuration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let next = shift(now, pause);
        let free = Condition::lacks("next_at").or(Condition::at_most("next_at", now)?);
        let update = Update::new()
            .set("next_at", next)?
            .set("expires_at_epoch", next.as_second())?
            .when(free);
        let key = Key::new(format!("LIMIT#{what}#{whose}"), "NEXT");
        self.update(name, Table::People, &key, &update);
        Ok(())
    }
}

/// Something that may be done once, until `until`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claim {
    /// What is claimed, such as `trial-company`.
    pub what: String,
    /// By whom, as a keyed hash.
    pub whose: LookupHash,
    /// Until when the claim holds.
    pub until: Timestamp,
}

impl Entity for Claim {
    const TABLE: Table = Table::Catalog;

    fn key(&self) -> Key {
        Key::new(format!("CLAIM#{}#{}", self.what, self.whose), "CLAIM")
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![expires(self.until)]
    }
}

impl Tx {
    /// Makes a claim, refused under `name` while an earlier one holds.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn claim(
        &mut self,
        name: &'static str,
        claim: &Claim,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let free = Condition::item_absent().or(Condition::at_most("until", now)?);
        self.put_if(name, claim, Some(&free));
        Ok(())
    }
}
