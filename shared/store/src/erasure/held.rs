//! Whose data legal holds keep (clause 5.8), from the person's side: what is replaced or ends by
//! the clock is copied first, and what comes since once a day.

use domain::{
    consequence::{Consequence, Job},
    ids::{HoldId, SubjectId},
    processing::Category,
    time::{SignedDuration, Timestamp, days, shift},
};
use serde::{Deserialize, Serialize};

use crate::{
    db::{Db, Entity, Key, StoreError, Table, Tx},
    expression::{Condition, Update},
    outbox::{Message, Owner},
    people::{alive, partition, person_key},
};

/// The queue of people whose holds are filled again.
const QUEUE: &str = "HELD";
/// How often what came since is copied. Our own figure.
pub const FILLED_AGAIN_AFTER: SignedDuration = days(1);

/// Holds were placed on a person's data. Stands in their partition and goes with it, or when none
/// of the holds is active any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Whose data.
    pub subject: SubjectId,
    /// The hold that was placed last: shows whether another came meanwhile.
    pub last: HoldId,
    queue: String,
    queue_due: Timestamp,
}

fn held_key(subject: SubjectId) -> Key {
    Key::new(partition(subject), "HELD")
}

impl Entity for Held {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        held_key(self.subject)
    }
}

impl Held {
    /// No hold was placed since this was read.
    fn unchanged(held: Option<&Self>) -> Result<Condition, StoreError> {
        match held {
            Some(held) => Condition::equals("last", held.last),
            None => Ok(Condition::item_absent()),
        }
    }
}

impl Tx {
    /// From now on the person's data is held, and is copied for the hold; refused under `person`
    /// when an erasure has begun.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn mark_held(
        &mut self,
        subject: SubjectId,
        last: HoldId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mark = Update::new().set("held", true)?.when(alive());
        self.update("person", Table::People, &person_key(subject), &mark);
        self.put(
            "held",
            &Held {
                subject,
                last,
                queue: QUEUE.to_owned(),
                queue_due: shift(now, FILLED_AGAIN_AFTER),
            },
        );
        self.fill_holds(subject, now);
        Ok(())
    }

    /// Lets the copying for a person's holds follow the commit.
    pub(crate) fn fill_holds(&mut self, subject: SubjectId, now: Timestamp) {
        let job = Consequence::Job {
            job: Job::FillHolds { subject },
        };
        self.emit(&Message::new(Owner::Subject(subject), job, now));
    }

    /// Demands that no hold was placed on the person's data since `held` was read; refused under
    /// `held`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn held_as_read(
        &mut self,
        subject: SubjectId,
        held: Option<&Held>,
    ) -> Result<(), StoreError> {
        let unchanged = Held::unchanged(held)?;
        self.check("held", Table::People, &held_key(subject), &unchanged);
        Ok(())
    }
}

impl Db {
    /// That holds were placed on a person's data, if any were that may be active.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn held(&self, subject: SubjectId) -> Result<Option<Held>, StoreError> {
        self.get(&held_key(subject)).await
    }

    /// An active hold covers this category of the person's data.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn is_held(
        &self,
        subject: SubjectId,
        category: Category,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let holds = self.holds_on(subject, now).await?;
        Ok(holds.iter().any(|hold| hold.progress.covers(category)))
    }

    /// Up to 100 people for whose holds nothing was copied for a day, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn holds_to_fill(&self, now: Timestamp) -> Result<Vec<Held>, StoreError> {
        self.queued_below(QUEUE, &now.to_string()).await
    }

    /// Orders what came since to be copied; `false` when that was ordered meanwhile, or the person
    /// is being erased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn order_filling(&self, held: &Held, now: Timestamp) -> Result<bool, StoreError> {
        let again = Update::new()
            .set("queue_due", shift(now, FILLED_AGAIN_AFTER))?
            .when(Condition::at_most("queue_due", now)?);
        let mut tx = Tx::new();
        tx.alive(held.subject);
        tx.update("order", Table::People, &held.key(), &again);
        tx.fill_holds(held.subject, now);
        match self.commit(tx).await {
            Ok(()) => Ok(true),
            Err(error) if ["person", "order"].iter().any(|a| error.refused(a)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// No hold on the person's data is active any more, unless one was placed since this was read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_holding(&self, held: &Held) -> Result<(), StoreError> {
        let unchanged = Held::unchanged(Some(held))?;
        let unmark = Update::new().remove("held").when(Condition::item_exists());
        let mut tx = Tx::new();
        tx.delete("held", Table::People, &held.key(), Some(&unchanged));
        tx.update("person", Table::People, &person_key(held.subject), &unmark);
        match self.commit(tx).await {
            Err(error) if ["held", "person"].iter().any(|a| error.refused(a)) => Ok(()),
            other => other,
        }
    }
}
