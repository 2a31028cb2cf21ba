//! What was passed to a processor about a person, from the person's side: who
//! has to be told when it is corrected or destroyed.

use domain::{
    compliance::processor::{Processor, Transfer},
    ids::SubjectId,
    processing::{Category, Purpose},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    db::{Db, Entity, Key, StoreError, Table, Tx},
    people::partition,
};

const PREFIX: &str = "PASSED#";

/// One passing-on. Stands in the person's partition and goes with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// Whose data.
    pub subject: SubjectId,
    /// To whom.
    pub processor: Processor,
    /// What for.
    pub purpose: Purpose,
    /// Which kinds of data.
    pub categories: Vec<Category>,
    /// Under which id of ours the processor keeps it.
    pub reference: String,
    /// When.
    pub at: Timestamp,
}

impl Entity for Passed {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        let (processor, reference) = (self.processor.as_str(), &self.reference);
        Key::new(
            partition(self.subject),
            format!("{PREFIX}{processor}#{reference}"),
        )
    }
}

impl Tx {
    /// Remembers a transfer of a person's data under an id of ours; refused under
    /// `person` when an erasure has begun. A repeat is the same transfer.
    pub fn passed(
        &mut self,
        subject: SubjectId,
        transfer: &Transfer<'_>,
        reference: &str,
        now: Timestamp,
    ) {
        self.alive(subject);
        self.put(
            "passed",
            &Passed {
                subject,
                processor: transfer.to,
                purpose: transfer.purpose,
                categories: transfer.categories.to_vec(),
                reference: reference.to_owned(),
                at: now,
            },
        );
    }
}

impl Db {
    /// What was passed to processors about a person.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn passed_of(&self, subject: SubjectId) -> Result<Vec<Passed>, StoreError> {
        self.list_all(&partition(subject), PREFIX).await
    }
}
