//! What waits for its time to be done at a provider, and what a customer has
//! decided about renewals.

use domain::{
    billing::{History, history::Choice},
    ids::WorkspaceId,
    ledger::Entry,
    processing::Actor,
    time::Timestamp,
};

use super::{
    billing::{Billed, Terms, history_key, put_account, put_history},
    workspace::workspace_key,
};
use crate::{
    db::{Db, Key, StoreError, Table, Tx},
    expression::{Condition, Update},
};

/// How many shards the queue of duties has.
const DUTY_SHARDS: u8 = 4;

/// The due-queues of what is to be done at a provider.
#[must_use]
pub fn duty_queues() -> Vec<String> {
    (0..DUTY_SHARDS)
        .map(|shard| format!("DUTY#{shard}"))
        .collect()
}

pub(super) fn duty_queue(workspace: WorkspaceId) -> String {
    format!("DUTY#{}", workspace.as_bytes()[15] % DUTY_SHARDS)
}

/// The workspace of a key that was found in a queue.
#[must_use]
pub fn workspace_of(key: &Key) -> Option<WorkspaceId> {
    let (_, id) = key.pk.split_once('#')?;
    id.parse().ok()
}

impl Db {
    /// A workspace with its billing history, in one call; `None` when it is gone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn billed(&self, workspace: WorkspaceId) -> Result<Option<Billed>, StoreError> {
        let keys = [
            (Table::Catalog, workspace_key(workspace)),
            (Table::Catalog, history_key(workspace)),
        ];
        let mut found = self.get_many(&keys).await?;
        let Some(workspace) = found.take(&keys[0].1)? else {
            return Ok(None);
        };
        let stored = found.take(&keys[1].1)?;
        Ok(Some(Billed { workspace, stored }))
    }

    /// Takes a workspace for which nothing is to be done now where it belongs:
    /// to the time of its next duty, or out of the queue. A history that was
    /// changed meanwhile has gone there by itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn requeue_duty(&self, billed: &Billed, now: Timestamp) -> Result<(), StoreError> {
        let Some(stored) = &billed.stored else {
            return Ok(());
        };
        let workspace = billed.workspace.id;
        let open = billed.workspace.closing_since.is_none();
        let later = billed
            .history()
            .duty()
            .filter(|duty| open && duty.due_at > now);
        let update = Update::new().when(Condition::equals("revision", stored.revision)?);
        let update = match later {
            Some(duty) => update
                .set("due_queue", duty_queue(workspace))?
                .set("due_at", duty.due_at)?,
            None => update.remove("due_queue").remove("due_at"),
        };
        let mut tx = Tx::new();
        tx.update("duty", Table::Catalog, &history_key(workspace), &update);
        match self.commit(tx).await {
            Err(error) if error.refused("duty") => Ok(()),
            other => other,
        }
    }

    /// Takes in what a customer has decided about renewals, and gives the history.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with `workspace` or `history` when it was changed
    /// meanwhile: read it again.
    pub async fn choose_renewal(
        &self,
        billed: &Billed,
        choice: Choice,
        terms: &Terms<'_>,
    ) -> Result<History, StoreError> {
        let (workspace, now) = (&billed.workspace, choice.at);
        let plan = choice.plan.clone().unwrap_or_else(|| "none".to_owned());
        let mut history = billed.history();
        history.choose(choice);
        let account = history.account(workspace.billing.trial);
        let mut tx = Tx::new();
        put_history(&mut tx, billed, &history)?;
        put_account(&mut tx, workspace, &account, terms.plans)?;
        let entry = Entry::new(now, Actor::Subject, "payment.renewal_chosen", "4.4")
            .with_workspace(workspace.id)
            .with_fact("plan", plan);
        tx.record(entry);
        self.commit(tx).await?;
        Ok(history)
    }
}
