//! The access log of a period: read from the chains of the ledger, so that what
//! is read is what is proven, and what lies outside the period costs nothing.

use std::time::{Duration, Instant};

use domain::{
    compliance::Period,
    ledger::{Entry, SHARDS},
    time::{SignedDuration, Timestamp, days, shift},
};

use crate::db::{Db, StoreError};

/// Entries are chained after they were committed, by this at the latest: the
/// order of a chain is the order of time but for this.
const CHAINED_WITHIN: SignedDuration = days(2);
/// How many links one call reads.
const AT_ONCE: usize = 400;
/// How long a list is read: the functions that make one have 29 seconds.
const READ_WITHIN: Duration = Duration::from_secs(18);
/// The most entries that one list may be made of.
pub const MAX_ACCESSES: usize = 200_000;

impl Db {
    /// The entries of a period that are chained, in the order of time; `None`
    /// when there are more than [`MAX_ACCESSES`] in and around it, or more than
    /// can be read in eighteen seconds.
    ///
    /// # Errors
    /// [`StoreError`]. An entry of a chain that is not there is
    /// [`StoreError::Rejected`]: the list would be wrong.
    pub async fn ledger_of(&self, period: Period) -> Result<Option<Vec<Entry>>, StoreError> {
        let started = Instant::now();
        let mut entries = Vec::new();
        let mut read = 0;
        for shard in 0..SHARDS {
            let mut after = self
                .last_before(shard, shift(period.from, -CHAINED_WITHIN))
                .await?;
            loop {
                let links = self.links(shard, after, AT_ONCE).await?;
                let Some(last) = links.last().map(|link| link.sequence) else {
                    break;
                };
                after = last;
                read += links.len();
                if read > MAX_ACCESSES || started.elapsed() > READ_WITHIN {
                    return Ok(None);
                }
                let found = self.entries(&links).await?;
                let found: Option<Vec<Entry>> = found.into_iter().collect();
                let found = found.ok_or_else(missing)?;
                let end = shift(period.to, CHAINED_WITHIN);
                let is_past = found.iter().all(|entry| entry.at > end);
                entries.extend(found.into_iter().filter(|entry| period.contains(entry.at)));
                if is_past {
                    break;
                }
            }
        }
        entries.sort_by_key(|entry| (entry.at, entry.id));
        Ok(Some(entries))
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

fn missing() -> StoreError {
    StoreError::Rejected("an entry of a chain is not there".to_owned())
}
