//! Erasures under way, their receipts, and the probe that looks for what may
//! be left (clause 5.2b).
//!
//! Two items carry an erasure. [`Run`] names the person and is the job's memory
//! when the person's own items are gone; it is deleted last. [`Case`] with its
//! [`StepRecord`]s is what remains: it holds no personal data and is what the
//! certificate is made of. [`Replay`] and [`Round`] are the memory of the walks
//! over whole tables: after a restore, and every night. An [`Act`] is what the
//! law wants to be kept of it, a [`Hold`] what it forbids to destroy yet: [`Copied`] while the
//! person is [`Held`].

mod act;
mod census;
mod copies;
mod held;
mod hold;
mod replay;
mod round;

pub use act::Act;
pub use census::{Census, Cursor, Seen, Sheet, Sightings};
pub use copies::{Copied, HoldPart};
pub use held::{FILLED_AGAIN_AFTER, Held};
pub use hold::Hold;
pub use replay::{Part, Replay};
pub use round::{Finding, Round};

use std::collections::BTreeSet;

use domain::{
    certificate::{Kept, Step},
    ids::{CaseId, EntryId, RequestId, SubjectId, WorkspaceId},
    ledger::Entry,
    opendsr::{ExchangeRef, Standing},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    catalog::workspace::workspace_key,
    db::{Db, Entity, Key, StoreError, Table, Tx},
    expression::{Condition, Update},
    lookup::LookupHash,
    people::{alive, person_key, undeliverable_key},
};

/// An erasure under way: everything that it needs to know when the person's
/// own items are gone. One per person; deleted with the last commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Who is erased.
    pub subject: SubjectId,
    /// The case.
    pub case: CaseId,
    /// The request that asked for it; none when the purpose has ended.
    pub request: Option<RequestId>,
    /// The keyed hash of the login address.
    pub login: LookupHash,
    /// The keyed hash of the company.
    pub company: LookupHash,
    /// Workspaces without another member: destroyed.
    #[serde(default)]
    pub destroyed: BTreeSet<WorkspaceId>,
    /// Workspaces with other members: the references to the person are taken out.
    #[serde(default)]
    pub left: BTreeSet<WorkspaceId>,
    /// The exchanges with controllers that end with the person, and how.
    #[serde(default)]
    pub exchanges: Vec<(ExchangeRef, Standing)>,
}

/// What the partition keys of erasures under way begin with.
pub const RUN_PREFIX: &str = "ERASURE#";

/// Where the erasure of a person stands while it is under way.
#[must_use]
pub fn run_key(subject: SubjectId) -> Key {
    Key::new(format!("{RUN_PREFIX}{subject}"), "RUN")
}

impl Entity for Run {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        run_key(self.subject)
    }
}

/// An erasure as its certificate will tell it. Holds no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// The case.
    pub case: CaseId,
    /// The clause of the policy.
    pub clause: String,
    /// The provision of the law.
    pub law: String,
    /// When the reason arose.
    pub received_at: Timestamp,
    /// When the work began.
    pub began_at: Timestamp,
    /// The fingerprint of the destroyed data key.
    pub key_fingerprint: Option<String>,
    /// When the last probe found nothing; from here on the case does not change.
    pub finished_at: Option<Timestamp>,
    /// The ledger entry that will name the certificate.
    pub ledger_entry: Option<EntryId>,
    /// What was kept.
    #[serde(default)]
    pub kept: Vec<Kept>,
    /// SHA-256 of the certificate's text, once it is stored.
    pub certificate_sha256: Option<String>,
}

fn case_partition(case: CaseId) -> String {
    format!("CASE#{case}")
}

fn case_key(case: CaseId) -> Key {
    Key::new(case_partition(case), "CASE")
}

impl Entity for Case {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        case_key(self.case)
    }
}

/// What a step has found so far, and left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The case.
    pub case: CaseId,
    /// The step.
    pub step: Step,
    /// How many things it found, however often it was interrupted.
    #[serde(default)]
    pub before: u64,
    /// How many it left when it ended last.
    pub after: Option<u64>,
    /// When it began first.
    pub begun_at: Timestamp,
    /// When it ended last.
    pub finished_at: Option<Timestamp>,
    /// The batch that was counted last, so that one that is tried again counts once.
    pub batch: Option<String>,
}

const STEP_PREFIX: &str = "STEP#";

fn step_key(case: CaseId, step: Step) -> Key {
    let order = Step::ALL
        .iter()
        .position(|s| *s == step)
        .unwrap_or_default();
    Key::new(
        case_partition(case),
        format!("{STEP_PREFIX}{order:02}#{}", step.as_str()),
    )
}

impl Entity for StepRecord {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        step_key(self.case, self.step)
    }
}

impl Tx {
    /// Marks a person as being erased, and the workspaces that go with them as
    /// closing: from here on nothing may be added to them. Refused under
    /// `person` when they are being erased already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin_erasure(&mut self, run: &Run, case: &Case) -> Result<(), StoreError> {
        let mark = Update::new()
            .set("erasing_since", case.began_at)?
            .when(alive());
        self.update("person", Table::People, &person_key(run.subject), &mark);
        self.create("erasure", run);
        self.create("case", case);
        for workspace in &run.destroyed {
            self.close_workspace(*workspace, case.began_at)?;
        }
        Ok(())
    }

    /// Stores what an erasure under way leaves to holds that it found after its beginning, and
    /// how its exchanges end; refused under `case` once its work is done.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_more(&mut self, run: &Run, case: &Case) -> Result<(), StoreError> {
        let kept = Update::new()
            .set("kept", &case.kept)?
            .when(Condition::item_exists().and(Condition::lacks("finished_at")));
        self.update("case", Table::People, &case_key(case.case), &kept);
        let ends = Update::new()
            .set("exchanges", &run.exchanges)?
            .when(Condition::item_exists());
        self.update("erasure", Table::People, &run.key(), &ends);
        Ok(())
    }

    /// Marks a workspace as closing; one that is closing already stays so.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn close_workspace(
        &mut self,
        workspace: WorkspaceId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let update = Update::new()
            .set("closing_since", now)?
            .remove("due_queue")
            .remove("due_at")
            .when(Condition::item_exists());
        let key = workspace_key(workspace);
        self.update("workspace", Table::Catalog, &key, &update);
        Ok(())
    }

    /// Ends an erasure whose certificate is stored: forgets who it was, and lets
    /// the ledger name the certificate's hash. Refused under `case` when that
    /// was done before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn finish_erasure(
        &mut self,
        run: &Run,
        certificate_sha256: &str,
        entry: Entry,
    ) -> Result<(), StoreError> {
        let done = Update::new()
            .set("certificate_sha256", certificate_sha256)?
            .when(Condition::item_exists().and(Condition::lacks("certificate_sha256")));
        self.update("case", Table::People, &case_key(run.case), &done);
        self.delete("erasure", Table::People, &run.key(), None);
        let undeliverable = undeliverable_key(&run.login);
        self.delete("undeliverable", Table::People, &undeliverable, None);
        self.end_exchanges(&run.exchanges, entry.at);
        self.record(entry);
        Ok(())
    }
}

impl Db {
    /// The erasure of a person that is under way.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erasure_run(&self, subject: SubjectId) -> Result<Option<Run>, StoreError> {
        self.get(&run_key(subject)).await
    }

    /// A case.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erasure_case(&self, case: CaseId) -> Result<Option<Case>, StoreError> {
        self.get(&case_key(case)).await
    }

    /// The steps of a case that have begun, in order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erasure_steps(&self, case: CaseId) -> Result<Vec<StepRecord>, StoreError> {
        self.list_all(&case_partition(case), STEP_PREFIX).await
    }

    /// Notes that a step begins; one that began before keeps what it found.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_step(
        &self,
        case: CaseId,
        step: Step,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        tx.create(
            "step",
            &StepRecord {
                case,
                step,
                before: 0,
                after: None,
                begun_at: now,
                finished_at: None,
                batch: None,
            },
        );
        match self.commit(tx).await {
            Err(error) if error.refused("step") => Ok(()),
            other => other,
        }
    }

    /// Counts what a step found, before it destroys it. The same batch, found
    /// again after an interruption, is counted once.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn step_found(
        &self,
        case: CaseId,
        step: Step,
        batch: &[String],
    ) -> Result<(), StoreError> {
        let name = domain::certificate::sha256(&batch.join("\n"));
        let new = Condition::lacks("batch").or(Condition::differs("batch", &name)?);
        let count = i64::try_from(batch.len()).unwrap_or(i64::MAX);
        let update = Update::new()
            .add("before", count)
            .set("batch", &name)?
            .when(Condition::item_exists().and(new));
        match self
            .update::<StepRecord>("batch", &step_key(case, step), &update)
            .await
        {
            Ok(_) => Ok(()),
            Err(error) if error.refused("batch") => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Notes that a step has ended, and what it left.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn finish_step(
        &self,
        case: CaseId,
        step: Step,
        after: u64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let update = Update::new()
            .set("after", after)?
            .set("finished_at", now)?
            .when(Condition::item_exists());
        self.update::<StepRecord>("step", &step_key(case, step), &update)
            .await?;
        Ok(())
    }

    /// Notes which key will be destroyed, before it is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_key(&self, case: CaseId, fingerprint: &str) -> Result<(), StoreError> {
        let update = Update::new()
            .set("key_fingerprint", fingerprint)?
            .when(Condition::item_exists());
        self.update::<Case>("case", &case_key(case), &update)
            .await?;
        Ok(())
    }

    /// Freezes a case whose work is done: its end and its ledger entry are
    /// written once, so that every attempt makes the same certificate.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn freeze_case(&self, case: CaseId, now: Timestamp) -> Result<(), StoreError> {
        let update = Update::new()
            .set("finished_at", now)?
            .set("ledger_entry", EntryId::new(now))?
            .when(Condition::item_exists().and(Condition::lacks("finished_at")));
        match self
            .update::<Case>("freeze", &case_key(case), &update)
            .await
        {
            Ok(_) => Ok(()),
            Err(error) if error.refused("freeze") => Ok(()),
            Err(error) => Err(error),
        }
    }
}
