//! After a restore: what was erased since the backup is destroyed again, and
//! nobody is signed in by what was valid then (clauses 5.2a, 5.2b).
//!
//! The bucket of proofs is not restored: its certificates say who was erased,
//! by fingerprints that only a copy of the identifier matches. The ledger tells
//! which workspaces and assets were destroyed. Each invocation does a bounded
//! part and remembers where it stopped; one that is killed is done again from
//! there. The tables are walked until a whole walk finds nothing.

mod again;
mod hits;
mod loss;
mod sessions;
mod tombstones;

use domain::{
    certificate::Certificate,
    ids::CaseId,
    ledger::Entry,
    processing::Actor,
    time::{SignedDuration, Timestamp, shift},
};
use serde_json::{Value, json};
use store::{
    Key, Table,
    erasure::{Cursor, Part, Replay, Seen},
};
use tokio::sync::Mutex;

use crate::{App, Error};
use hits::Hits;

/// How many pages of 500 items one invocation reads.
const PAGES: usize = 40;
/// How often the tables are walked for one batch of certificates. What is found
/// still is not where we destroy.
const PASSES: u32 = 3;
/// How many cases one commit tells the ledger of.
const TOLD_AT_ONCE: usize = 50;
/// A restore is exact to the second; what was at that very time is looked at too.
const MARGIN: SignedDuration = SignedDuration::from_mins(1);

/// A replay under way. What it finds is counted by several at once.
struct Work<'a> {
    app: &'a App,
    replay: Mutex<Replay>,
    /// What was destroyed from here on was not in the backup, or is back.
    since: Timestamp,
    restored_at: Timestamp,
}

/// Goes on with the replay of this restore, or begins it. Returns
/// `{"done", "certificates", "destroyed", "ended", "lost_entries"}`; it is to
/// be called until `done`.
pub(crate) async fn run(
    app: &App,
    since: Timestamp,
    restored_at: Timestamp,
) -> Result<Value, Error> {
    let now = app.clock.now();
    if since > restored_at || restored_at > now {
        let order = "since is before restored_at, which is not in the future";
        return Err(Error::NotATask(order.to_owned()));
    }
    let known = app.db.replay().await?;
    let replay = match known.filter(|replay| replay.is_of(since, restored_at)) {
        Some(replay) => replay,
        None => begin(app, since, restored_at).await?,
    };
    let work = Work {
        app,
        replay: Mutex::new(replay),
        since: shift(since, -MARGIN),
        restored_at,
    };
    let outcome = work.go_on().await;
    let replay = work.replay.into_inner();
    outcome?;
    Ok(json!({
        "done": replay.is_finished(),
        "certificates": replay.certificates,
        "destroyed": replay.destroyed,
        "ended": replay.ended,
        "lost_entries": replay.lost_entries,
    }))
}

async fn begin(app: &App, since: Timestamp, restored_at: Timestamp) -> Result<Replay, Error> {
    let now = app.clock.now();
    let mut replay = Replay::beginning(since, restored_at, now);
    let losses = loss::look(app, shift(since, -MARGIN)).await?;
    replay.lost_entries = losses.iter().map(loss::Loss::entries).sum();
    let mut entry = Entry::new(now, Actor::System, "restore.replay_began", "5.2b")
        .with_fact("since", since)
        .with_fact("restored_at", restored_at)
        .with_fact("lost_entries", replay.lost_entries);
    for loss in &losses {
        entry = entry.with_fact(&format!("chain.{}", loss.shard), loss);
    }
    if !losses.is_empty() {
        platform::alarm!(
            "ledger_entries_lost",
            entries = replay.lost_entries,
            "the ledger has not what its signed roots are of"
        );
    }
    app.db.save_replay(&mut replay, vec![entry]).await?;
    Ok(replay)
}

impl Work<'_> {
    async fn go_on(&self) -> Result<(), Error> {
        let mut batch: Option<tombstones::Batch> = None;
        for _ in 0..PAGES {
            let part = self.replay.lock().await.part.clone();
            match part {
                Part::Finished => return Ok(()),
                Part::Ledger { after } => self.ledger(after).await?,
                Part::Tables {
                    done,
                    cursor,
                    passes,
                    found,
                } => {
                    let known = match batch.take() {
                        Some(known) => known,
                        None => tombstones::batch(self.app, self.since, done.as_deref()).await?,
                    };
                    if self.page(&cursor, &known.certificates).await? {
                        batch = Some(known);
                    } else if found > 0 {
                        self.walk_again(passes).await?;
                        batch = Some(known);
                    } else {
                        self.end_batch(known).await?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A page of the ledger: what it says was destroyed since.
    async fn ledger(&self, after: Option<[String; 2]>) -> Result<(), Error> {
        let after = after.map(|[pk, sk]| Key::new(pk, sk));
        let sheet = self.app.census.entries(after.as_ref()).await?;
        for entry in sheet.rows.iter().filter(|entry| entry.at >= self.since) {
            self.destroy_told(entry).await?;
        }
        self.save(|replay| {
            replay.part = match sheet.next {
                Some(key) => Part::Ledger {
                    after: Some([key.pk, key.sk]),
                },
                None => walk(None, 0),
            };
        })
        .await
    }

    /// A page of the tables; `false` when the walk has come to its end.
    async fn page(&self, cursor: &Cursor, certificates: &[Certificate]) -> Result<bool, Error> {
        let Some((table, sheet)) = self.app.census.walk(cursor).await? else {
            return Ok(false);
        };
        let hits = Hits::among(&sheet.rows, certificates);
        for (workspace, case) in &hits.workspaces {
            self.destroy_workspace(Some(*case), *workspace).await?;
        }
        for (subject, hit) in &hits.persons {
            self.erase(*subject, hit).await?;
        }
        let rows: &[Seen] = &sheet.rows;
        if table == Table::People {
            self.end_sessions(rows).await?;
        }
        self.save(|replay| {
            if let Part::Tables { cursor, found, .. } = &mut replay.part {
                cursor.turn(sheet.next);
                *found += u64::try_from(hits.len()).unwrap_or(u64::MAX);
            }
        })
        .await?;
        Ok(true)
    }

    /// The walk has found something: another one shows whether it is gone.
    async fn walk_again(&self, passes: u32) -> Result<(), Error> {
        if passes + 1 >= PASSES {
            platform::alarm!(
                "replay_incomplete",
                "somebody who was erased is named where no erasure looks"
            );
            return Err(Error::Left("the restored tables"));
        }
        self.save(|replay| {
            if let Part::Tables { done, .. } = &replay.part {
                replay.part = walk(done.clone(), passes + 1);
            }
        })
        .await
    }

    /// A whole walk has found nothing of these certificates.
    async fn end_batch(&self, batch: tombstones::Batch) -> Result<(), Error> {
        self.tell_cases().await?;
        let count = u64::try_from(batch.certificates.len()).unwrap_or(u64::MAX);
        if let Some(last) = batch.more {
            return self
                .save(|replay| {
                    replay.certificates += count;
                    replay.part = walk(Some(last), 0);
                })
                .await;
        }
        let mut replay = self.replay.lock().await;
        replay.certificates += count;
        replay.part = Part::Finished;
        let now = self.app.clock.now();
        let entry = Entry::new(now, Actor::System, "restore.replayed", "5.2b")
            .with_fact("since", replay.since)
            .with_fact("restored_at", replay.restored_at)
            .with_fact("certificates", replay.certificates)
            .with_fact("destroyed", replay.destroyed)
            .with_fact("ended", replay.ended);
        self.app.db.save_replay(&mut replay, vec![entry]).await?;
        Ok(())
    }

    /// The ledger hears of each case whose person had come back.
    async fn tell_cases(&self) -> Result<(), Error> {
        let mut replay = self.replay.lock().await;
        while !replay.by_case.is_empty() {
            let later = replay.by_case.keys().nth(TOLD_AT_ONCE).cloned();
            let later = later.map(|case| replay.by_case.split_off(&case));
            let told = std::mem::replace(&mut replay.by_case, later.unwrap_or_default());
            let now = self.app.clock.now();
            let entries = told.iter().map(|(case, count)| {
                Entry::new(now, Actor::System, "erasure.replayed", "5.2b")
                    .with_fact("case", case)
                    .with_fact("destroyed", count)
            });
            let entries = entries.collect();
            self.app.db.save_replay(&mut replay, entries).await?;
        }
        Ok(())
    }

    async fn save(&self, change: impl FnOnce(&mut Replay)) -> Result<(), Error> {
        let mut replay = self.replay.lock().await;
        change(&mut replay);
        Ok(self.app.db.save_replay(&mut replay, Vec::new()).await?)
    }

    /// Counts what came back, before it is destroyed; once, however often the
    /// work breaks off.
    async fn found(&self, case: Option<CaseId>, batch: Vec<String>) -> Result<(), Error> {
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let mut replay = self.replay.lock().await;
        if !replay.is_new(&batch) {
            return Ok(());
        }
        replay.destroyed += count;
        if let Some(case) = case {
            *replay.by_case.entry(case.to_string()).or_default() += count;
        }
        Ok(self.app.db.save_replay(&mut replay, Vec::new()).await?)
    }
}

/// The first page of a walk over the tables.
fn walk(done: Option<String>, passes: u32) -> Part {
    Part::Tables {
        done,
        cursor: Cursor::default(),
        passes,
        found: 0,
    }
}
