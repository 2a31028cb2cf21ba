//! The access log of a period: read from the chains of the ledger, so that what
//! is read is what is proven, and what lies outside the period costs nothing.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use domain::{
    compliance::Period,
    ledger::{Entry, SHARDS},
    time::{SignedDuration, Timestamp, days, shift},
};
use futures::future::try_join_all;

use crate::db::{Db, StoreError};

/// Entries are chained after they were committed, by this at the latest: the
/// order of a chain is the order of time but for this.
const CHAINED_WITHIN: SignedDuration = days(2);
/// How many links one call reads.
const AT_ONCE: usize = 200;
/// What a page that has begun, and the answer, take at the most.
const LAST_PAGE: Duration = Duration::from_secs(5);
/// The most entries that one list may be made of.
pub const MAX_ACCESSES: usize = 200_000;

impl Db {
    /// The entries of a period that are chained, in the order of time; `None`
    /// when there are more than [`MAX_ACCESSES`] in and around it, or more than
    /// can be read until five seconds before `end`.
    ///
    /// # Errors
    /// [`StoreError`]. An entry of a chain that is not there is
    /// [`StoreError::Rejected`]: the list would be wrong.
    pub async fn ledger_of(
        &self,
        period: Period,
        end: Option<Instant>,
    ) -> Result<Option<Vec<Entry>>, StoreError> {
        let reading = Reading {
            db: self,
            period,
            end,
            read: AtomicUsize::new(0),
        };
        let chains = try_join_all((0..SHARDS).map(|shard| reading.chain(shard))).await?;
        let chains: Option<Vec<_>> = chains.into_iter().collect();
        Ok(chains.map(|chains| {
            let mut entries: Vec<_> = chains.into_iter().flatten().collect();
            entries.sort_by_key(|entry: &Entry| (entry.at, entry.id));
            entries
        }))
    }

    /// The sequence after which a chain has to be read for everything from
    /// `from` on; 0 for its beginning. Halves the chain again and again.
    async fn last_before(&self, shard: u8, from: Timestamp) -> Result<u64, StoreError> {
        let Some(head) = self.head(shard).await? else {
            return Ok(0);
        };
        // everything up to `low` is older than `from`; `high` is not, or is the end
        let (mut low, mut high) = (0, head.sequence + 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.time_of(shard, middle).await? < from {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    async fn time_of(&self, shard: u8, sequence: u64) -> Result<Timestamp, StoreError> {
        let links = self.links(shard, sequence - 1, 1).await?;
        let mut entries = self.entries(&links).await?;
        let entry = entries.pop().flatten().ok_or_else(missing)?;
        Ok(entry.at)
    }
}

/// A reading of all chains, side by side.
struct Reading<'a> {
    db: &'a Db,
    period: Period,
    end: Option<Instant>,
    /// Entries of all chains so far.
    read: AtomicUsize,
}

impl Reading<'_> {
    /// What one chain has of the period; `None` when the reading is too much.
    async fn chain(&self, shard: u8) -> Result<Option<Vec<Entry>>, StoreError> {
        let begin = shift(self.period.from, -CHAINED_WITHIN);
        let end = shift(self.period.to, CHAINED_WITHIN);
        let mut entries = Vec::new();
        let mut after = self.db.last_before(shard, begin).await?;
        loop {
            let links = self.db.links(shard, after, AT_ONCE).await?;
            let Some(last) = links.last() else {
                return Ok(Some(entries));
            };
            after = last.sequence;
            if self.is_too_much(links.len()) {
                return Ok(None);
            }
            let found = self.db.entries(&links).await?;
            let found: Option<Vec<Entry>> = found.into_iter().collect();
            let found = found.ok_or_else(missing)?;
            let is_past = found.iter().all(|entry| entry.at > end);
            let within = |entry: &Entry| self.period.contains(entry.at);
            entries.extend(found.into_iter().filter(within));
            if is_past {
                return Ok(Some(entries));
            }
        }
    }

    fn is_too_much(&self, more: usize) -> bool {
        let read = self.read.fetch_add(more, Ordering::Relaxed) + more;
        let left = |end: Instant| end.saturating_duration_since(Instant::now());
        read > MAX_ACCESSES || self.end.is_some_and(|end| left(end) < LAST_PAGE)
    }
}

fn missing() -> StoreError {
    StoreError::Rejected("an entry of a chain is not there".to_owned())
}
