//! Word of new versions of the documents, to everybody who signed up under an
//! earlier one (clause 9.2).

use domain::{ledger::Entry, policy, processing::Actor, time::Timestamp};
use store::{Db, StoreError, due::Worked};

/// How many pages of 100 persons one run takes on. The next run, 15 minutes
/// later, goes on: 48,000 letters a day.
const PAGES: usize = 5;

/// Tells those who were not told yet, each by themselves.
///
/// # Errors
/// [`StoreError`] when nobody can be found.
pub(crate) async fn tell(db: &Db, now: Timestamp) -> Result<Worked, StoreError> {
    let mut worked = Worked::default();
    for _ in 0..PAGES {
        let told = page(db, now, &mut worked).await?;
        worked.processed += told;
        if told == 0 {
            return Ok(worked);
        }
        record(db, told, now).await?;
    }
    worked.more = true;
    Ok(worked)
}

/// How many of a page's persons were told.
async fn page(db: &Db, now: Timestamp, worked: &mut Worked) -> Result<usize, StoreError> {
    let mut told = 0;
    for person in db.untold().await? {
        match db.tell_of_policies(&person, now).await {
            Ok(true) => told += 1,
            Ok(false) => {}
            Err(error) => {
                tracing::error!(%error, "a person could not be told of a new version");
                worked.failed += 1;
            }
        }
    }
    Ok(told)
}

/// The ledger's entry about a batch: how many were told, up to which publication.
async fn record(db: &Db, told: usize, now: Timestamp) -> Result<(), StoreError> {
    let head = policy::publications()
        .last()
        .map_or("", |last| last.hash.as_str());
    let entry = Entry::new(now, Actor::System, "policy.announced", "9.2");
    db.record(entry.with_fact("persons", told).with_fact("head", head))
        .await
}
