//! The register of legal holds. What an erasure leaves to a hold lies beside its file, sealed
//! under the hold's own key: with the key, which ends with the hold, it is destroyed. Before the
//! erasure a hold keeps nothing: what ends by its own clock or is corrected meanwhile is not in it.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    compliance::hold::{File, LONGEST, Progress},
    data_map::{Field, retention},
    ids::{HoldId, SubjectId},
    processing::Category,
    regime::Stage,
    time::{Timestamp, shift},
};
use serde::{Deserialize, Serialize};

use crate::{
    compliance::{Case, Filed, Reference},
    db::{Db, Entity, Key, StoreError, Table, Tx, expires},
    expression::Condition,
    personal::{CaseFile, CaseKey, GateError, Sealed, case_key},
};

/// A hold in its register.
pub type Hold = Case<Progress>;

impl Filed for Progress {
    type Id = HoldId;
    type File = File;
    const REGISTER: &'static str = "REGISTER#HOLDS";
    const FIELD: Field = Field::HoldFile;
    const CATEGORIES: &'static [Category] = &[Category::Disclosure];
    const CLAUSE: &'static str = "5.8";

    fn due_at(&self) -> Option<Timestamp> {
        self.lifted_at().is_none().then(|| self.review_due_at())
    }

    fn kept_until(&self) -> Option<Timestamp> {
        let register = |lifted| retention(Category::Disclosure).end(lifted);
        Some(self.lifted_at().map_or(self.until(), register))
    }

    fn stages(&self, now: Timestamp) -> Vec<Stage> {
        self.stage(now).into_iter().collect()
    }
}

/// A hold's key, which ends with it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct HoldKey {
    key: CaseKey,
    #[serde(skip)]
    until: Option<Timestamp>,
}

impl Entity for HoldKey {
    const TABLE: Table = Table::Keys;

    fn key(&self) -> Key {
        self.key.key()
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        self.until.map(expires).into_iter().collect()
    }
}

/// What is sealed at once: an item has at most 400 KB, and JSON may write two for one.
const PART_BYTES: usize = 128 * 1024;

/// A part of what an erasure has left to a hold: a piece of a JSON text, sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HoldPart {
    /// The hold.
    pub hold: HoldId,
    /// Its number, from 1.
    pub number: usize,
    /// The piece.
    pub content: Sealed,
    expires_at_epoch: i64,
}

fn part_key(hold: HoldId, number: usize) -> Key {
    Key::new(format!("REGISTER#HOLD#{hold}"), format!("PART#{number:05}"))
}

impl Entity for HoldPart {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        part_key(self.hold, self.number)
    }
}

impl HoldPart {
    /// A text in parts, for a hold that is open. They last as long as it could be prolonged: its
    /// key is what ends them.
    ///
    /// # Errors
    /// [`GateError`].
    pub fn of(hold: &Hold, open: &CaseFile, text: &str) -> Result<Vec<Self>, GateError> {
        let until = shift(hold.progress.placed_at(), LONGEST).as_second();
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(PART_BYTES));
            let number = parts.len() + 1;
            let key = part_key(hold.id, number);
            parts.push(Self {
                hold: hold.id,
                number,
                content: open.seal::<Self>(Field::HoldPart, &key, &piece)?,
                expires_at_epoch: until,
            });
            rest = after;
        }
        Ok(parts)
    }

    /// The piece.
    ///
    /// # Errors
    /// [`GateError`].
    pub fn open(&self, open: &CaseFile) -> Result<String, GateError> {
        open.unseal::<Self, String>(Field::HoldPart, &self.key(), &self.content)
    }
}

impl Tx {
    /// Stores a new hold with its key, and leads from the person to it; refused under `person`
    /// when an erasure has begun.
    pub fn place_hold(&mut self, hold: &Hold, key: CaseKey, subject: SubjectId) {
        self.alive(subject);
        self.create("case", hold);
        let until = Some(hold.progress.until());
        self.create("case key", &HoldKey { key, until });
        self.create(
            "reference",
            &Reference {
                subject,
                case: hold.id.to_string(),
                at: hold.progress.placed_at(),
                tell_at: None,
                told_at: None,
            },
        );
    }

    /// Stores that a hold was lifted and destroys its key, and with it whatever it kept; refused
    /// under `case` when somebody else changed it meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn lift_hold(&mut self, hold: &Hold) -> Result<(), StoreError> {
        let unchanged = Condition::equals("revision", hold.revision - 1)?;
        self.put_if("case", hold, Some(&unchanged));
        let key = case_key(&hold.id.to_string());
        self.delete("case key", Table::Keys, &key, None);
        Ok(())
    }
}

impl Db {
    /// A part of what an erasure has left to a hold.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hold_part(
        &self,
        hold: HoldId,
        number: usize,
    ) -> Result<Option<HoldPart>, StoreError> {
        self.get(&part_key(hold, number)).await
    }

    /// The holds on a person's data that are active at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holds_on(
        &self,
        subject: SubjectId,
        now: Timestamp,
    ) -> Result<Vec<Hold>, StoreError> {
        let mut holds = Vec::new();
        for reference in self.references(subject).await? {
            let Ok(id) = reference.case.parse::<HoldId>() else {
                continue;
            };
            let hold = self.case::<Progress>(id).await?;
            holds.extend(hold.filter(|hold| hold.progress.is_active(now)));
        }
        Ok(holds)
    }
}
