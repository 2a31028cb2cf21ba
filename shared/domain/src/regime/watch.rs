//! When to remind and when to raise an alarm before a deadline.

use crate::{
    calendar::Term,
    time::{SignedDuration, Timestamp, days, shift},
};

/// Where a deadline stands at some instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// There is time.
    Running,
    /// A reminder has been due.
    Reminded,
    /// Somebody must act now.
    Alarm,
    /// It has passed.
    Overdue,
}

/// The instants at which somebody is told about a deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    reminders: Vec<Timestamp>,
    alarm_at: Timestamp,
    due_at: Timestamp,
}

/// Reminders, in days before the end (clause 8.2).
const REMINDERS: [i64; 3] = [7, 3, 1];
/// The alarm in periods of days and months: day 25 of 30 (clause 5.2b).
const ALARM_DAYS: i64 = 5;
/// The alarm in periods of working days, which are shorter.
const ALARM_WORKING: SignedDuration = days(2);
/// The alarm in periods of hours: 20 of 24, 68 of 72 (clause 5.9).
const ALARM_HOURS: i64 = 4;

impl Watch {
    /// Over a period that runs from `received` to `due_at`. The alarm of a
    /// period in calendar days is counted from receipt, so that an end which
    /// rolls over days off does not delay it.
    #[must_use]
    pub fn over(term: Term, received: Timestamp, due_at: Timestamp) -> Self {
        let alarm_at = match term {
            Term::AtOnce => due_at,
            Term::Hours(count) => {
                let left = (i64::from(count) - ALARM_HOURS).max(0);
                shift(received, SignedDuration::from_hours(left))
            }
            Term::WorkingDays(_) => shift(due_at, -ALARM_WORKING),
            Term::CalendarDays(count) => {
                shift(received, days((i64::from(count) - ALARM_DAYS).max(0)))
            }
            Term::Months(_) => shift(due_at, -days(ALARM_DAYS)),
        };
        let reminders = match term {
            Term::AtOnce | Term::Hours(_) => Vec::new(),
            _ => REMINDERS
                .iter()
                .map(|before| shift(due_at, -days(*before)))
                .filter(|at| *at > received)
                .collect(),
        };
        Self {
            reminders,
            alarm_at: alarm_at.clamp(received.min(due_at), due_at),
            due_at,
        }
    }

    /// The reminders, earliest first.
    #[must_use]
    pub fn reminders(&self) -> &[Timestamp] {
        &self.reminders
    }

    /// From when on somebody must act.
    #[must_use]
    pub fn alarm_at(&self) -> Timestamp {
        self.alarm_at
    }

    /// The deadline.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        self.due_at
    }

    /// Where it stands.
    #[must_use]
    pub fn stage(&self, now: Timestamp) -> Stage {
        if now > self.due_at {
            Stage::Overdue
        } else if now >= self.alarm_at {
            Stage::Alarm
        } else if self.reminders.iter().any(|at| *at <= now) {
            Stage::Reminded
        } else {
            Stage::Running
        }
    }

    /// The next instant at which somebody is to be told; `None` once it has passed.
    #[must_use]
    pub fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        // a deadline has passed with the first millisecond after it
        let passed = shift(self.due_at, SignedDuration::from_millis(1));
        self.reminders
            .iter()
            .copied()
            .chain([self.alarm_at, passed])
            .filter(|at| *at > now)
            .min()
    }
}
