//! Legal holds: what came since is copied for them once a day (clause 5.8), so that nothing that
//! lasts longer than that ends without it.

use domain::time::Timestamp;
use store::{Db, StoreError, due::Worked};

/// Orders it for those whose day is over. A run takes on 100 people: 9,600 a day.
///
/// # Errors
/// [`StoreError`] when nobody can be found.
pub(crate) async fn order(db: &Db, now: Timestamp) -> Result<Worked, StoreError> {
    let mut worked = Worked::default();
    let due = db.holds_to_fill(now).await?;
    worked.more = due.len() == 100;
    for held in &due {
        match db.order_filling(held, now).await {
            Ok(ordered) => worked.processed += usize::from(ordered),
            Err(error) => {
                tracing::error!(%error, "the copying for legal holds could not be ordered");
                worked.failed += 1;
            }
        }
    }
    Ok(worked)
}
