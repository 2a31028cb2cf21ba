//! One case of a register.

use std::fmt::Display;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{
    compliance::{claim, disclosure, incident},
    data_map::{Field, retention, retention_with_claim},
    ids::{ClaimId, DisclosureId, IncidentId},
    ledger::Entry,
    processing::{Actor, Category, Operation, Purpose},
    regime::Stage,
    time::Timestamp,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    db::{Db, Entity, Key, Page, Range, StoreError, Table, Tx, expires},
    expression::{Condition, Update},
    personal::{Access, CaseFile, CaseKey, Gate, GateError, Sealed, case_key},
};

/// The state of a case, and in which register it stands.
pub trait Filed: Serialize + DeserializeOwned + Clone {
    /// The case's id.
    type Id: Serialize + DeserializeOwned + Display + FromStr + Copy;
    /// What is sealed.
    type File: Serialize + DeserializeOwned;
    /// The register's partition, and its queue of open cases.
    const REGISTER: &'static str;
    /// The sealed attribute.
    const FIELD: Field;
    /// What the file holds.
    const CATEGORIES: &'static [Category];
    /// The clause that the register rests on.
    const CLAUSE: &'static str;

    /// When somebody has to look at it next; `None` once it is closed.
    fn due_at(&self) -> Option<Timestamp>;
    /// Until when it is kept, once it is closed.
    fn kept_until(&self) -> Option<Timestamp>;
    /// Until when its key is kept: as long as the case, unless what it seals ends sooner.
    fn key_until(&self) -> Option<Timestamp> {
        self.kept_until()
    }
    /// How its deadlines stand; nothing for a case without one.
    fn stages(&self, now: Timestamp) -> Vec<Stage>;
}

impl Filed for disclosure::Progress {
    type Id = DisclosureId;
    type File = disclosure::File;
    const REGISTER: &'static str = "REGISTER#DISCLOSURES";
    const FIELD: Field = Field::DisclosureFile;
    const CATEGORIES: &'static [Category] = &[Category::Disclosure];
    const CLAUSE: &'static str = "5.5";

    fn due_at(&self) -> Option<Timestamp> {
        let open = !self.state().is_closed();
        open.then(|| self.granted_until().unwrap_or(self.opened_at()))
    }

    fn kept_until(&self) -> Option<Timestamp> {
        let ban = self.ban().map(|ban| ban.until);
        let end = self.closed_at()?.max(ban.unwrap_or(Timestamp::UNIX_EPOCH));
        Some(retention(Category::Disclosure).end(end))
    }

    fn stages(&self, _: Timestamp) -> Vec<Stage> {
        Vec::new()
    }
}

impl Filed for incident::Progress {
    type Id = IncidentId;
    type File = incident::File;
    const REGISTER: &'static str = "REGISTER#INCIDENTS";
    const FIELD: Field = Field::IncidentFile;
    const CATEGORIES: &'static [Category] = &[Category::Disclosure];
    const CLAUSE: &'static str = "5.9";

    fn due_at(&self) -> Option<Timestamp> {
        let open = self.closed_at().is_none();
        // an incident whose clocks are stopped waits to be closed
        open.then(|| incident::Progress::due_at(self).unwrap_or(self.registered_at()))
    }

    fn kept_until(&self) -> Option<Timestamp> {
        Some(retention(Category::Disclosure).end(self.closed_at()?))
    }

    fn stages(&self, now: Timestamp) -> Vec<Stage> {
        let clocks = self.clocks().iter();
        clocks.filter_map(|clock| clock.stage(now)).collect()
    }
}

impl Filed for claim::Progress {
    type Id = ClaimId;
    type File = claim::File;
    const REGISTER: &'static str = "REGISTER#CLAIMS";
    const FIELD: Field = Field::ClaimFile;
    const CATEGORIES: &'static [Category] = &[Category::Correspondence];
    const CLAUSE: &'static str = "8.2";

    fn due_at(&self) -> Option<Timestamp> {
        let open = self.answered_at().is_none();
        open.then(|| claim::Progress::due_at(self))
    }

    fn kept_until(&self) -> Option<Timestamp> {
        let kept = retention_with_claim(Category::Correspondence);
        let kept = kept.unwrap_or(retention(Category::Correspondence));
        Some(kept.end(self.answered_at()?))
    }

    fn stages(&self, now: Timestamp) -> Vec<Stage> {
        self.stage(now).into_iter().collect()
    }
}

/// How a case's file is opened: under clause 4.5, which the requests, answers
/// and registers of sections 5, 6 and 8 belong to.
#[must_use]
pub fn file_access<P: Filed>(operation: Operation, actor: Actor) -> Access {
    Access {
        purpose: Purpose::Feedback,
        operation,
        actor,
        categories: P::CATEGORIES,
        clause: P::CLAUSE,
    }
}

/// One case.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound(serialize = "P: Filed", deserialize = "P: Filed"))]
pub struct Case<P: Filed> {
    /// The case.
    pub id: P::Id,
    /// Counts changes.
    pub revision: u64,
    /// Where it stands.
    pub progress: P,
    /// What was written, sealed under the case's own key.
    pub file: Sealed,
}

impl<P: Filed> Entity for Case<P> {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        Self::key_of(self.id)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        let text = |value: String| AttributeValue::S(value);
        let mut index = Vec::new();
        if let Some(due) = self.progress.due_at() {
            index.push(("queue", text(P::REGISTER.to_owned())));
            index.push(("queue_due", text(due.to_string())));
        }
        index.extend(self.progress.kept_until().map(expires));
        index
    }
}

impl<P: Filed> Case<P> {
    /// Where a case stands.
    #[must_use]
    pub fn key_of(id: P::Id) -> Key {
        Key::new(P::REGISTER, id.to_string())
    }

    /// A new case with its sealed file and the key that goes with it.
    ///
    /// # Errors
    /// [`GateError`].
    pub async fn new(
        gate: &Gate,
        id: P::Id,
        progress: P,
        file: &P::File,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(Self, CaseKey), GateError> {
        let access = file_access::<P>(Operation::Record, actor);
        let (open, wrapped) = gate.new_case(&id.to_string(), access, now).await?;
        let file = open.seal::<Self>(P::FIELD, &Self::key_of(id), file)?;
        let case = Self {
            id,
            revision: 1,
            progress,
            file,
        };
        Ok((case, wrapped))
    }

    /// Opens the case's file.
    ///
    /// # Errors
    /// [`GateError`].
    pub async fn open(
        &self,
        gate: &Gate,
        operation: Operation,
        actor: Actor,
        now: Timestamp,
    ) -> Result<(CaseFile, P::File), GateError> {
        let access = file_access::<P>(operation, actor);
        let open = gate.open_case(&self.id.to_string(), access, now).await?;
        let file = open.unseal::<Self, P::File>(P::FIELD, &self.key(), &self.file)?;
        Ok((open, file))
    }

    /// The next state, under the next revision.
    #[must_use]
    pub fn with(mut self, progress: P) -> Self {
        self.progress = progress;
        self.revision += 1;
        self
    }

    /// With this file in place of the old one.
    ///
    /// # Errors
    /// [`GateError`].
    pub fn written(mut self, open: &CaseFile, file: &P::File) -> Result<Self, GateError> {
        self.file = open.seal::<Self>(P::FIELD, &self.key(), file)?;
        Ok(self)
    }

    /// An entry of the ledger about a step of the case.
    #[must_use]
    pub fn entry(&self, actor: Actor, event: &str, clause: &str, now: Timestamp) -> Entry {
        Entry::new(now, actor, event, clause)
            .with_fact("case", self.id)
            .with_fact("revision", self.revision)
    }
}

impl Tx {
    /// Stores a new case with its key.
    pub fn open_case<P: Filed>(&mut self, case: &Case<P>, key: &CaseKey) {
        self.create("case", case);
        self.create("case key", key);
    }

    /// Stores the next state of a case, as [`Case::with`] made it; refused under
    /// `case` when somebody else changed it meanwhile. The key of a closed case
    /// goes when its time is up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn change_case<P: Filed>(&mut self, case: &Case<P>) -> Result<(), StoreError> {
        let unchanged = Condition::equals("revision", case.revision - 1)?;
        self.put_if("case", case, Some(&unchanged));
        if let Some(end) = case.progress.key_until() {
            let ends = Update::new()
                .set("expires_at_epoch", end.as_second())?
                .when(Condition::item_exists());
            let key = case_key(&case.id.to_string());
            self.update("case key", Table::Keys, &key, &ends);
        }
        Ok(())
    }
}

/// How many deadlines of a register stand how: what the guard looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// A reminder of them has been due, and nobody must act yet.
    pub reminded: usize,
    /// Somebody must act now.
    pub at_risk: usize,
    /// Their time is over.
    pub overdue: usize,
}

impl Standing {
    /// Counts one deadline in.
    pub fn count(&mut self, stage: Stage) {
        match stage {
            Stage::Running => {}
            Stage::Reminded => self.reminded += 1,
            Stage::Alarm => self.at_risk += 1,
            Stage::Overdue => self.overdue += 1,
        }
    }
}

/// The cursor names a case of this register, as those that the list gives do.
fn is_of<P: Filed>(cursor: &str) -> bool {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).unwrap_or_default();
    let id = String::from_utf8(bytes).unwrap_or_default();
    id.parse::<P::Id>().is_ok()
}

impl Db {
    /// A case by its id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn case<P: Filed>(&self, id: P::Id) -> Result<Option<Case<P>>, StoreError> {
        self.get(&Case::<P>::key_of(id)).await
    }

    /// A register, the newest case first, page by page.
    ///
    /// # Errors
    /// [`StoreError`]; a foreign cursor is [`StoreError::InvalidCursor`].
    pub async fn register<P: Filed>(
        &self,
        cursor: Option<&str>,
        limit: i32,
    ) -> Result<Page<Case<P>>, StoreError> {
        if cursor.is_some_and(|cursor| !is_of::<P>(cursor)) {
            return Err(StoreError::InvalidCursor);
        }
        self.list(&Range {
            pk: P::REGISTER,
            prefix: "",
            newest_first: true,
            limit,
            cursor,
        })
        .await
    }

    /// Up to 100 cases that are not closed, the nearest deadline first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_cases<P: Filed>(&self) -> Result<Vec<Case<P>>, StoreError> {
        let mut cases = self.queued::<Case<P>>(P::REGISTER).await?;
        // the index may lag behind the item
        cases.retain(|case| case.progress.due_at().is_some());
        Ok(cases)
    }

    /// How the deadlines of a register stand.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn standing<P: Filed>(&self, now: Timestamp) -> Result<Standing, StoreError> {
        let mut standing = Standing::default();
        for case in self.open_cases::<P>().await? {
            for stage in case.progress.stages(now) {
                standing.count(stage);
            }
        }
        Ok(standing)
    }
}
