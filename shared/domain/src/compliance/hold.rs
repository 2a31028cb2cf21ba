//! Legal holds (clauses 5.8, 8.1): a decision of the staff that some of a person's data outlives
//! their erasure, because a law, a court or a claim needs it. No more than it names, on a ground,
//! until a date, and looked at again and again.
//!
//! A hold keeps what stands when it is placed and what is added while it stands: copies, so that
//! corrections are made and data ends as if there were no hold.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Words;
use crate::{
    ids::SubjectId,
    processing::Category,
    regime::Stage,
    request::Ground,
    time::{SignedDuration, Timestamp, days, shift},
};

/// The longest that a hold lasts: three years, leap day included. Our own figure; a longer need
/// is a new decision.
pub const LONGEST: SignedDuration = days(1096);
/// How often somebody has to look whether it is needed still. Our own figure.
pub const REVIEW: SignedDuration = days(90);
/// How long before a review is due somebody is told. Our own figure.
pub const REVIEW_ALARM: SignedDuration = days(7);

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
    /// The ban on telling of it lies in the past.
    #[error("the ban on telling of it ends before it begins")]
    SecretOver,
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
    #[serde(default)]
    secret_until: Option<Timestamp>,
    #[serde(default)]
    outlived_at: Option<Timestamp>,
}

/// What was copied for a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// When something was added last.
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
            secret_until: None,
            outlived_at: None,
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

    /// The law forbids telling of it, for so long. A later ban replaces an earlier one.
    ///
    /// # Errors
    /// [`IllegalMove`].
    pub fn forbid_telling(mut self, until: Timestamp, now: Timestamp) -> Result<Self, IllegalMove> {
        if !self.is_active(now) {
            return Err(IllegalMove::Over);
        }
        if until <= now {
            return Err(IllegalMove::SecretOver);
        }
        self.secret_until = Some(until);
        Ok(self)
    }

    /// What it names was copied: it lies in so many parts.
    #[must_use]
    pub fn keep(mut self, parts: usize, now: Timestamp) -> Self {
        if self.kept.is_none_or(|kept| kept.parts != parts) {
            self.kept = Some(Kept { at: now, parts });
        }
        self
    }

    /// An erasure destroys whatever was not copied for it.
    #[must_use]
    pub fn outlive(mut self, now: Timestamp) -> Self {
        self.outlived_at = Some(now);
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

    /// The person, and anybody, may know of it at `now`.
    #[must_use]
    pub fn may_be_known(&self, now: Timestamp) -> bool {
        self.secret_until.is_none_or(|until| until <= now)
    }

    /// How its review stands; `None` once it is lifted or over. It ends without a review when its
    /// last day comes first, and somebody is told before that too.
    #[must_use]
    pub fn stage(&self, now: Timestamp) -> Option<Stage> {
        let due_at = self.review_due_at();
        self.is_active(now).then(|| {
            if now > due_at {
                Stage::Overdue
            } else if now >= shift(due_at, -REVIEW_ALARM) {
                Stage::Alarm
            } else {
                Stage::Running
            }
        })
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

    /// It holds data of this category.
    #[must_use]
    pub fn covers(&self, category: Category) -> bool {
        self.categories.contains(&category)
    }

    /// What was copied for it; `None` until that was done first.
    #[must_use]
    pub fn kept(&self) -> Option<Kept> {
        self.kept
    }

    /// When an erasure has counted it among what it leaves.
    #[must_use]
    pub fn outlived_at(&self) -> Option<Timestamp> {
        self.outlived_at
    }

    /// When it was lifted.
    #[must_use]
    pub fn lifted_at(&self) -> Option<Timestamp> {
        self.lifted_at
    }

    /// Until when nobody outside may be told of it.
    #[must_use]
    pub fn secret_until(&self) -> Option<Timestamp> {
        self.secret_until
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

    #[test]
    fn somebody_is_told_before_a_review_is_due_and_before_the_end() {
        let at = |count| shift(Timestamp::UNIX_EPOCH, days(count));
        let hold = placed(&[Category::Contact], at(200)).unwrap();
        assert_eq!(hold.stage(at(82)), Some(Stage::Running));
        assert_eq!(hold.stage(at(83)), Some(Stage::Alarm));
        assert_eq!(hold.stage(at(91)), Some(Stage::Overdue));
        let reviewed = hold.review(None, at(150)).unwrap();
        assert_eq!(reviewed.stage(at(192)), Some(Stage::Running));
        assert_eq!(reviewed.stage(at(193)), Some(Stage::Alarm));
        assert_eq!(reviewed.stage(at(200)), None);
        assert_eq!(reviewed.lift(at(195)).unwrap().stage(at(196)), None);
    }

    #[test]
    fn a_secret_hold_may_be_known_when_its_ban_ends() {
        let at = |count| shift(Timestamp::UNIX_EPOCH, days(count));
        let hold = placed(&[Category::Contact], at(200)).unwrap();
        assert!(hold.may_be_known(at(1)));
        let past = hold.clone().forbid_telling(at(1), at(1));
        assert_eq!(past, Err(IllegalMove::SecretOver));
        let secret = hold.forbid_telling(at(30), at(1)).unwrap();
        assert!(!secret.may_be_known(at(29)) && secret.may_be_known(at(30)));
        let over = secret.forbid_telling(at(300), at(200));
        assert_eq!(over, Err(IllegalMove::Over));
    }
}
