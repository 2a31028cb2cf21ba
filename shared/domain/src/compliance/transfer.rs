//! The transfer of personal data with a sale of the business (clause 5.6c): a disclosure to the
//! acquirer, of everybody who was told beforehand, has not objected, has not restricted the
//! processing and has not withdrawn the consent to it.
//!
//! Somebody proposes it and somebody else approves it. Every account is told, page by page, and
//! has a time to object. Then the pages are packed, each person looked at anew. With the fetching
//! of a page's package the data of its people counts as passed on; the handing over closes it.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    Words,
    disclosure::{Approver, GRANT_LENGTH, Grant, InvalidScope, Scope},
};
use crate::{
    ids::{DisclosureId, SubjectId},
    ledger::Hash,
    processing::Category,
    request::Ground,
    time::{SignedDuration, Timestamp, days, shift},
};

/// The clause of the policy.
pub const CLAUSE: &str = "5.6c";
/// The shortest time to object, in days, and the one of who names none. Our own figure: no law
/// sets one.
pub const SHORTEST_WINDOW: u16 = 30;
/// The longest time to object, in days: what was approved longer ago is proposed anew.
pub const LONGEST_WINDOW: u16 = 365;
/// What can be passed on: categories of bounded size, so that the package of a page can be fetched
/// in one answer.
pub const TRANSFERABLE: [Category; 4] = [
    Category::Identity,
    Category::Contact,
    Category::Employment,
    Category::Account,
];

/// What everybody is told. An acquirer's name and address are a company's, not a person's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Who acquires the business.
    pub counterparty: Words,
    /// The acquirer's address.
    pub address: Words,
    /// The provision that allows it.
    pub law: Ground,
    /// Which data is passed on.
    pub categories: BTreeSet<Category>,
}

/// Why nothing can be proposed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTerms {
    /// The categories.
    #[error(transparent)]
    Scope(#[from] InvalidScope),
    /// A category whose size has no bound.
    #[error("`{}` can't be passed on: name only `identity`, `contact`, `employment` and `account`, whose size is bounded, so that each package fits in one answer", .0.as_str())]
    Unbounded(Category),
    /// The time to object.
    #[error("give 30 to 365 days to object")]
    Window,
}

/// Where a transfer stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Somebody else has to approve it.
    Proposed,
    /// The accounts are being told.
    Announcing,
    /// Everybody was told and may object.
    Announced,
    /// The packages are being made.
    Packing,
    /// The packages may be fetched.
    Packed,
    /// The acquirer has them.
    Passed,
    /// It does not take place.
    Cancelled,
}

impl State {
    /// Nothing leaves any more.
    #[must_use]
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Passed | Self::Cancelled)
    }
}

/// Why a transfer can't go the way that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IllegalMove {
    /// The step does not follow from where the transfer stands.
    #[error("this does not follow from where the transfer stands")]
    State(State),
    /// Who proposed it may not approve it.
    #[error("somebody else has to approve it: you proposed it")]
    OwnCase,
    /// The time to object is not over.
    #[error("the time to object is not over")]
    Early,
    /// The packages are too old.
    #[error("the packages are over; order them anew")]
    Over,
}

/// Why somebody's data is not in the packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// They were erased, or are being erased.
    Erased,
    /// They withdrew the consent to processing.
    Withdrawn,
    /// They restricted the processing.
    Restricted,
    /// They object to this transfer, or to the processing for the service.
    Objected,
}

/// How many people are in the packages, and how many are not for which reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// In the packages.
    pub packed: u64,
    /// [`LeftOut::Erased`].
    pub erased: u64,
    /// [`LeftOut::Withdrawn`].
    pub withdrawn: u64,
    /// [`LeftOut::Restricted`].
    pub restricted: u64,
    /// [`LeftOut::Objected`].
    pub objected: u64,
}

impl Counts {
    /// One more who is not in them.
    pub fn leave_out(&mut self, why: LeftOut) {
        let count = match why {
            LeftOut::Erased => &mut self.erased,
            LeftOut::Withdrawn => &mut self.withdrawn,
            LeftOut::Restricted => &mut self.restricted,
            LeftOut::Objected => &mut self.objected,
        };
        *count += 1;
    }

    fn with(self, more: Self) -> Self {
        Self {
            packed: self.packed + more.packed,
            erased: self.erased + more.erased,
            withdrawn: self.withdrawn + more.withdrawn,
            restricted: self.restricted + more.restricted,
            objected: self.objected + more.objected,
        }
    }

    fn without(self, less: Self) -> Self {
        Self {
            packed: self.packed.saturating_sub(less.packed),
            erased: self.erased.saturating_sub(less.erased),
            withdrawn: self.withdrawn.saturating_sub(less.withdrawn),
            restricted: self.restricted.saturating_sub(less.restricted),
            objected: self.objected.saturating_sub(less.objected),
        }
    }
}

/// The making of the packages that was ordered last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packing {
    /// Its number, from 1: another order makes all of them anew.
    pub run: u32,
    /// When it was ordered.
    pub ordered_at: Timestamp,
    /// How many pages were looked at.
    pub pages: u32,
    /// Who is in them.
    pub counts: Counts,
    /// The Merkle root over the pages' hashes, once they are handed over.
    pub root: Option<Hash>,
}

impl Packing {
    /// Until when the packages may be made and fetched; their key ends then.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        shift(self.ordered_at, GRANT_LENGTH)
    }
}

/// What the register keeps sealed of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Why it takes place.
    pub reason: Words,
    /// How the packages were handed over.
    #[serde(default)]
    pub channel: Option<Words>,
    /// Why it was cancelled.
    #[serde(default)]
    pub cancelled: Option<Words>,
}

/// What is known of a transfer without opening its file. Changes only through its methods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    terms: Terms,
    window: u16,
    state: State,
    proposed_by: Approver,
    proposed_at: Timestamp,
    approved_at: Option<Timestamp>,
    pages: u32,
    told: u64,
    until: Option<Timestamp>,
    packing: Option<Packing>,
    handed_over_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
}

impl Progress {
    /// A transfer that somebody proposes, with so many days to object.
    ///
    /// # Errors
    /// [`InvalidTerms`].
    pub fn propose(
        terms: Terms,
        window: u16,
        by: Approver,
        now: Timestamp,
    ) -> Result<Self, InvalidTerms> {
        Scope::whole(terms.categories.clone(), now)?;
        let unbounded = |category: &&Category| !TRANSFERABLE.contains(category);
        if let Some(category) = terms.categories.iter().find(unbounded) {
            return Err(InvalidTerms::Unbounded(*category));
        }
        if !(SHORTEST_WINDOW..=LONGEST_WINDOW).contains(&window) {
            return Err(InvalidTerms::Window);
        }
        Ok(Self {
            terms,
            window,
            state: State::Proposed,
            proposed_by: by,
            proposed_at: now,
            approved_at: None,
            pages: 0,
            told: 0,
            until: None,
            packing: None,
            handed_over_at: None,
            closed_at: None,
        })
    }

    fn at(&self, states: &[State]) -> Result<(), IllegalMove> {
        if states.contains(&self.state) {
            Ok(())
        } else {
            Err(IllegalMove::State(self.state))
        }
    }

    /// Somebody else approves it: everybody is told.
    ///
    /// # Errors
    /// [`IllegalMove`].
    pub fn approve(mut self, by: &Approver, now: Timestamp) -> Result<Self, IllegalMove> {
        self.at(&[State::Proposed])?;
        if *by == self.proposed_by {
            return Err(IllegalMove::OwnCase);
        }
        self.state = State::Announcing;
        self.approved_at = Some(now);
        Ok(self)
    }

    /// Until when somebody may object who is told at `now`.
    #[must_use]
    pub fn window_of(&self, now: Timestamp) -> Timestamp {
        shift(now, self.window())
    }

    /// A page of so many people was told; with the last one the time to object ends for all.
    ///
    /// # Errors
    /// [`IllegalMove::State`].
    pub fn announced(mut self, told: u64, last: bool, now: Timestamp) -> Result<Self, IllegalMove> {
        self.at(&[State::Announcing])?;
        self.pages += 1;
        self.told += told;
        if last {
            self.state = State::Announced;
            self.until = Some(self.window_of(now));
        }
        Ok(self)
    }

    /// The packages are to be made, or made anew: whoever was left out or in is looked at again.
    ///
    /// # Errors
    /// [`IllegalMove`], until the time to object is over.
    pub fn order_packing(mut self, now: Timestamp) -> Result<Self, IllegalMove> {
        self.at(&[State::Announced, State::Packing, State::Packed])?;
        if self.until.is_none_or(|until| now < until) {
            return Err(IllegalMove::Early);
        }
        let run = self.packing.map_or(0, |packing| packing.run);
        self.state = State::Packing;
        self.packing = Some(Packing {
            run: run + 1,
            ordered_at: now,
            pages: 0,
            counts: Counts::default(),
            root: None,
        });
        Ok(self)
    }

    fn packing_at(&self, states: &[State], now: Timestamp) -> Result<Packing, IllegalMove> {
        self.at(states)?;
        let packing = self.packing.ok_or(IllegalMove::State(self.state))?;
        if now > packing.until() {
            return Err(IllegalMove::Over);
        }
        Ok(packing)
    }

    /// The making of packages that goes on at `now`.
    ///
    /// # Errors
    /// [`IllegalMove`] unless one was ordered and is not over.
    pub fn may_be_packed(&self, now: Timestamp) -> Result<Packing, IllegalMove> {
        self.packing_at(&[State::Packing], now)
    }

    /// The making of packages whose key is there at `now`, whether all of them are made or not.
    ///
    /// # Errors
    /// [`IllegalMove`] when there is none.
    pub fn may_be_opened(&self, now: Timestamp) -> Result<Packing, IllegalMove> {
        self.packing_at(&[State::Packing, State::Packed], now)
    }

    /// Leave to read the data of one of its people for the packages.
    ///
    /// # Errors
    /// As [`Progress::may_be_opened`].
    pub fn grant(
        &self,
        transfer: DisclosureId,
        subject: SubjectId,
        now: Timestamp,
    ) -> Result<Grant, IllegalMove> {
        let until = self.may_be_opened(now)?.until();
        let scope = Scope::whole(self.terms.categories.clone(), now)
            .map_err(|_| IllegalMove::State(self.state))?;
        Ok(Grant::of_transfer(transfer, subject, scope, until))
    }

    /// A page was packed; with the last one the packages are made.
    ///
    /// # Errors
    /// As [`Progress::may_be_packed`].
    pub fn packed(
        mut self,
        counts: Counts,
        last: bool,
        now: Timestamp,
    ) -> Result<Self, IllegalMove> {
        let packing = self.may_be_packed(now)?;
        self.packing = Some(Packing {
            pages: packing.pages + 1,
            counts: packing.counts.with(counts),
            ..packing
        });
        if last {
            self.state = State::Packed;
        }
        Ok(self)
    }

    /// A page of the packages was packed again, because somebody in it has stopped it since.
    ///
    /// # Errors
    /// As [`Progress::may_be_fetched`].
    pub fn packed_again(
        mut self,
        before: Counts,
        counts: Counts,
        now: Timestamp,
    ) -> Result<Self, IllegalMove> {
        let packing = self.may_be_fetched(now)?;
        self.packing = Some(Packing {
            counts: packing.counts.without(before).with(counts),
            ..packing
        });
        Ok(self)
    }

    /// The packages may be fetched by the staff, to hand them over.
    ///
    /// # Errors
    /// [`IllegalMove`] unless they are made and not over.
    pub fn may_be_fetched(&self, now: Timestamp) -> Result<Packing, IllegalMove> {
        self.packing_at(&[State::Packed], now)
    }

    /// The acquirer has what was fetched, with this root over the packages' hashes. How old they
    /// are does not count: what was not fetched in time can't be opened any more.
    ///
    /// # Errors
    /// [`IllegalMove::State`] unless they are made.
    pub fn hand_over(mut self, root: Hash, now: Timestamp) -> Result<Self, IllegalMove> {
        self.at(&[State::Packed])?;
        self.packing = self.packing.map(|packing| Packing {
            root: Some(root),
            ..packing
        });
        self.state = State::Passed;
        self.handed_over_at = Some(now);
        self.closed_at = Some(now);
        Ok(self)
    }

    /// It does not take place.
    ///
    /// # Errors
    /// [`IllegalMove::State`] once it is passed or cancelled.
    pub fn cancel(mut self, now: Timestamp) -> Result<Self, IllegalMove> {
        if self.state.is_closed() {
            return Err(IllegalMove::State(self.state));
        }
        self.state = State::Cancelled;
        self.closed_at = Some(now);
        Ok(self)
    }

    /// When somebody has to look at it next; `None` once it is closed.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        let packing = self.packing.map(|packing| packing.until());
        let next = packing.or(self.until).unwrap_or(self.proposed_at);
        (!self.state.is_closed()).then_some(next)
    }

    /// What everybody is told.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// How long everybody may object.
    #[must_use]
    pub fn window(&self) -> SignedDuration {
        days(i64::from(self.window))
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// When it was proposed.
    #[must_use]
    pub fn proposed_at(&self) -> Timestamp {
        self.proposed_at
    }

    /// When it was approved.
    #[must_use]
    pub fn approved_at(&self) -> Option<Timestamp> {
        self.approved_at
    }

    /// In how many pages people were told.
    #[must_use]
    pub fn pages(&self) -> u32 {
        self.pages
    }

    /// How many people were told.
    #[must_use]
    pub fn told(&self) -> u64 {
        self.told
    }

    /// When the time to object ends for all, once all were told.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// The making of the packages that was ordered last.
    #[must_use]
    pub fn packing(&self) -> Option<Packing> {
        self.packing
    }

    /// When the acquirer had them.
    #[must_use]
    pub fn handed_over_at(&self) -> Option<Timestamp> {
        self.handed_over_at
    }

    /// When it ended.
    #[must_use]
    pub fn closed_at(&self) -> Option<Timestamp> {
        self.closed_at
    }
}
