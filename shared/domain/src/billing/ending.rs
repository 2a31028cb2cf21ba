//! How full access ends and what follows: read-only at once, notices, and
//! destruction thirty days later (clause 3.2b; terms 3.5, 3.6, 4.5). One course
//! for trials, for plans and for workspaces that never had either, decided by
//! the clock: a payment gives the workspace another ending, and with it another
//! course.

use crate::{
    time::{SignedDuration, Timestamp, days, shift},
    trial::{GRACE, Notice},
};
use serde::{Deserialize, Serialize};

/// The least time between an announcement of the destruction and the destruction.
pub const WARNING: SignedDuration = days(1);

/// What it is that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The free trial.
    Trial,
    /// What was paid for, with its days of grace.
    Plan,
    /// Nothing: there was no trial and nobody has paid. Read-only from the opening on.
    Opening,
}

/// The end of a workspace's full access, if nobody pays before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// What ends.
    pub cause: Cause,
    /// From this instant on the workspace is read-only.
    pub at: Timestamp,
}

/// A notice that was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Which.
    pub notice: Notice,
    /// When.
    pub at: Timestamp,
}

impl Given {
    /// It announced the destruction.
    fn is_warning(&self) -> bool {
        self.notice > Notice::Ended
    }
}

impl Ending {
    /// When the workspace's data is due for destruction.
    #[must_use]
    pub fn destruction_at(&self) -> Timestamp {
        shift(self.at, GRACE)
    }

    /// When a notice falls due.
    #[must_use]
    pub fn due_at(&self, notice: Notice) -> Timestamp {
        match notice {
            Notice::ThreeDaysLeft => shift(self.at, -days(3)),
            Notice::OneDayLeft => shift(self.at, -days(1)),
            Notice::Ended => self.at,
            Notice::DestructionInSevenDays => shift(self.destruction_at(), -days(7)),
            Notice::DestructionInOneDay => shift(self.destruction_at(), -days(1)),
            Notice::DestructionDue => self.destruction_at(),
        }
    }

    /// The notices of this ending, in the order in which they fall due. Where
    /// nothing was open, nothing is said to end.
    fn notices(self) -> impl DoubleEndedIterator<Item = Notice> {
        let opened = self.cause != Cause::Opening;
        Notice::ALL
            .into_iter()
            .filter(move |notice| opened || *notice > Notice::Ended)
    }

    /// When the workspace may be destroyed, given what was told last: not
    /// without a warning, and not sooner than [`WARNING`] after it.
    #[must_use]
    pub fn destruction_after(&self, last: Option<Given>) -> Option<Timestamp> {
        let warned = last.filter(Given::is_warning)?;
        Some(self.destruction_at().max(shift(warned.at, WARNING)))
    }

    /// The notice that must be given at `now`: the latest one that is due and
    /// comes after the last. Notices that were slept through are skipped, so
    /// that nobody is told on the last day that three days are left; but the
    /// destruction is announced before it comes, however long the silence was.
    #[must_use]
    pub fn due(&self, last: Option<Given>, now: Timestamp) -> Option<Notice> {
        let latest = self
            .notices()
            .rev()
            .find(|notice| self.due_at(*notice) <= now)?;
        let due = match (latest, self.destruction_after(last)) {
            (Notice::DestructionDue, None) => Notice::DestructionInOneDay,
            (Notice::DestructionDue, Some(at)) if now < at => return None,
            (latest, _) => latest,
        };
        let told = last.map(|given| given.notice);
        Some(due).filter(|due| told.is_none_or(|told| *due > told))
    }

    /// The notice that comes after the last, with its time; `None` after the last of all.
    #[must_use]
    pub fn next(&self, last: Option<Given>) -> Option<(Notice, Timestamp)> {
        let told = last.map(|given| given.notice);
        let next = self
            .notices()
            .find(|notice| told.is_none_or(|told| *notice > told))?;
        let at = self.due_at(next);
        let after = self.destruction_after(last);
        match next {
            Notice::DestructionDue => Some((next, after.unwrap_or(at))),
            _ => Some((next, at)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const CAUSES: [Cause; 3] = [Cause::Trial, Cause::Plan, Cause::Opening];

    fn hour(hour: i64) -> Timestamp {
        shift(Timestamp::UNIX_EPOCH, SignedDuration::from_hours(hour))
    }

    fn ending(cause: Cause, at: i64) -> Ending {
        Ending {
            cause,
            at: hour(at),
        }
    }

    fn given(notice: Notice, at: Timestamp) -> Option<Given> {
        Some(Given { notice, at })
    }

    #[test]
    fn after_days_of_silence_only_the_latest_notice_is_due() {
        let ending = ending(Cause::Plan, 500);
        let ended = given(Notice::Ended, hour(501));
        assert_eq!(ending.due(None, hour(501)), Some(Notice::Ended));
        assert_eq!(ending.due(ended, hour(501)), None);
    }

    #[test]
    fn after_weeks_of_silence_the_destruction_is_announced_a_day_before() {
        let ending = ending(Cause::Plan, 500);
        let late = hour(500 + 40 * 24);
        for last in [None, given(Notice::Ended, hour(500))] {
            assert_eq!(ending.due(last, late), Some(Notice::DestructionInOneDay));
        }
        let warned = given(Notice::DestructionInOneDay, late);
        let tomorrow = shift(late, WARNING);
        let just_before = shift(tomorrow, SignedDuration::from_millis(-1));
        assert_eq!(ending.due(warned, just_before), None);
        assert_eq!(ending.due(warned, tomorrow), Some(Notice::DestructionDue));
        assert_eq!(
            ending.next(warned),
            Some((Notice::DestructionDue, tomorrow))
        );
    }

    #[test]
    fn where_nothing_was_open_nothing_is_said_to_end() {
        let ending = ending(Cause::Opening, 0);
        assert_eq!(ending.due(None, hour(1)), None);
        let first = (Notice::DestructionInSevenDays, hour(23 * 24));
        assert_eq!(ending.next(None), Some(first));
        assert_eq!(ending.destruction_at(), hour(30 * 24));
    }

    proptest! {
        #[test]
        fn watched_at_any_moments_each_notice_comes_once_in_order_and_destruction_after_a_warning(
            cause in prop::sample::select(CAUSES.to_vec()),
            at in 0i64..800,
            mut hours in prop::collection::vec(0i64..2000, 0..60),
        ) {
            hours.sort_unstable();
            let ending = ending(cause, at);
            let mut sent: Vec<Given> = Vec::new();
            for now in hours.into_iter().map(hour) {
                if let Some(notice) = ending.due(sent.last().copied(), now) {
                    prop_assert!(ending.due_at(notice) <= now);
                    sent.push(Given { notice, at: now });
                }
            }
            prop_assert!(sent.windows(2).all(|w| w[0].notice < w[1].notice));
            if let Some(place) = sent.iter().position(|g| g.notice == Notice::DestructionDue) {
                prop_assert!(place > 0 && sent[place - 1].is_warning());
                prop_assert!(shift(sent[place - 1].at, WARNING) <= sent[place].at);
                prop_assert!(ending.destruction_at() <= sent[place].at);
            }
        }

        #[test]
        fn whoever_wakes_at_each_next_notice_gives_them_all(
            cause in prop::sample::select(CAUSES.to_vec()),
            at in 0i64..800,
        ) {
            let ending = ending(cause, at);
            let mut last: Option<Given> = None;
            let mut count = 0;
            while let Some((next, when)) = ending.next(last) {
                prop_assert_eq!(ending.due(last, when), Some(next));
                last = given(next, when);
                count += 1;
            }
            prop_assert_eq!(count, ending.notices().count());
            prop_assert_eq!(last.map(|given| given.at), Some(ending.destruction_at()));
        }
    }
}
