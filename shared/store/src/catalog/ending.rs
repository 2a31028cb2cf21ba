//! How a workspace's full access ends, as its notices tell it (clause 3.2b;
//! terms 3.5, 3.6, 4.5).

use domain::{
    billing::ending::{Cause, Ending, Given},
    consequence::{Consequence, Job, Letter, Recipient},
    ledger::Entry,
    processing::Actor,
    time::Timestamp,
    trial::Notice,
};

use super::workspace::{ENDING_SHARDS, Noticed, Workspace, workspace_key};
use crate::{
    db::{Db, StoreError, Table, Tx},
    expression::{Condition, Update},
    outbox::{Message, Owner},
};

fn shards(name: &str) -> Vec<String> {
    (0..ENDING_SHARDS)
        .map(|shard| format!("{name}#{shard}"))
        .collect()
}

/// The due-queues of workspaces that nobody has paid for.
#[must_use]
pub fn trial_queues() -> Vec<String> {
    shards("TRIAL")
}

/// The due-queues of workspaces with a plan, or with one that has ended.
#[must_use]
pub fn plan_queues() -> Vec<String> {
    shards("PLAN")
}

impl Workspace {
    /// The notice that is due at `now`; none for a workspace that is being destroyed.
    #[must_use]
    pub fn due_notice(&self, now: Timestamp) -> Option<Notice> {
        let ending = self.ending()?;
        ending.due(self.told(ending), now)
    }

    /// Puts it where it waits for its next notice, or out of the queue.
    /// Refused when the workspace was changed since it was read.
    fn requeued(&self) -> Result<Update, StoreError> {
        let update = Update::new().when(Condition::equals("revision", self.revision)?);
        Ok(match self.queued() {
            Some((queue, at)) => update.set("due_queue", queue)?.set("due_at", at)?,
            None => update.remove("due_queue").remove("due_at"),
        })
    }
}

impl Db {
    /// Gives notice: in one transaction it is noted, the next one queued, the
    /// letter to the owner ordered and the ledger told. The last one orders the
    /// destruction, which begins with it: from that commit on the workspace is
    /// closing, and a payment that comes later finds it so. `false` when the
    /// workspace was changed meanwhile: by a payment, or by another run that
    /// gave the notice.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn give_notice(
        &self,
        workspace: &Workspace,
        notice: Notice,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(ending) = workspace.ending() else {
            return Ok(false);
        };
        let given = Given { notice, at: now };
        let noticed = Noticed {
            ends_at: ending.at,
            given,
        };
        let destroyed = notice == Notice::DestructionDue;
        let told = Workspace {
            noticed: Some(noticed),
            closing_since: destroyed.then_some(now),
            ..workspace.clone()
        };
        let mut update = told.requeued()?.set("noticed", noticed)?.add("revision", 1);
        if destroyed {
            update = update.set("closing_since", now)?;
        }
        let mut tx = Tx::new();
        let key = workspace_key(workspace.id);
        tx.update("notice", Table::Catalog, &key, &update);
        let letter = Consequence::Mail {
            to: Recipient::OnFile,
            letter: letter(ending, given),
        };
        tx.emit(&Message::new(Owner::Subject(workspace.owner), letter, now));
        if destroyed {
            let job = Consequence::Job {
                job: Job::DestroyWorkspace {
                    workspace: workspace.id,
                },
            };
            tx.emit(&Message::new(Owner::Workspace(workspace.id), job, now));
        }
        tx.record(entry(workspace, ending, notice, now));
        self.unless_changed(tx).await
    }

    /// Puts a workspace for which no notice is due where it belongs: into its
    /// queue at the next notice, or out of it. `false` when it was changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn requeue_ending(&self, workspace: &Workspace) -> Result<bool, StoreError> {
        let mut tx = Tx::new();
        let key = workspace_key(workspace.id);
        tx.update("notice", Table::Catalog, &key, &workspace.requeued()?);
        self.unless_changed(tx).await
    }

    async fn unless_changed(&self, tx: Tx) -> Result<bool, StoreError> {
        match self.commit(tx).await {
            Ok(()) => Ok(true),
            Err(error) if error.refused("notice") => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn letter(ending: Ending, given: Given) -> Letter {
    let (notice, ends_at) = (given.notice, ending.at);
    // of a notice that comes late, the destruction keeps its distance
    let destruction_at = ending
        .destruction_after(Some(given))
        .unwrap_or(ending.destruction_at());
    match ending.cause {
        Cause::Trial => Letter::Trial {
            notice,
            ends_at,
            destruction_at,
        },
        cause @ (Cause::Plan | Cause::Opening) => Letter::Unpaid {
            cause,
            notice,
            ends_at,
            destruction_at,
        },
    }
}

fn entry(workspace: &Workspace, ending: Ending, notice: Notice, now: Timestamp) -> Entry {
    let name = match notice {
        Notice::ThreeDaysLeft => "three_days_left",
        Notice::OneDayLeft => "one_day_left",
        Notice::Ended => "ended",
        Notice::DestructionInSevenDays => "destruction_in_seven_days",
        Notice::DestructionInOneDay => "destruction_in_one_day",
        Notice::DestructionDue => "destruction_due",
    };
    let (action, end) = match ending.cause {
        Cause::Trial => ("trial.notice", "trial_ends_at"),
        Cause::Plan => ("plan.notice", "plan_ends_at"),
        Cause::Opening => ("opening.notice", "opened_at"),
    };
    Entry::new(now, Actor::System, action, "3.2b")
        .with_workspace(workspace.id)
        .with_fact("notice", name)
        .with_fact(end, ending.at)
}
