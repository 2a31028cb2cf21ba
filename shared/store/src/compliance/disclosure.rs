//! Where the package of a disclosure lies, and what the handing over commits.

use domain::{
    compliance::disclosure::Progress,
    ids::{DisclosureId, SubjectId},
    time::Timestamp,
};

use super::{Case, Reference};
use crate::{
    db::{Db, Key, StoreError, Table, Tx},
    expression::{Condition, Update},
    people::{PersonRecord, person_key},
};

/// The object that holds a disclosure's package, sealed.
#[must_use]
pub fn disclosure_object(id: DisclosureId) -> String {
    format!("disclosures/{id}")
}

/// The place that a package is sealed for. It stands in the exports bucket and
/// is bound to this key all the same.
#[must_use]
pub fn disclosure_package_key(id: DisclosureId) -> Key {
    Key::new("disclosures/", id.to_string())
}

impl Tx {
    /// Leads from the person to a disclosure that was handed over, with the letter
    /// about it unless it waits for the end of a ban; refused under `person` when
    /// an erasure has begun.
    pub fn refer(&mut self, subject: SubjectId, case: &Case<Progress>, now: Timestamp) {
        self.alive(subject);
        self.create(
            "reference",
            &Reference {
                subject,
                case: case.id.to_string(),
                at: now,
                tell_at: case.progress.tell_at(),
                told_at: case.progress.told_at(),
            },
        );
        if case.progress.told_at().is_some() {
            self.inform(subject, case, now);
        }
    }

    /// A ban that was set or prolonged after the handing over moves the notice,
    /// where the person is still there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tell_later(
        &mut self,
        reference: &Reference,
        tell_at: Timestamp,
    ) -> Result<(), StoreError> {
        let later = Update::new()
            .set("tell_at", tell_at)?
            .set("queue_due", tell_at)?
            .when(Condition::item_exists().and(Condition::lacks("told_at")));
        let key = super::reference_key(reference.subject, &reference.case);
        self.update("reference", Table::People, &key, &later);
        Ok(())
    }
}

impl Db {
    /// The person is there and is not being erased: somebody who can be told.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn can_be_told(&self, subject: SubjectId) -> Result<bool, StoreError> {
        let record: Option<PersonRecord> = self.get(&person_key(subject)).await?;
        Ok(record.is_some_and(|record| record.erasing_since.is_none()))
    }
}
