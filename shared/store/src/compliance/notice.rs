//! Telling people that their data was disclosed: with the handing over, or when
//! the ban on it ends (clause 5.5). For a schedule, and for the handing over.

use domain::{
    compliance::disclosure::Progress,
    consequence::Letter,
    ids::{DisclosureId, SubjectId},
    processing::Actor,
    time::Timestamp,
};

use super::{Case, Reference};
use crate::{
    db::{Db, Entity, StoreError, Table, Tx},
    due::Worked,
    expression::{Condition, Update},
};

/// Why somebody could not be told.
#[derive(Debug, thiserror::Error)]
pub enum TellError {
    /// The reference leads to no disclosure that may be told of.
    #[error("the reference leads to no disclosure that may be told of")]
    Nothing,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Tells up to 100 people whose time has come. Each alone: one that fails keeps
/// no other waiting.
///
/// # Errors
/// [`StoreError`] when the queue can't be read.
pub async fn tell_due(db: &Db, now: Timestamp) -> Result<Worked, StoreError> {
    let mut worked = Worked::default();
    let waiting = db.references_to_tell(now).await?;
    worked.more = waiting.len() == 100;
    for reference in &waiting {
        match tell(db, reference, now).await {
            Ok(()) => worked.processed += 1,
            Err(error) => {
                tracing::error!(case = reference.case, %error, "nobody could be told of a disclosure");
                worked.failed += 1;
            }
        }
    }
    Ok(worked)
}

async fn tell(db: &Db, reference: &Reference, now: Timestamp) -> Result<(), TellError> {
    let id: DisclosureId = reference.case.parse().map_err(|_| TellError::Nothing)?;
    let case = db.case::<Progress>(id).await?.ok_or(TellError::Nothing)?;
    let told = case.progress.clone().told(now);
    let told = told.map_err(|_| TellError::Nothing)?;
    let case = case.with(told);
    let mut tx = Tx::new();
    tx.change_case(&case)?;
    tx.tell(&case, reference, now)?;
    db.commit(tx).await?;
    Ok(())
}

impl Tx {
    /// The letter to the person, once; refused under `person` when an erasure
    /// has begun, under `reference` when they were told.
    fn tell(
        &mut self,
        case: &Case<Progress>,
        reference: &Reference,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let told = Update::new()
            .set("told_at", now)?
            .remove("queue")
            .remove("queue_due")
            .when(Condition::item_exists().and(Condition::lacks("told_at")));
        self.update("reference", Table::People, &reference.key(), &told);
        self.alive(reference.subject);
        self.inform(reference.subject, case, now);
        Ok(())
    }

    pub(super) fn inform(&mut self, subject: SubjectId, case: &Case<Progress>, now: Timestamp) {
        let letter = Letter::DataDisclosed {
            disclosure: case.id,
            ground: case.progress.kind(),
            at: case.progress.handed_over_at().unwrap_or(now),
        };
        self.mail(subject, letter, now);
        let clause = case.progress.kind().clause();
        self.record(case.entry(Actor::System, "disclosure.person_told", clause, now));
    }
}
