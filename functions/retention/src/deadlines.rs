//! The guard of the deadlines that the law sets for requests: an alarm at day 25
//! of 30 for an erasure, and as early for the others as their periods allow
//! ([`domain::regime::Watch`]). Counts only: who asked is nobody's business here.

use domain::{calendar::Term, regime::Stage, request::Progress, time::Timestamp};
use platform::metrics::{self, Metric};
use store::{Db, StoreError};

/// Requests that somebody must act on now; at most the 100 most urgent ones are
/// looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Guarded {
    /// Their deadline is near.
    pub at_risk: usize,
    /// Their deadline has passed.
    pub overdue: usize,
    /// Erasures among both.
    pub erasures: usize,
    /// Their deadline is the earliest that it can be: a year's calendar is missing.
    pub uncounted: usize,
}

impl Guarded {
    fn count(&mut self, progress: &Progress, now: Timestamp) {
        self.uncounted += usize::from(progress.missing_calendar().is_some());
        // it took effect with its receipt; for the verification no law names a period
        if progress.rule().term == Term::AtOnce {
            return;
        }
        match progress.watch().stage(now) {
            Stage::Alarm => self.at_risk += 1,
            Stage::Overdue => self.overdue += 1,
            Stage::Running | Stage::Reminded => return,
        }
        self.erasures += usize::from(progress.kind().destroys());
    }
}

/// Looks at every open request and raises what is to be raised.
///
/// # Errors
/// [`StoreError`].
pub async fn guard(db: &Db, now: Timestamp) -> Result<Guarded, StoreError> {
    let mut guarded = Guarded::default();
    for request in db.request_queue().await? {
        guarded.count(&request.progress, now);
    }
    let Guarded {
        at_risk,
        overdue,
        erasures,
        uncounted,
    } = guarded;
    metrics::record(Metric::DeadlinesAtRisk, at_risk + overdue);
    if at_risk > 0 {
        platform::alarm!(
            "deadline_at_risk",
            at_risk,
            erasures,
            "requests must be answered now"
        );
    }
    if overdue > 0 {
        platform::alarm!(
            "deadline_missed",
            overdue,
            erasures,
            "requests were not answered in time"
        );
    }
    if uncounted > 0 {
        platform::alarm!(
            "calendar_missing",
            uncounted,
            "a year's calendar is missing, so deadlines are the earliest that they can be"
        );
    }
    Ok(guarded)
}
