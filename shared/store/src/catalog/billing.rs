//! Billing as it is stored: what the providers have said of a workspace, its
//! checkouts, the markers of applied events, and the payments' own records.
//!
//! History and checkouts stand in the workspace's partition and end with it;
//! the history waits in a due-queue for what is ours to do next ([`renewal`]).
//! A payment's record stands by itself, names neither workspace nor person and
//! is kept as long as accounting asks; an open dispute needs no more than it.
//!
//! [`renewal`]: super::renewal

mod checkout;
mod record;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    billing::{
        Account, Fact, History, Provider, Status,
        derive::letters,
        plan::{Plan, TRIAL_STORAGE_BYTES},
    },
    consequence::{Consequence, Letter, Recipient},
    ids::WorkspaceId,
    ledger::Entry,
    processing::Actor,
    time::{SignedDuration, Timestamp, days, shift},
};
use serde::{Deserialize, Serialize};

use super::{Workspace, partition, renewal::duty_queue, workspace::workspace_key};
use crate::{
    db::{Db, Entity, Key, StoreError, Table, Tx, due, expires},
    expression::{Condition, Update},
    outbox::{Message, Owner},
};

pub use checkout::{CHECKOUT_KEPT, Checkout, checkout_key, payment_transfer};
use record::put_records;
pub use record::{PaymentRecord, payment_key};

/// How long an applied event is remembered. Stripe delivers again for three
/// days and sends again on demand for thirty; the history would take a later
/// repeat without harm.
pub const EVENT_REMEMBERED: SignedDuration = days(90);

/// What the providers have said of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredHistory {
    workspace: WorkspaceId,
    pub(super) revision: u64,
    history: History,
}

pub(super) fn history_key(workspace: WorkspaceId) -> Key {
    Key::new(partition(workspace), "BILLING")
}

impl Entity for StoredHistory {
    const TABLE: Table = Table::Catalog;

    fn key(&self) -> Key {
        history_key(self.workspace)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        match self.history.duty() {
            Some(duty) => due(&duty_queue(self.workspace), duty.due_at),
            None => Vec::new(),
        }
    }
}

/// A provider's event that was applied. Holds nothing but the event's id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct AppliedEvent {
    provider: Provider,
    event: String,
    applied_at: Timestamp,
}

fn event_key(provider: Provider, event: &str) -> Key {
    Key::new(format!("EVENT#{}#{event}", provider.as_str()), "EVENT")
}

impl Entity for AppliedEvent {
    const TABLE: Table = Table::Catalog;

    fn key(&self) -> Key {
        event_key(self.provider, &self.event)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![expires(shift(self.applied_at, EVENT_REMEMBERED))]
    }
}

/// A provider's event, by its id: what a repeat is known by.
#[derive(Debug, Clone, Copy)]
pub struct ProviderEvent<'a> {
    /// Whose event.
    pub provider: Provider,
    /// The event's id.
    pub id: &'a str,
    /// The event's name at the provider, such as `invoice.paid`.
    pub kind: &'a str,
}

/// What an event meets.
#[derive(Debug, Clone)]
pub enum Meeting {
    /// The event was applied before.
    Repeated,
    /// The workspace is gone.
    Gone,
    /// The workspace with its history, as they were read.
    Workspace(Box<Billed>),
}

/// A workspace and its history, as they were read together.
#[derive(Debug, Clone)]
pub struct Billed {
    pub(super) workspace: Workspace,
    pub(super) stored: Option<StoredHistory>,
}

impl Billed {
    /// The workspace.
    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// What the providers have said so far.
    #[must_use]
    pub fn history(&self) -> History {
        self.stored
            .as_ref()
            .map(|stored| stored.history.clone())
            .unwrap_or_default()
    }
}

/// What configuration says about payments.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// What is sold.
    pub plans: &'a [Plan],
    /// How long a payment's record is kept.
    pub record_kept: SignedDuration,
}

/// Whether the owner of the workspace is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// By letter; the commit is refused under `person` when the owner is being erased.
    Owner,
    /// Nobody: the owner is gone, the workspace is not.
    Nobody,
}

impl Db {
    /// What the providers have said of a workspace.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn billing_history(&self, workspace: WorkspaceId) -> Result<History, StoreError> {
        let stored: Option<StoredHistory> = self.get(&history_key(workspace)).await?;
        Ok(stored.map(|stored| stored.history).unwrap_or_default())
    }

    /// Reads in one call what an event meets.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn meet(
        &self,
        workspace: WorkspaceId,
        event: &ProviderEvent<'_>,
    ) -> Result<Meeting, StoreError> {
        let keys = [
            (Table::Catalog, event_key(event.provider, event.id)),
            (Table::Catalog, workspace_key(workspace)),
            (Table::Catalog, history_key(workspace)),
        ];
        let mut found = self.get_many(&keys).await?;
        if found.take::<AppliedEvent>(&keys[0].1)?.is_some() {
            return Ok(Meeting::Repeated);
        }
        let Some(workspace) = found.take::<Workspace>(&keys[1].1)? else {
            return Ok(Meeting::Gone);
        };
        let stored = found.take(&keys[2].1)?;
        Ok(Meeting::Workspace(Box::new(Billed { workspace, stored })))
    }

    /// Applies an event in one transaction: its marker, the history, the
    /// account that follows from it, records, letters and the ledger's entry.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with `event` (applied meanwhile), `workspace` or
    /// `history` (changed meanwhile: meet it again), `person` (see [`Tell`]).
    pub async fn apply_event(
        &self,
        billed: &Billed,
        event: &ProviderEvent<'_>,
        facts: &[Fact],
        terms: &Terms<'_>,
        tell: Tell,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let before = billed.history();
        let mut after = before.clone();
        facts.iter().for_each(|fact| after.merge(fact));
        let workspace = &billed.workspace;
        let account = after.account(workspace.billing.trial);

        let mut tx = marked(event, now);
        if after != before {
            put_history(&mut tx, billed, &after)?;
            put_account(&mut tx, workspace, &account, terms.plans)?;
            put_records(&mut tx, &after, event.provider, facts, terms.record_kept);
            if tell == Tell::Owner {
                let told = letters(&before, &after, &account);
                post(&mut tx, workspace, told, now);
            }
        }
        let entry = entry("payment.event_applied", event, now)
            .with_workspace(workspace.id)
            .with_fact("event_id", event.id)
            .with_fact("status_before", status_name(workspace.billing.status))
            .with_fact("status", status_name(account.status))
            .with_fact("refunded_minor", account.refunded_minor);
        tx.record(entry);
        self.commit(tx).await
    }

    /// Notes an event that came after its workspace was gone: nothing is made
    /// anew, and nothing that leads to the workspace or a person is kept.
    ///
    /// # Errors
    /// [`StoreError`]; a repeat is no error.
    pub async fn note_late_event(
        &self,
        event: &ProviderEvent<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = marked(event, now);
        tx.record(entry("payment.event_late", event, now));
        match self.commit(tx).await {
            Err(error) if error.refused("event") => Ok(()),
            other => other,
        }
    }
}

fn marked(event: &ProviderEvent<'_>, now: Timestamp) -> Tx {
    let mut tx = Tx::new();
    let marker = AppliedEvent {
        provider: event.provider,
        event: event.id.to_owned(),
        applied_at: now,
    };
    tx.create("event", &marker);
    tx
}

fn entry(name: &str, event: &ProviderEvent<'_>, now: Timestamp) -> Entry {
    Entry::new(now, Actor::System, name, "4.4")
        .with_fact("provider", event.provider.as_str())
        .with_fact("event", event.kind)
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Trialing => "trialing",
        Status::Active => "active",
        Status::PastDue => "past_due",
        Status::Suspended => "suspended",
        Status::Canceled => "canceled",
    }
}

pub(super) fn put_history(
    tx: &mut Tx,
    billed: &Billed,
    history: &History,
) -> Result<(), StoreError> {
    let (revision, unmoved) = match &billed.stored {
        Some(stored) => (
            stored.revision + 1,
            Condition::equals("revision", stored.revision)?,
        ),
        None => (1, Condition::item_absent()),
    };
    let stored = StoredHistory {
        workspace: billed.workspace.id,
        revision,
        history: history.clone(),
    };
    tx.put_if("history", &stored, Some(&unmoved));
    Ok(())
}

/// Changes only what billing decides: uploads count `stored_bytes` meanwhile.
pub(super) fn put_account(
    tx: &mut Tx,
    workspace: &Workspace,
    account: &Account,
    plans: &[Plan],
) -> Result<(), StoreError> {
    let mut changed = workspace.clone();
    changed.billing = account.clone();
    changed.storage_limit_bytes = limit(workspace, account, plans);
    let update = Update::new()
        .set("billing", &changed.billing)?
        .set("storage_limit_bytes", changed.storage_limit_bytes)?
        .add("revision", 1);
    let update = match changed.queued() {
        Some((queue, due_at)) => update.set("due_queue", queue)?.set("due_at", due_at)?,
        None => update.remove("due_queue").remove("due_at"),
    };
    let unmoved = Condition::equals("revision", workspace.revision)?;
    let key = workspace_key(workspace.id);
    tx.update("workspace", Table::Catalog, &key, &update.when(unmoved));
    Ok(())
}

/// The plan's limit; a plan that is not sold any more keeps the limit that it gave.
fn limit(workspace: &Workspace, account: &Account, plans: &[Plan]) -> u64 {
    let Some(code) = &account.plan else {
        return TRIAL_STORAGE_BYTES;
    };
    plans
        .iter()
        .find(|plan| plan.code == *code)
        .map_or(workspace.storage_limit_bytes, |plan| plan.storage_bytes)
}

fn post(tx: &mut Tx, workspace: &Workspace, letters: Vec<Letter>, now: Timestamp) {
    if letters.is_empty() {
        return;
    }
    tx.alive(workspace.owner);
    for letter in letters {
        let mail = Consequence::Mail {
            to: Recipient::OnFile,
            letter,
        };
        tx.emit(&Message::new(Owner::Subject(workspace.owner), mail, now));
    }
}
