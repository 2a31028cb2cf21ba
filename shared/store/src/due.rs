//! Working off the due-queues: in bounded batches, each item alone.

use std::{collections::HashSet, fmt::Display, future::Future};

use domain::time::{SignedDuration, Timestamp, shift};

use crate::{
    db::{Db, Key, StoreError, Table, Tx},
    expression::{Condition, Update},
};

/// How much one run takes on.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The most keys that one query returns.
    pub page: i32,
    /// The most items of one queue in one run; what is left waits for the next run.
    pub per_queue: usize,
    /// How long an item that failed steps back, so that it keeps no other waiting.
    pub step_back: SignedDuration,
}

/// What a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Worked {
    /// Items that were handled.
    pub processed: usize,
    /// Items that failed and will be tried again.
    pub failed: usize,
    /// Some that are due were left for the next run.
    pub more: bool,
}

impl Db {
    /// Hands every due key of these queues to `handle`. An item that fails is
    /// logged and steps back; the others go on.
    ///
    /// # Errors
    /// [`StoreError`] when a queue itself can't be read.
    pub async fn work_off<F, Fut, E>(
        &self,
        queues: &[String],
        now: Timestamp,
        bounds: Bounds,
        handle: F,
    ) -> Result<Worked, StoreError>
    where
        F: Fn(Key) -> Fut,
        Fut: Future<Output = Result<(), E>>,
        E: Display,
    {
        let mut worked = Worked::default();
        for queue in queues {
            let mut seen = HashSet::new();
            loop {
                let due = self.due(queue, now, bounds.page).await?;
                let was_last = i32::try_from(due.len()).is_ok_and(|count| count < bounds.page);
                let fresh: Vec<Key> = due.into_iter().filter(|key| !seen.contains(key)).collect();
                // the index lags behind: what it shows was handled just now
                let is_stale = fresh.is_empty();
                for key in fresh {
                    if seen.len() == bounds.per_queue {
                        worked.more = true;
                        break;
                    }
                    seen.insert(key.clone());
                    match handle(key.clone()).await {
                        Ok(()) => worked.processed += 1,
                        Err(error) => {
                            tracing::error!(queue, pk = key.pk, sk = key.sk, %error, "a due item failed");
                            worked.failed += 1;
                            let until = shift(now, bounds.step_back);
                            self.step_back(Table::Catalog, &key, until).await;
                        }
                    }
                }
                if was_last || is_stale || seen.len() == bounds.per_queue {
                    worked.more |= !was_last;
                    break;
                }
            }
        }
        Ok(worked)
    }

    pub(crate) async fn step_back(&self, table: Table, key: &Key, until: Timestamp) {
        let outcome = async {
            let later = Update::new()
                .set("due_at", until)?
                .when(Condition::has("due_queue"));
            // not `Db::update`: an item that can't be read must step back too
            let mut tx = Tx::new();
            tx.update("due", table, key, &later);
            self.commit(tx).await
        };
        match outcome.await {
            Ok(()) | Err(StoreError::Refused(_)) => {}
            Err(error) => tracing::warn!(pk = key.pk, %error, "a due item could not step back"),
        }
    }

    /// Takes an item out of its due-queue, for which nothing is left to do.
    ///
    /// # Errors
    /// [`StoreError`]; an item that is gone, or in no queue, is no error.
    pub async fn leave_queue(&self, key: &Key) -> Result<(), StoreError> {
        let out = Update::new()
            .remove("due_queue")
            .remove("due_at")
            .when(Condition::has("due_queue"));
        let mut tx = Tx::new();
        tx.update("due", Table::Catalog, key, &out);
        match self.commit(tx).await {
            Err(error) if error.refused("due") => Ok(()),
            other => other,
        }
    }
}
