//! Erasures under way, their receipts, and the probe that looks for what may
//! be left (clause 5.2b).
//!
//! Two items carry an erasure. [`Run`] names the person and is the job's memory
//! when the person's own items are gone; it is deleted last. [`Case`] with its
//! [`StepRecord`]s is what remains: it holds no personal data and is what the
//! certificate is made of.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::{Client, error::ProvideErrorMetadata, types::AttributeValue};
use domain::{
    certificate::{Certificate, Kept, Step},
    ids::{CaseId, EntryId, RequestId, SubjectId, WorkspaceId},
    ledger::Entry,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    catalog::workspace::workspace_key,
    db::{Db, Entity, Item, Key, StoreError, Table, Tables, Tx},
    expression::{Condition, Update},
    ledger::{ENTRY_PREFIX, StoredEntry},
    lookup::LookupHash,
    people::{alive, person_key},
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
}

fn run_key(subject: SubjectId) -> Key {
    Key::new(format!("ERASURE#{subject}"), "RUN")
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

/// Reads whole tables: for a probe, and for what the ledger says of a person.
/// Costs a read of every item, so no request does it.
#[derive(Debug, Clone)]
pub struct Census {
    client: Client,
    tables: Tables,
}

/// Items that still mention somebody who was erased, per table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sightings {
    /// The table.
    pub table: Table,
    /// How many items were read.
    pub read: u64,
    /// The keys of those that mention the person or a destroyed workspace.
    pub found: Vec<Key>,
}

fn texts<'a>(value: &'a AttributeValue, visit: &mut dyn FnMut(&'a str)) {
    match value {
        AttributeValue::S(text) => visit(text),
        AttributeValue::Ss(set) => set.iter().for_each(|text| visit(text)),
        AttributeValue::L(list) => list.iter().for_each(|value| texts(value, visit)),
        AttributeValue::M(map) => map.iter().for_each(|(name, value)| {
            visit(name);
            texts(value, visit);
        }),
        _ => {}
    }
}

fn mentioned(item: &Item, table: Table, certificate: &Certificate) -> bool {
    let recipe = &certificate.probe;
    if Key::of(item).is_some_and(|key| recipe.excepts(&key.pk)) {
        return false;
    }
    let mut hit = false;
    for value in item.values() {
        texts(value, &mut |text| {
            hit |= recipe.mentions_person(certificate.case, text);
            // the ledger rightly remembers that the workspace was there
            hit |= table != Table::Ledger && recipe.mentions_workspace(text);
        });
    }
    hit
}

impl Census {
    /// Over the tables of these names.
    #[must_use]
    pub fn new(aws: &aws_types::SdkConfig, tables: Tables) -> Self {
        Self {
            client: Client::new(aws),
            tables,
        }
    }

    async fn scan(
        &self,
        table: Table,
        mut visit: impl FnMut(Item) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut start = None;
        loop {
            let answer = self
                .client
                .scan()
                .table_name(self.tables.name(table))
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| {
                    StoreError::Unavailable(error.code().unwrap_or("no answer").to_owned())
                })?;
            for item in answer.items.unwrap_or_default() {
                visit(item)?;
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(());
            }
        }
    }

    /// Follows a certificate's recipe through every item of every table.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn probe(&self, certificate: &Certificate) -> Result<Vec<Sightings>, StoreError> {
        let mut all = Vec::new();
        for table in [Table::Catalog, Table::People, Table::Keys, Table::Ledger] {
            let mut sightings = Sightings {
                table,
                read: 0,
                found: Vec::new(),
            };
            self.scan(table, |item| {
                sightings.read += 1;
                if mentioned(&item, table, certificate) {
                    sightings.found.extend(Key::of(&item));
                }
                Ok(())
            })
            .await?;
            all.push(sightings);
        }
        Ok(all)
    }

    /// Every entry of the ledger about a person, oldest first: part of the
    /// answer to an access request (clause 5.10).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries_of(&self, pseudonym: &str) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        self.scan(Table::Ledger, |item| {
            let is_entry = item
                .get("pk")
                .and_then(|pk| pk.as_s().ok())
                .is_some_and(|pk| pk.starts_with(ENTRY_PREFIX));
            if is_entry {
                let stored: StoredEntry = serde_dynamo::from_item(item)?;
                if stored.entry.person.as_deref() == Some(pseudonym) {
                    entries.push(stored.entry);
                }
            }
            Ok(())
        })
        .await?;
        entries.sort_by_key(|entry| entry.id);
        Ok(entries)
    }
}
