//! Legal holds (clauses 5.8, 8.1): a decision of the staff that some of a person's data outlives
//! their erasure, because a law, a court or a claim needs it. No more than it names, on a ground,
//! until a date, and looked at again and again.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Words;
use crate::{
    ids::SubjectId,
    processing::Category,
    request::Ground,
    time::{SignedDuration, Timestamp, days, shift},
};

/// The longest that a hold lasts: three years, leap day included. Our own figure; a longer need
/// is a new decision.
pub const LONGEST: SignedDuration = days(1096);
/// How often somebody has to look whether it is needed still. Our own figure.
pub const REVIEW: SignedDuration = days(90);

/// What can be held. Files are the customer's; registers go on by themselves.
pub const HOLDABLE: [Category; 7] = [
    Category::Identity,
    Category::Contact,
    Category::Employment,
    Category::Account,
    Category::ConsentEvidence,
    Category::Request,
    Category::Correspondence,
];

/// Why a hold can't go the way that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IllegalMove {
    /// It names nothing.
    #[error("name at least one category")]
    Empty,
    /// It names what can't be held.
    #[error("`{}` can't be held", .0.as_str())]
    Unholdable(Category),
    /// Its end is past, or too far away.
    #[error("a hold ends in the future, at most 1,096 days after it was placed")]
    End,
    /// It was lifted, or is over.
    #[error("the hold was lifted or is over")]
    Over,
}

/// What is sealed of a hold.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Whose data.
    pub subject: SubjectId,
    /// Why it is needed, in the staff's words.
    pub reason: Words,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("File(…)")
    }
}

/// What is known of a hold without opening its file. Names nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    categories: BTreeSet<Category>,
    law: Ground,
    placed_at: Timestamp,
    until: Timestamp,
    reviewed_at: Timestamp,
    kept: Option<Kept>,
    lifted_at: Option<Timestamp>,
}

/// What an erasure left to a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// When.
    pub at: Timestamp,
    /// In how many sealed parts.
    pub parts: usize,
}

impl Progress {
    /// A hold on these categories until then, on a ground of the law.
    ///
    /// # Errors
    /// [`IllegalMove`].
    pub fn place(
        categories: BTreeSet<Category>,
        law: Ground,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Self, IllegalMove> {
        if categories.is_empty() {
            return Err(IllegalMove::Empty);
        }
        let mut foreign = categories.iter().filter(|one| !HOLDABLE.contains(one));
        if let Some(foreign) = foreign.next() {
            return Err(IllegalMove::Unholdable(*foreign));
        }
        let hold = Self {
            categories,
            law,
            placed_at: now,
            until,
            reviewed_at: now,
            kept: None,
            lifted_at: None,
        };
        hold.ends_well(now).then_some(hold).ok_or(IllegalMove::End)
    }

    fn ends_well(&self, now: Timestamp) -> bool {
        now < self.until && self.until <= shift(self.placed_at, LONGEST)
    }

    /// Somebody has looked, and it is needed still: until the same day, or another.
    ///
    /// # Errors
    /// [`IllegalMove`].
    pub fn review(mut self, until: Option<Timestamp>, now: Timestamp) -> Result<Self, IllegalMove> {
        if !self.is_active(now) {
            return Err(IllegalMove::Over);
        }
        self.reviewed_at = now;
        self.until = until.unwrap_or(self.until);
        self.ends_well(now).then_some(self).ok_or(IllegalMove::End)
    }

    /// An erasure destroys the rest: what is held lies in so many parts.
    #[must_use]
    pub fn keep(mut self, parts: usize, now: Timestamp) -> Self {
        self.kept = Some(Kept { at: now, parts });
        self
    }

    /// It is not needed any more.
    ///
    /// # Errors
    /// [`IllegalMove::Over`].
    pub fn lift(mut self, now: Timestamp) -> Result<Self, IllegalMove> {
        if !self.is_active(now) {
            return Err(IllegalMove::Over);
        }
        self.lifted_at = Some(now);
        Ok(self)
    }

    /// It holds at `now`.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.lifted_at.is_none() && now < self.until
    }

    /// What is held.
    #[must_use]
    pub fn categories(&self) -> &BTreeSet<Category> {
        &self.categories
    }

    /// The provision that demands or allows it.
    #[must_use]
    pub fn law(&self) -> &Ground {
        &self.law
    }

    /// Since when.
    #[must_use]
    pub fn placed_at(&self) -> Timestamp {
        self.placed_at
    }

    /// Until when.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// When somebody looked last.
    #[must_use]
    pub fn reviewed_at(&self) -> Timestamp {
        self.reviewed_at
    }

    /// When somebody has to look again, or it ends.
    #[must_use]
    pub fn review_due_at(&self) -> Timestamp {
        shift(self.reviewed_at, REVIEW).min(self.until)
    }

    /// What an erasure has left to it.
    #[must_use]
    pub fn kept(&self) -> Option<Kept> {
        self.kept
    }

    /// When it was lifted.
    #[must_use]
    pub fn lifted_at(&self) -> Option<Timestamp> {
        self.lifted_at
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn placed(categories: &[Category], until: Timestamp) -> Result<Progress, IllegalMove> {
        let law = Ground::new("Civil Code art. 196").unwrap();
        let categories = categories.iter().copied().collect();
        Progress::place(categories, law, until, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_hold_names_what_it_holds_and_ends() {
        let at = |count| shift(Timestamp::UNIX_EPOCH, days(count));
        let contact = [Category::Contact];
        assert_eq!(placed(&[], at(10)), Err(IllegalMove::Empty));
        let foreign = Category::Payment;
        let refused = Err(IllegalMove::Unholdable(foreign));
        assert_eq!(placed(&[Category::Contact, foreign], at(10)), refused);
        for end in [at(0), at(1097)] {
            assert_eq!(placed(&contact, end), Err(IllegalMove::End));
        }
        let hold = placed(&contact, at(200)).unwrap();
        assert!(hold.is_active(at(199)) && !hold.is_active(at(200)));
        assert_eq!(hold.review_due_at(), at(90));
        let reviewed = hold.clone().review(Some(at(1096)), at(80)).unwrap();
        assert_eq!(
            (reviewed.until(), reviewed.review_due_at()),
            (at(1096), at(170))
        );
        assert_eq!(
            hold.clone().review(Some(at(1097)), at(80)),
            Err(IllegalMove::End)
        );
        assert_eq!(hold.clone().review(None, at(200)), Err(IllegalMove::Over));
        let lifted = hold.lift(at(100)).unwrap();
        assert!(!lifted.is_active(at(100)));
        assert_eq!(lifted.lift(at(101)), Err(IllegalMove::Over));
    }
}
