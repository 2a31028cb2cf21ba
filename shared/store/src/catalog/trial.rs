//! The course of a trial, as its notices tell it (clause 3.2b).

use domain::{
    consequence::{Consequence, Job, Letter, Recipient},
    ledger::Entry,
    processing::Actor,
    time::Timestamp,
    trial::{Notice, Trial},
};

use super::workspace::{TRIAL_SHARDS, Workspace, trial_queue, workspace_key};
use crate::{
    db::{Db, StoreError, Table, Tx},
    expression::{Condition, Update},
    outbox::{Message, Owner},
};

/// The due-queues of trials.
#[must_use]
pub fn trial_queues() -> Vec<String> {
    (0..TRIAL_SHARDS)
        .map(|shard| format!("TRIAL#{shard}"))
        .collect()
}

impl Workspace {
    /// The notice that is due at `now`; none for a workspace that somebody has
    /// paid for or that is being destroyed.
    #[must_use]
    pub fn due_notice(&self, now: Timestamp) -> Option<(Trial, Notice)> {
        self.next_notice()?;
        let trial = self.billing.trial?;
        Some((trial, trial.due(self.trial_notice, now)?))
    }

    /// Puts it into the queue at its next notice, or out of the queue. Refused
    /// when the workspace was changed since it was read.
    fn requeued(&self) -> Result<Update, StoreError> {
        let update = Update::new().when(Condition::equals("revision", self.revision)?);
        Ok(match self.next_notice() {
            Some((_, at)) => update
                .set("due_queue", trial_queue(self.id))?
                .set("due_at", at)?,
            None => update.remove("due_queue").remove("due_at"),
        })
    }
}

impl Db {
    /// Gives notice: in one transaction it is noted, the next one queued, the
    /// letter to the owner (and at the end the work of destruction) ordered
    /// and the ledger told. `false` when the workspace was changed meanwhile:
    /// by a payment, or by another run that gave the notice.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn give_notice(
        &self,
        workspace: &Workspace,
        trial: Trial,
        notice: Notice,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let told = Workspace {
            trial_notice: Some(notice),
            ..workspace.clone()
        };
        let update = told
            .requeued()?
            .set("trial_notice", notice)?
            .add("revision", 1);
        let mut tx = Tx::new();
        tx.update(
            "notice",
            Table::Catalog,
            &workspace_key(workspace.id),
            &update,
        );
        let letter = Consequence::Mail {
            to: Recipient::OnFile,
            letter: Letter::Trial {
                notice,
                ends_at: trial.ends_at,
                destruction_at: trial.destruction_at(),
            },
        };
        tx.emit(&Message::new(Owner::Subject(workspace.owner), letter, now));
        if notice == Notice::DestructionDue {
            let job = Consequence::Job {
                job: Job::DestroyWorkspace {
                    workspace: workspace.id,
                },
            };
            tx.emit(&Message::new(Owner::Workspace(workspace.id), job, now));
        }
        tx.record(entry(workspace, trial, notice, now));
        self.unless_changed(tx).await
    }

    /// Puts a workspace for which no notice is due where it belongs: into its
    /// queue at the next notice, or out of it. `false` when it was changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn requeue_trial(&self, workspace: &Workspace) -> Result<bool, StoreError> {
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

fn entry(workspace: &Workspace, trial: Trial, notice: Notice, now: Timestamp) -> Entry {
    let name = match notice {
        Notice::ThreeDaysLeft => "three_days_left",
        Notice::OneDayLeft => "one_day_left",
        Notice::Ended => "ended",
        Notice::DestructionInSevenDays => "destruction_in_seven_days",
        Notice::DestructionInOneDay => "destruction_in_one_day",
        Notice::DestructionDue => "destruction_due",
    };
    Entry::new(now, Actor::System, "trial.notice", "3.2b")
        .with_workspace(workspace.id)
        .with_fact("notice", name)
        .with_fact("trial_ends_at", trial.ends_at)
}
