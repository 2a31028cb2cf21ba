//! The ledger table: entries as they are committed, and the chains that
//! `outbox` makes of them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ids::EntryId,
    ledger::{Entry, Link, SHARDS},
    time::{SignedDuration, Timestamp, shift},
};
use serde::{Deserialize, Serialize};

use crate::{
    db::{Db, Entity, Key, Range, StoreError, Table, Tx, cursor_after, due},
    due::Worked,
    expression::{Condition, Update},
};

/// What the partition keys of entries begin with; the stream is filtered by it.
pub const ENTRY_PREFIX: &str = "EVT#";

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEntry {
    /// The entry.
    pub entry: Entry,
    /// Its place in its chain, once it is sealed.
    pub sequence: Option<u64>,
}

impl Entity for StoredEntry {
    const TABLE: Table = Table::Ledger;

    fn key(&self) -> Key {
        entry_key(self.entry.id)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        match self.sequence {
            None => due(
                &chain(self.entry.shard()),
                shift(self.entry.at, SWEPT_AFTER),
            ),
            Some(_) => Vec::new(),
        }
    }
}

/// From this age on, an entry that the stream did not bring is swept.
pub const SWEPT_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// How many such entries of one chain one sweep takes on.
const SWEPT_AT_ONCE: i32 = 400;
/// How long an entry that can't be chained steps back, so that it keeps no other waiting.
const STEP_BACK: SignedDuration = SignedDuration::from_hours(1);

fn entry_key(id: EntryId) -> Key {
    Key::new(format!("{ENTRY_PREFIX}{id}"), "EVT")
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredLink {
    link: Link,
}

impl Entity for StoredLink {
    const TABLE: Table = Table::Ledger;

    fn key(&self) -> Key {
        Key::new(
            chain(self.link.shard),
            format!("{LINK_PREFIX}{}", place(self.link.sequence)),
        )
    }
}

const LINK_PREFIX: &str = "LINK#";

fn place(sequence: u64) -> String {
    format!("{sequence:020}")
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Head {
    link: Link,
    sequence: u64,
}

impl Entity for Head {
    const TABLE: Table = Table::Ledger;

    fn key(&self) -> Key {
        head_key(self.link.shard)
    }
}

fn chain(shard: u8) -> String {
    format!("CHAIN#{shard}")
}

fn head_key(shard: u8) -> Key {
    Key::new(chain(shard), "HEAD")
}

impl Tx {
    /// Lets the commit leave an entry in the ledger.
    pub fn record(&mut self, entry: Entry) {
        let stored = StoredEntry {
            entry,
            sequence: None,
        };
        self.create("ledger entry", &stored);
    }
}

/// The entry that stands at a key; `None` when the key is not an entry's.
#[must_use]
pub fn entry_at(key: &Key) -> Option<EntryId> {
    key.pk.strip_prefix(ENTRY_PREFIX)?.parse().ok()
}

/// How many entries one transaction seals: each takes two of 100 actions, the head one.
const SEALED_AT_ONCE: usize = 40;
const HEAD_ATTEMPTS: u32 = 8;

impl Db {
    /// Leaves an entry by itself, where no change is committed: an access. The same entry may be
    /// left again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn record(&self, entry: Entry) -> Result<(), StoreError> {
        let stored = StoredEntry {
            entry,
            sequence: None,
        };
        match self.create("ledger entry", &stored).await {
            // an attempt whose answer was lost: it may be chained by now, and stays as it is
            Err(StoreError::Refused(_)) => Ok(()),
            answer => answer,
        }
    }

    /// Chains entries; those that are chained already are left as they are, so
    /// that it may be called again, late or concurrently.
    ///
    /// # Errors
    /// [`StoreError`]; what was sealed before stays sealed.
    pub async fn seal(&self, entries: &[EntryId]) -> Result<usize, StoreError> {
        let mut sealed = 0;
        let mut entries = entries.to_vec();
        entries.sort_unstable();
        entries.dedup();
        for chunk in entries.chunks(SEALED_AT_ONCE) {
            let keys: Vec<_> = chunk
                .iter()
                .map(|id| (Table::Ledger, entry_key(*id)))
                .collect();
            let mut found = self.get_many(&keys).await?;
            let mut by_shard: BTreeMap<u8, Vec<StoredEntry>> = BTreeMap::new();
            for (_, key) in &keys {
                if let Some(stored) = found.take::<StoredEntry>(key)?
                    && stored.sequence.is_none()
                {
                    by_shard
                        .entry(stored.entry.shard())
                        .or_default()
                        .push(stored);
                }
            }
            for (shard, mut stored) in by_shard {
                stored.sort_by_key(|s| s.entry.id);
                sealed += self.seal_shard(shard, stored).await?;
            }
        }
        Ok(sealed)
    }

    /// Chains the entries that the stream did not bring: its records live for a
    /// day, and are given up after some attempts. An entry that can't be
    /// chained is logged and steps back; the others go on.
    ///
    /// # Errors
    /// [`StoreError`] when the queue of entries can't be read.
    pub async fn seal_overdue(&self, now: Timestamp) -> Result<Worked, StoreError> {
        let mut worked = Worked::default();
        for shard in 0..SHARDS {
            let queue = chain(shard);
            let keys = self
                .due_in(Table::Ledger, &queue, now, SWEPT_AT_ONCE)
                .await?;
            worked.more |= i32::try_from(keys.len()) == Ok(SWEPT_AT_ONCE);
            for chunk in keys.chunks(SEALED_AT_ONCE) {
                if let Ok(sealed) = self.seal_at(chunk).await {
                    worked.processed += sealed;
                } else {
                    self.seal_one_by_one(chunk, now, &mut worked).await;
                }
            }
        }
        Ok(worked)
    }

    async fn seal_at(&self, keys: &[Key]) -> Result<usize, StoreError> {
        let entries: Vec<EntryId> = keys.iter().filter_map(entry_at).collect();
        self.seal(&entries).await
    }

    async fn seal_one_by_one(&self, keys: &[Key], now: Timestamp, worked: &mut Worked) {
        for key in keys {
            match self.seal_at(std::slice::from_ref(key)).await {
                Ok(sealed) => worked.processed += sealed,
                Err(error) => {
                    tracing::error!(entry = key.pk, %error, "an entry can't be chained");
                    worked.failed += 1;
                    self.step_back(Table::Ledger, key, shift(now, STEP_BACK))
                        .await;
                }
            }
        }
    }

    async fn seal_shard(
        &self,
        shard: u8,
        mut entries: Vec<StoredEntry>,
    ) -> Result<usize, StoreError> {
        for _ in 0..HEAD_ATTEMPTS {
            if entries.is_empty() {
                return Ok(0);
            }
            match self.append(shard, &entries).await {
                Ok(()) => return Ok(entries.len()),
                // another writer was faster: with the head, or with some of these entries
                Err(StoreError::Refused(_)) => entries = self.unsealed(entries).await?,
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Unavailable(
            "the chain's head is contended".to_owned(),
        ))
    }

    async fn append(&self, shard: u8, entries: &[StoredEntry]) -> Result<(), StoreError> {
        let head: Option<Head> = self.get(&head_key(shard)).await?;
        let mut last = head.as_ref().map(|head| head.link.clone());
        let mut tx = Tx::new();
        for stored in entries {
            let hash = stored
                .entry
                .hash()
                .map_err(|e| StoreError::Rejected(e.to_string()))?;
            let link = Link::after(shard, last.as_ref(), stored.entry.id, hash);
            tx.create("link", &StoredLink { link: link.clone() });
            let mark = Update::new()
                .set("sequence", link.sequence)?
                .remove("due_queue")
                .remove("due_at")
                .when(Condition::item_exists().and(Condition::lacks("sequence")));
            tx.update("entry", Table::Ledger, &entry_key(stored.entry.id), &mark);
            last = Some(link);
        }
        let Some(link) = last else { return Ok(()) };
        let unmoved = match &head {
            Some(head) => Condition::equals("sequence", head.sequence)?,
            None => Condition::item_absent(),
        };
        let sequence = link.sequence;
        tx.put_if("head", &Head { link, sequence }, Some(&unmoved));
        self.commit(tx).await
    }

    async fn unsealed(&self, entries: Vec<StoredEntry>) -> Result<Vec<StoredEntry>, StoreError> {
        let keys: Vec<_> = entries.iter().map(|s| (Table::Ledger, s.key())).collect();
        let mut found = self.get_many(&keys).await?;
        let mut left = Vec::new();
        for (_, key) in &keys {
            left.extend(
                found
                    .take::<StoredEntry>(key)?
                    .filter(|s| s.sequence.is_none()),
            );
        }
        Ok(left)
    }

    /// One chain's links from `after` (a sequence; 0 for the beginning), at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn links(
        &self,
        shard: u8,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Link>, StoreError> {
        let pk = chain(shard);
        let mut links = Vec::new();
        let mut cursor = (after > 0).then(|| cursor_after(&place(after)));
        loop {
            let page = i32::try_from(limit - links.len()).unwrap_or(i32::MAX);
            let range = Range {
                pk: &pk,
                prefix: LINK_PREFIX,
                newest_first: false,
                limit: page.min(1000),
                cursor: cursor.as_deref(),
            };
            let page = self.list::<StoredLink>(&range).await?;
            links.extend(page.items.into_iter().map(|stored| stored.link));
            cursor = page.next;
            if cursor.is_none() || links.len() >= limit {
                return Ok(links);
            }
        }
    }

    /// The last link of a chain.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn head(&self, shard: u8) -> Result<Option<Link>, StoreError> {
        Ok(self
            .get::<Head>(&head_key(shard))
            .await?
            .map(|head| head.link))
    }

    /// The entries at these places, in order; `None` where one is missing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries(&self, links: &[Link]) -> Result<Vec<Option<Entry>>, StoreError> {
        let mut entries = Vec::with_capacity(links.len());
        for chunk in links.chunks(100) {
            let keys: Vec<_> = chunk
                .iter()
                .map(|l| (Table::Ledger, entry_key(l.entry)))
                .collect();
            let mut found = self.get_many(&keys).await?;
            for (_, key) in &keys {
                entries.push(found.take::<StoredEntry>(key)?.map(|s| s.entry));
            }
        }
        Ok(entries)
    }

    /// Checks every chain from its beginning: links follow one another, each
    /// entry is there, once, and is what was hashed, and the head is the last link.
    ///
    /// # Errors
    /// [`StoreError`]; a broken chain is an answer, not an error.
    pub async fn verify_ledger(&self) -> Result<Verified, StoreError> {
        let mut verified = Verified::default();
        for shard in 0..SHARDS {
            // the head is read before and after: others may be chained meanwhile
            let before = self.head(shard).await?;
            let links = self.links(shard, 0, usize::MAX).await?;
            let after = self.head(shard).await?;
            let entries = self.entries(&links).await?;
            let mut last: Option<&Link> = None;
            let mut chained = BTreeSet::new();
            for (link, entry) in links.iter().zip(&entries) {
                let hash = entry.as_ref().and_then(|entry| entry.hash().ok());
                let once = chained.insert(link.entry);
                if !once || !link.follows(last) || hash != Some(link.entry_hash) {
                    verified.broken.push((shard, link.sequence));
                }
                last = Some(link);
            }
            if !is_headed(&links, before.as_ref(), after.as_ref()) {
                verified
                    .broken
                    .push((shard, last.map_or(0, |link| link.sequence)));
            }
            verified.links += links.len();
        }
        Ok(verified)
    }
}

/// The links reach to the head that stood before they were read, and not beyond the one after.
fn is_headed(links: &[Link], before: Option<&Link>, after: Option<&Link>) -> bool {
    let reaches = before.is_none_or(|head| links.contains(head));
    let ends = match (links.last(), after) {
        (None, _) => before.is_none(),
        (Some(_), None) => false,
        (Some(last), Some(head)) => last == head || last.sequence < head.sequence,
    };
    reaches && ends
}

/// The outcome of [`Db::verify_ledger`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many links there are.
    pub links: usize,
    /// Where a chain is broken: shard and sequence.
    pub broken: Vec<(u8, u64)>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use domain::{
        ids::EntryId,
        ledger::{Hash, Link},
        time::Timestamp,
    };

    use super::is_headed;

    fn chain(length: usize) -> Vec<Link> {
        let mut links: Vec<Link> = Vec::new();
        for _ in 0..length {
            let entry = EntryId::new(Timestamp::UNIX_EPOCH);
            links.push(Link::after(0, links.last(), entry, Hash([1; 32])));
        }
        links
    }

    #[test]
    fn a_chain_that_grows_while_it_is_read_reaches_its_head() {
        let links = chain(4);
        let read = &links[..3];
        assert!(is_headed(read, Some(&links[2]), Some(&links[2])));
        // one came before the links were read, one after
        assert!(is_headed(read, Some(&links[1]), Some(&links[3])));
        assert!(is_headed(read, None, Some(&links[2])));
        assert!(is_headed(&[], None, None));
        assert!(is_headed(&[], None, Some(&links[0])));
    }

    #[test]
    fn a_chain_that_was_cut_or_whose_head_was_moved_does_not() {
        let links = chain(4);
        let cut = &links[..2];
        assert!(!is_headed(cut, Some(&links[3]), Some(&links[3])));
        assert!(!is_headed(&links, Some(&links[1]), Some(&links[1])));
        assert!(!is_headed(&links, Some(&links[3]), None));
        assert!(!is_headed(&[], Some(&links[3]), Some(&links[3])));
        let other = chain(4);
        assert!(!is_headed(&links, Some(&other[3]), Some(&other[3])));
    }
}
