//! Who is told of a new version of a document (clause 9.2): everybody with an
//! account, once for each version, whether the version binds yet or not.
//!
//! A person's record says how much of the chain of publications they know. It
//! stands in a queue by that number, so that those who know less than the
//! software are found without looking at the others.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    consequence::Letter,
    policy::{self, Name},
    time::Timestamp,
};

use super::{PersonRecord, person_key, record::alive};
use crate::{Condition, Db, StoreError, Table, Tx, Update};

const QUEUE: &str = "POLICIES";

/// A number of publications as the queue sorts it.
fn position(told_of: usize) -> String {
    format!("{told_of:08}")
}

/// Where somebody waits who was told of so many publications.
pub(super) fn queued(told_of: usize) -> Vec<(&'static str, AttributeValue)> {
    vec![
        ("queue", AttributeValue::S(QUEUE.to_owned())),
        ("queue_due", AttributeValue::S(position(told_of))),
    ]
}

/// The change of a person's record that notes of how many publications they know.
pub(super) fn told(update: Update, of: usize) -> Result<Update, StoreError> {
    update
        .set("told_of", of)?
        .set("queue", QUEUE)?
        .set("queue_due", position(of))
}

impl Db {
    /// Up to 100 persons who were not told of every publication; those who know
    /// least come first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn untold(&self) -> Result<Vec<PersonRecord>, StoreError> {
        let all = policy::publications().len();
        let mut untold: Vec<PersonRecord> = self.queued_below(QUEUE, &position(all)).await?;
        // the index lags behind: some were told just now
        untold.retain(|record| record.told_of.is_some_and(|of| of < all));
        Ok(untold)
    }

    /// Tells a person of every publication that they were not told of, in one
    /// letter; `false` when they were told meanwhile or are being erased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tell_of_policies(
        &self,
        person: &PersonRecord,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let all = policy::publications();
        let known = person.told_of.unwrap_or(all.len());
        let news: Vec<Name> = all.iter().skip(known).map(Name::from).collect();
        let unchanged = Condition::equals("told_of", known)?;
        let update = told(Update::new(), all.len())?.when(alive().and(unchanged));
        let mut tx = Tx::new();
        tx.update("told", Table::People, &person_key(person.subject), &update);
        tx.mail(person.subject, Letter::PoliciesChanged { news }, now);
        match self.commit(tx).await {
            Ok(()) => Ok(true),
            Err(error) if error.refused("told") => Ok(false),
            Err(error) => Err(error),
        }
    }
}
