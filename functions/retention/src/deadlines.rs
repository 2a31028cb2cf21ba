//! The guard of the deadlines that the law sets: for requests, an alarm at day 25
//! of 30 for an erasure, and as early for the others as their periods allow
//! ([`domain::regime::Watch`]); for incidents, claims and the notices to whoever
//! was given data; for the reviews of legal holds. Reminders, which come before the
//! alarms, are counted without one. Counts only: whom it is about is nobody's
//! business here.

use domain::{
    calendar::Term,
    compliance::{claim, hold, incident},
    regime::Stage,
    request::Progress,
    time::Timestamp,
};
use platform::metrics::{self, Metric};
use store::{Db, StoreError, compliance::Standing};

/// What somebody must act on, now or soon; of the requests and of each register at most
/// the 100 most urgent ones are looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Guarded {
    /// Requests.
    pub requests: Standing,
    /// Erasures among them.
    pub erasures: usize,
    /// Requests whose deadline is the earliest that it can be: a year's calendar
    /// is missing.
    pub uncounted: usize,
    /// Clocks of incidents (clause 5.9).
    pub incidents: Standing,
    /// Claims (clause 8.2).
    pub claims: Standing,
    /// Notices to whoever was given data (clauses 5.2b, 6.3b).
    pub notices: Standing,
    /// Legal holds that must be reviewed, or end soon (clause 5.8).
    pub holds: Standing,
}

impl Guarded {
    fn count(&mut self, progress: &Progress, now: Timestamp) {
        self.uncounted += usize::from(progress.missing_calendar().is_some());
        // it took effect with its receipt; for the verification no law names a period
        if progress.rule().term == Term::AtOnce {
            return;
        }
        let stage = progress.watch().stage(now);
        self.requests.count(stage);
        self.erasures += usize::from(stage >= Stage::Alarm && progress.kind().destroys());
    }

    /// Each register's deadlines by the register's name.
    #[must_use]
    pub fn standings(&self) -> [(&'static str, Standing); 5] {
        [
            ("requests", self.requests),
            ("incidents", self.incidents),
            ("claims", self.claims),
            ("notices", self.notices),
            ("holds", self.holds),
        ]
    }

    fn raise(&self) {
        let kinds = self.standings();
        let all = |count: fn(Standing) -> usize| kinds.map(|(_, one)| count(one)).iter().sum();
        metrics::record(
            Metric::DeadlinesAtRisk,
            all(|one| one.at_risk + one.overdue),
        );
        metrics::record(Metric::DeadlinesReminded, all(|one| one.reminded));
        for (kind, standing) in kinds {
            let Standing {
                reminded,
                at_risk,
                overdue,
            } = standing;
            if reminded > 0 {
                tracing::info!(kind, reminded, "deadlines come near");
            }
            if at_risk > 0 {
                platform::alarm!("deadline_at_risk", kind, at_risk, "somebody must act now");
            }
            if overdue > 0 {
                platform::alarm!("deadline_missed", kind, overdue, "a deadline was missed");
            }
        }
        if self.erasures > 0 {
            tracing::warn!(
                erasures = self.erasures,
                "erasures are among the requests that must be answered now"
            );
        }
        if self.uncounted > 0 {
            platform::alarm!(
                "calendar_missing",
                uncounted = self.uncounted,
                "a year's calendar is missing, so deadlines are the earliest that they can be"
            );
        }
    }
}

/// Looks at everything that is open and raises what is to be raised.
///
/// # Errors
/// [`StoreError`].
pub async fn guard(db: &Db, now: Timestamp) -> Result<Guarded, StoreError> {
    let mut guarded = Guarded {
        incidents: db.standing::<incident::Progress>(now).await?,
        claims: db.standing::<claim::Progress>(now).await?,
        notices: db.notices_standing(now).await?,
        holds: db.standing::<hold::Progress>(now).await?,
        ..Guarded::default()
    };
    for request in db.request_queue().await? {
        guarded.count(&request.progress, now);
    }
    guarded.raise();
    Ok(guarded)
}
