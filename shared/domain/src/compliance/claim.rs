//! Claims before court (clauses 8.1, 8.2): answered within 30 calendar days of
//! receipt, electronically.

use serde::{Deserialize, Serialize};

use super::Words;
use crate::{
    calendar::MissingYear,
    ids::SubjectId,
    regime::{Duty, Regime, Regimes, Rule, Stage, Watch},
    time::Timestamp,
};

/// Why a claim can't go the way that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IllegalMove {
    /// It was answered.
    #[error("the claim was answered")]
    Answered,
    /// It would have been received in the future.
    #[error("it was received at the latest now")]
    NotYetReceived,
}

/// What the register keeps sealed of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Who claims.
    pub subject: SubjectId,
    /// What they claim.
    pub text: Words,
    /// What we answered.
    #[serde(default)]
    pub answer: Option<Words>,
}

/// What is known of a claim without opening its file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    received_at: Timestamp,
    due_at: Timestamp,
    missing: Option<MissingYear>,
    answered_at: Option<Timestamp>,
}

/// The clause binds whatever law protects the person.
fn rule() -> Rule {
    Duty::Claim.rule(Regime::Ru152).unwrap_or(Rule::AT_ONCE)
}

impl Progress {
    /// A claim that arrived at some instant.
    ///
    /// # Errors
    /// [`IllegalMove::NotYetReceived`].
    pub fn received(received_at: Timestamp, now: Timestamp) -> Result<Self, IllegalMove> {
        if received_at > now {
            return Err(IllegalMove::NotYetReceived);
        }
        let deadline = Regimes::from(Regime::Ru152).deadline(Duty::Claim, received_at);
        let due = deadline.map(|deadline| deadline.due);
        Ok(Self {
            received_at,
            due_at: due.map_or(received_at, |due| due.at),
            missing: due.and_then(|due| due.missing),
            answered_at: None,
        })
    }

    /// It was answered; that settles it, as far as we can.
    ///
    /// # Errors
    /// [`IllegalMove::Answered`].
    pub fn answer(mut self, now: Timestamp) -> Result<Self, IllegalMove> {
        if self.answered_at.is_some() {
            return Err(IllegalMove::Answered);
        }
        self.answered_at = Some(now);
        Ok(self)
    }

    /// When it arrived.
    #[must_use]
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// By when it must be answered.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        self.due_at
    }

    /// The provision that sets the period.
    #[must_use]
    pub fn article(&self) -> &'static str {
        rule().article
    }

    /// A calendar that was missing to count the period.
    #[must_use]
    pub fn missing_calendar(&self) -> Option<MissingYear> {
        self.missing
    }

    /// When it was answered.
    #[must_use]
    pub fn answered_at(&self) -> Option<Timestamp> {
        self.answered_at
    }

    /// It was answered too late, or is not answered though its time is over.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.answered_at.unwrap_or(now) > self.due_at
    }

    /// Reminders 7, 3 and 1 days before the end, and the alarm.
    #[must_use]
    pub fn watch(&self) -> Watch {
        Watch::over(rule().term, self.received_at, self.due_at)
    }

    /// Where it stands while it waits.
    #[must_use]
    pub fn stage(&self, now: Timestamp) -> Option<Stage> {
        self.answered_at.is_none().then(|| self.watch().stage(now))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::time::{days, shift};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn received(text: &str) -> Progress {
        Progress::received(at(text), at(text)).unwrap()
    }

    #[test]
    fn thirty_calendar_days_end_at_midnight_in_moscow() {
        // 31 January 2026, 23:30 in Moscow; the thirtieth day, 2 March, is a Monday
        let claim = received("2026-01-31T20:30:00Z");
        assert_eq!(claim.due_at(), at("2026-03-02T20:59:59.999Z"));
        // half an hour later it is 1 February there; the thirtieth day is 3 March
        let later = received("2026-01-31T21:00:00Z");
        assert_eq!(later.due_at(), at("2026-03-03T20:59:59.999Z"));
        // the thirtieth day is 1 January: the end rolls over the holidays
        let rolled = received("2026-12-02T09:00:00Z");
        assert_eq!(rolled.due_at(), at("2027-01-11T20:59:59.999Z"));
        assert!(claim.article().contains("8.2"));
    }

    #[test]
    fn it_is_answered_once_and_late_after_its_end() {
        let claim = received("2026-11-24T09:00:00Z");
        let end = claim.due_at();
        assert!(!claim.is_late(end));
        assert_eq!(claim.stage(shift(end, days(1))), Some(Stage::Overdue));
        let answered = claim.clone().answer(shift(end, days(1))).unwrap();
        assert!(answered.is_late(end) && answered.stage(end).is_none());
        assert_eq!(answered.answer(end), Err(IllegalMove::Answered));
        let reminders = claim.watch().reminders().to_vec();
        assert_eq!(reminders, [7, 3, 1].map(|before| shift(end, -days(before))));
        let future = Progress::received(shift(end, days(1)), end);
        assert_eq!(future, Err(IllegalMove::NotYetReceived));
    }
}
