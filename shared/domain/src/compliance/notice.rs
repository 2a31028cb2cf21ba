//! Notices to whoever was given a person's data: that it was corrected (clauses
//! 5.3, 6.3b; GDPR art. 19), or that it must be destroyed (5.2b, 5.6; 152-FZ
//! art. 21(5)). Each has a deadline and waits for its receipt.

use serde::{Deserialize, Serialize};

use super::processor::Processor;
use crate::{
    calendar::Term,
    contact::Profile,
    ids::DisclosureId,
    ledger::Hash,
    processing::Category,
    regime::{Stage, Watch},
    time::{Timestamp, days, shift},
};

/// Who was given the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recipient {
    /// A processor.
    Processor(Processor),
    /// Whoever the sealed file of a disclosure names.
    Disclosure(DisclosureId),
}

/// What they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// What they were given was wrong, and was corrected.
    Correction,
    /// The person's data was destroyed, and must be there too.
    Destruction,
}

impl Matter {
    /// The name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Correction => "correction",
            Self::Destruction => "destruction",
        }
    }

    /// The clause that it follows from.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::Correction => "6.3b",
            Self::Destruction => "5.2b",
        }
    }

    /// How many calendar days the receipt may take. 152-FZ art. 21(5) gives 30 to
    /// have data destroyed by whoever works for us; for a correction the laws say
    /// "without delay", and seven days are our own figure, below the seven working
    /// days of art. 21(2).
    #[must_use]
    pub fn days(self) -> u16 {
        match self {
            Self::Correction => 7,
            Self::Destruction => 30,
        }
    }
}

/// Why a notice can't go the way that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IllegalMove {
    /// Its receipt is noted.
    #[error("the receipt of this notice was noted before")]
    Answered,
    /// The answer would be older than the notice, or come from the future.
    #[error("it was answered after it was asked, and at the latest now")]
    NotThen,
}

/// Where a notice stands. Names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    to: Recipient,
    matter: Matter,
    asked_at: Timestamp,
    due_at: Timestamp,
    written_at: Option<Timestamp>,
    answered_at: Option<Timestamp>,
    receipt: Option<Hash>,
}

impl Progress {
    /// A notice that follows from what was committed at `now`.
    #[must_use]
    pub fn due(to: Recipient, matter: Matter, now: Timestamp) -> Self {
        Self {
            to,
            matter,
            asked_at: now,
            due_at: shift(now, days(i64::from(matter.days()))),
            written_at: None,
            answered_at: None,
            receipt: None,
        }
    }

    /// The letter has gone.
    #[must_use]
    pub fn written(mut self, now: Timestamp) -> Self {
        self.written_at.get_or_insert(now);
        self
    }

    /// The recipient has confirmed it, in a document of this SHA-256.
    ///
    /// # Errors
    /// [`IllegalMove`].
    pub fn answered(
        mut self,
        receipt: Hash,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Self, IllegalMove> {
        if self.answered_at.is_some() {
            return Err(IllegalMove::Answered);
        }
        if at < self.asked_at || at > now {
            return Err(IllegalMove::NotThen);
        }
        self.answered_at = Some(at);
        self.receipt = Some(receipt);
        Ok(self)
    }

    /// Who is told.
    #[must_use]
    pub fn to(&self) -> Recipient {
        self.to
    }

    /// What.
    #[must_use]
    pub fn matter(&self) -> Matter {
        self.matter
    }

    /// Since when.
    #[must_use]
    pub fn asked_at(&self) -> Timestamp {
        self.asked_at
    }

    /// By when the receipt must be there.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        self.due_at
    }

    /// When the letter went.
    #[must_use]
    pub fn written_at(&self) -> Option<Timestamp> {
        self.written_at
    }

    /// When they confirmed it.
    #[must_use]
    pub fn answered_at(&self) -> Option<Timestamp> {
        self.answered_at
    }

    /// SHA-256 of their confirmation.
    #[must_use]
    pub fn receipt(&self) -> Option<Hash> {
        self.receipt
    }

    /// It was confirmed too late, or is not though its time is over.
    #[must_use]
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.answered_at.unwrap_or(now) > self.due_at
    }

    /// Where it stands while it waits.
    #[must_use]
    pub fn stage(&self, now: Timestamp) -> Option<Stage> {
        let term = Term::CalendarDays(self.matter.days());
        let watch = Watch::over(term, self.asked_at, self.due_at);
        self.answered_at.is_none().then(|| watch.stage(now))
    }
}

/// The kinds of data that differ between two states of a profile.
#[must_use]
pub fn changed(before: &Profile, after: &Profile) -> Vec<Category> {
    let differ = [
        (Category::Identity, before.name != after.name),
        (
            Category::Contact,
            before.phone != after.phone || before.email != after.email,
        ),
        (
            Category::Employment,
            before.company != after.company || before.position != after.position,
        ),
    ];
    let changed = differ.into_iter().filter(|(_, differs)| *differs);
    changed.map(|(category, _)| category).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn notice() -> Progress {
        let stripe = Recipient::Processor(Processor::Stripe);
        Progress::due(stripe, Matter::Destruction, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_receipt_is_noted_once_and_is_late_after_thirty_days() {
        let (asked, hash) = (Timestamp::UNIX_EPOCH, Hash([7; 32]));
        let later = |count| shift(asked, days(count));
        assert_eq!(notice().stage(later(24)), Some(Stage::Reminded));
        assert_eq!(notice().stage(later(25)), Some(Stage::Alarm));
        assert_eq!(notice().stage(later(31)), Some(Stage::Overdue));
        let early = notice().answered(hash, later(-1), later(1));
        assert_eq!(early, Err(IllegalMove::NotThen));
        let future = notice().answered(hash, later(2), later(1));
        assert_eq!(future, Err(IllegalMove::NotThen));
        let answered = notice().answered(hash, later(30), later(40)).unwrap();
        assert!(!answered.is_late(later(40)) && answered.stage(later(40)).is_none());
        let again = answered.answered(hash, later(30), later(40));
        assert_eq!(again, Err(IllegalMove::Answered));
    }

    #[test]
    fn a_letter_that_goes_twice_was_written_when_it_went_first() {
        let first = shift(Timestamp::UNIX_EPOCH, days(1));
        let twice = notice().written(first).written(shift(first, days(1)));
        assert_eq!(twice.written_at(), Some(first));
    }
}
