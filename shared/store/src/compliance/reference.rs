//! What leads from a person to the cases about them.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{ids::SubjectId, time::Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    db::{Db, Entity, Key, StoreError, Table},
    people::partition,
};

const PREFIX: &str = "CASEREF#";
/// The queue of people who are to be told of a disclosure.
const QUEUE: &str = "TELL";

/// A case about a person. Stands in the person's partition and goes with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Whom it is about.
    pub subject: SubjectId,
    /// The case: a disclosure, an incident or a claim.
    pub case: String,
    /// Since when.
    pub at: Timestamp,
    /// When the person is to be told of a disclosure.
    pub tell_at: Option<Timestamp>,
    /// When they were told.
    pub told_at: Option<Timestamp>,
}

/// Where a reference stands.
#[must_use]
pub fn reference_key(subject: SubjectId, case: &str) -> Key {
    Key::new(partition(subject), format!("{PREFIX}{case}"))
}

impl Entity for Reference {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        reference_key(self.subject, &self.case)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        match self.tell_at.filter(|_| self.told_at.is_none()) {
            Some(at) => vec![
                ("queue", AttributeValue::S(QUEUE.to_owned())),
                ("queue_due", AttributeValue::S(at.to_string())),
            ],
            None => Vec::new(),
        }
    }
}

impl Db {
    /// The cases about a person, in the order of their ids.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn references(&self, subject: SubjectId) -> Result<Vec<Reference>, StoreError> {
        self.list_all(&partition(subject), PREFIX).await
    }

    /// Up to 100 references whose person is to be told by now, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn references_to_tell(&self, now: Timestamp) -> Result<Vec<Reference>, StoreError> {
        let mut due: Vec<Reference> = self.queued(QUEUE).await?;
        due.retain(|one| one.told_at.is_none() && one.tell_at.is_some_and(|at| at <= now));
        Ok(due)
    }
}
