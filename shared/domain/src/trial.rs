//! The free trial (clause 3.2b): 14 × 24 hours from the verification of the
//! address, then read-only, then destruction 30 days later.
//!
//! Hours are counted, not calendar days, so that the end is one instant for
//! everybody and needs no time zone.

use crate::time::{SignedDuration, Timestamp, shift};
use serde::{Deserialize, Serialize};

/// How long a trial lasts.
pub const LENGTH: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How long the data of an ended trial is kept before it is due for destruction.
pub const GRACE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A trial that started at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// When the address was verified.
    pub started_at: Timestamp,
    /// `started_at` + [`LENGTH`]; from this instant on the workspace is read-only.
    pub ends_at: Timestamp,
}

/// A notice of the trial's course. Each is sent once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// Three days before the end.
    ThreeDaysLeft,
    /// One day before the end.
    OneDayLeft,
    /// At the end: the workspace is read-only now.
    Ended,
    /// Seven days before destruction.
    DestructionInSevenDays,
    /// One day before destruction.
    DestructionInOneDay,
    /// The data is due for destruction.
    DestructionDue,
}

impl Notice {
    /// Every notice, in the order in which they fall due.
    pub const ALL: [Self; 6] = [
        Self::ThreeDaysLeft,
        Self::OneDayLeft,
        Self::Ended,
        Self::DestructionInSevenDays,
        Self::DestructionInOneDay,
        Self::DestructionDue,
    ];
}

impl Trial {
    /// A trial that starts now.
    #[must_use]
    pub fn starting(at: Timestamp) -> Self {
        Self {
            started_at: at,
            ends_at: shift(at, LENGTH),
        }
    }

    /// The trial's time is up: at the end itself it is.
    #[must_use]
    pub fn has_ended(&self, now: Timestamp) -> bool {
        now >= self.ends_at
    }

    /// When the workspace's data is due for destruction if nobody pays.
    #[must_use]
    pub fn destruction_at(&self) -> Timestamp {
        shift(self.ends_at, GRACE)
    }

    /// When a notice falls due.
    #[must_use]
    pub fn due_at(&self, notice: Notice) -> Timestamp {
        let day = |days: i64| SignedDuration::from_hours(24 * days);
        match notice {
            Notice::ThreeDaysLeft => shift(self.ends_at, -day(3)),
            Notice::OneDayLeft => shift(self.ends_at, -day(1)),
            Notice::Ended => self.ends_at,
            Notice::DestructionInSevenDays => shift(self.destruction_at(), -day(7)),
            Notice::DestructionInOneDay => shift(self.destruction_at(), -day(1)),
            Notice::DestructionDue => self.destruction_at(),
        }
    }

    /// The latest notice that is due by `now` and comes after `last`. Notices
    /// that were slept through are skipped: nobody is told on the last day that
    /// three days are left.
    #[must_use]
    pub fn due(&self, last: Option<Notice>, now: Timestamp) -> Option<Notice> {
        Notice::ALL
            .into_iter()
            .rev()
            .find(|notice| self.due_at(*notice) <= now)
            .filter(|notice| last.is_none_or(|last| *notice > last))
    }

    /// The notice that comes after `last`, with its time; `None` after the last one.
    #[must_use]
    pub fn next(&self, last: Option<Notice>) -> Option<(Notice, Timestamp)> {
        Notice::ALL
            .into_iter()
            .find(|notice| last.is_none_or(|last| *notice > last))
            .map(|notice| (notice, self.due_at(notice)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_end_is_exact_to_the_millisecond() {
        let trial = Trial::starting(Timestamp::UNIX_EPOCH);
        let last = shift(trial.ends_at, SignedDuration::from_millis(-1));
        assert!(!trial.has_ended(last));
        assert!(trial.has_ended(trial.ends_at));
        assert_eq!(trial.ends_at.as_second(), 14 * 24 * 3600);
    }

    #[test]
    fn after_days_of_silence_only_the_latest_notice_is_due() {
        let trial = Trial::starting(Timestamp::UNIX_EPOCH);
        let late = shift(trial.ends_at, SignedDuration::from_hours(1));
        assert_eq!(trial.due(None, late), Some(Notice::Ended));
        assert_eq!(trial.due(Some(Notice::Ended), late), None);
    }

    proptest! {
        #[test]
        fn watched_at_any_moments_each_notice_comes_at_most_once_and_in_order(mut hours in prop::collection::vec(0i64..2000, 0..60)) {
            hours.sort_unstable();
            let trial = Trial::starting(Timestamp::UNIX_EPOCH);
            let (mut last, mut sent) = (None, Vec::new());
            for hour in hours {
                let now = shift(Timestamp::UNIX_EPOCH, SignedDuration::from_hours(hour));
                if let Some(notice) = trial.due(last, now) {
                    prop_assert!(trial.due_at(notice) <= now);
                    sent.push(notice);
                    last = Some(notice);
                }
            }
            prop_assert!(sent.windows(2).all(|w| w[0] < w[1]));
        }
    }
}
