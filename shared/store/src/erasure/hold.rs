//! The register of legal holds. What a hold keeps ([`super::Copied`]) lies beside its file, sealed
//! under the hold's own key: with the key, which ends with the hold, it is destroyed.

use domain::{
    compliance::hold::{File, Progress},
    data_map::{Field, retention},
    ids::{HoldId, SubjectId},
    processing::Category,
    regime::Stage,
    time::Timestamp,
};

use crate::{
    compliance::{Case, Filed, Reference},
    db::{Db, StoreError, Table, Tx},
    expression::Condition,
    personal::{CaseKey, EndingKey, case_key},
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

    /// As long as telling of it is forbidden, so that it is known that it is.
    fn kept_until(&self) -> Option<Timestamp> {
        let register = |lifted| retention(Category::Disclosure).end(lifted);
        let end = self.lifted_at().map_or(self.until(), register);
        Some(end).max(self.secret_until())
    }

    fn key_until(&self) -> Option<Timestamp> {
        Some(self.until())
    }

    fn stages(&self, now: Timestamp) -> Vec<Stage> {
        self.stage(now).into_iter().collect()
    }
}

impl Tx {
    /// Stores a new hold with its key, leads from the person to it, and lets the copying for it
    /// follow; refused under `person` when an erasure has begun.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn place_hold(
        &mut self,
        hold: &Hold,
        key: CaseKey,
        subject: SubjectId,
    ) -> Result<(), StoreError> {
        let placed_at = hold.progress.placed_at();
        self.mark_held(subject, hold.id, placed_at)?;
        self.create("case", hold);
        // the key ends with the hold, whatever is kept of its case
        let until = hold.progress.key_until();
        self.create("case key", &EndingKey { key, until });
        self.create(
            "reference",
            &Reference {
                subject,
                case: hold.id.to_string(),
                at: placed_at,
                tell_at: None,
                told_at: None,
            },
        );
        Ok(())
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
    /// The holds that were placed on a person's data, those that were lifted or are over among
    /// them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holds_of(&self, subject: SubjectId) -> Result<Vec<Hold>, StoreError> {
        let mut holds = Vec::new();
        for reference in self.references(subject).await? {
            let Ok(id) = reference.case.parse::<HoldId>() else {
                continue;
            };
            holds.extend(self.case::<Progress>(id).await?);
        }
        Ok(holds)
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
        let mut holds = self.holds_of(subject).await?;
        holds.retain(|hold| hold.progress.is_active(now));
        Ok(holds)
    }
}
