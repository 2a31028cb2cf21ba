//! A disclosure on its way: opened, approved, made ready, handed over, told.

use serde::{Deserialize, Serialize};

use super::{Approver, Basis, File, GRANT_LENGTH, Grant, GroundKind, Grounds, Scope};
use crate::{
    ids::DisclosureId,
    ledger::Hash,
    request::Ground,
    time::{Timestamp, shift},
};

/// Where a disclosure stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Somebody has to approve it.
    Open,
    /// Enough people have approved it: the package may be made.
    Approved,
    /// The package is ready.
    Ready,
    /// The recipient has the package.
    HandedOver,
    /// It was declined.
    Declined,
}

impl State {
    /// Nothing leaves any more.
    #[must_use]
    pub fn is_closed(self) -> bool {
        matches!(self, Self::HandedOver | Self::Declined)
    }
}

/// Why a disclosure can't go the way that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IllegalMove {
    /// The step does not follow from where the disclosure stands.
    #[error("this does not follow from where the disclosure stands")]
    State(State),
    /// The same person approved it before.
    #[error("somebody else has to approve it: you did already")]
    SamePerson,
    /// Who opened it may not be the only one to approve it.
    #[error("somebody else has to approve it: you opened it")]
    OwnCase,
    /// The approval is too old.
    #[error("the approval is over; open the disclosure anew")]
    Over,
    /// The ban on telling the person lies in the past.
    #[error("the ban ends before it begins")]
    BanOver,
    /// The person may not be told yet, or was told.
    #[error("the person may not be told now")]
    NotToBeTold,
}

/// A ban on telling the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ban {
    /// Until when: there is none without an end.
    pub until: Timestamp,
    /// The provision that forbids it.
    pub law: Ground,
}

/// An approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Approval {
    by: Approver,
    at: Timestamp,
}

/// What was made ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// SHA-256 of its text.
    pub sha256: Hash,
    /// How long its text is, in bytes.
    pub bytes: u64,
    /// When it was made.
    pub made_at: Timestamp,
}

/// What is known of a disclosure without opening its file. Changes only through
/// its methods, each of which is a step that the policy knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    kind: GroundKind,
    scope: Scope,
    state: State,
    opened_by: Approver,
    opened_at: Timestamp,
    approvals: Vec<Approval>,
    approved_at: Option<Timestamp>,
    package: Option<Package>,
    ban: Option<Ban>,
    handed_over_at: Option<Timestamp>,
    told_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
}

impl Progress {
    /// A disclosure that somebody proposes, on a ground with its proof.
    #[must_use]
    pub fn open(grounds: &Grounds, scope: Scope, by: Approver, now: Timestamp) -> Self {
        Self {
            kind: grounds.kind(),
            scope,
            state: State::Open,
            opened_by: by,
            opened_at: now,
            approvals: Vec::new(),
            approved_at: None,
            package: None,
            ban: None,
            handed_over_at: None,
            told_at: None,
            closed_at: None,
        }
    }

    fn at(&self, states: &[State]) -> Result<(), IllegalMove> {
        if states.contains(&self.state) {
            Ok(())
        } else {
            Err(IllegalMove::State(self.state))
        }
    }

    /// Somebody approves it. An authority's demand needs two different people;
    /// the others need one who did not open it.
    ///
    /// # Errors
    /// [`IllegalMove`] that says why not.
    pub fn approve(mut self, by: Approver, now: Timestamp) -> Result<Self, IllegalMove> {
        self.at(&[State::Open])?;
        if self.approvals.iter().any(|approval| approval.by == by) {
            return Err(IllegalMove::SamePerson);
        }
        if self.kind.approvals() == 1 && by == self.opened_by {
            return Err(IllegalMove::OwnCase);
        }
        self.approvals.push(Approval { by, at: now });
        if self.approvals.len() >= self.kind.approvals() {
            self.state = State::Approved;
            self.approved_at = Some(now);
        }
        Ok(self)
    }

    /// Somebody declines it; nothing has left.
    ///
    /// # Errors
    /// [`IllegalMove::State`] once it is handed over or declined.
    pub fn decline(mut self, now: Timestamp) -> Result<Self, IllegalMove> {
        self.at(&[State::Open, State::Approved, State::Ready])?;
        self.state = State::Declined;
        self.closed_at = Some(now);
        Ok(self)
    }

    fn in_time(&self, now: Timestamp) -> Result<Timestamp, IllegalMove> {
        let until = self.granted_until().filter(|until| now <= *until);
        until.ok_or(IllegalMove::Over)
    }

    /// Leave to read what the package is made of.
    ///
    /// # Errors
    /// [`IllegalMove`] unless it is approved and the approval is not over.
    pub fn grant(
        &self,
        disclosure: DisclosureId,
        file: &File,
        now: Timestamp,
    ) -> Result<Grant, IllegalMove> {
        self.at(&[State::Approved])?;
        Ok(Grant {
            disclosure,
            subject: file.subject,
            basis: Basis::Disclosure(self.kind),
            scope: self.scope.clone(),
            until: self.in_time(now)?,
        })
    }

    /// The package is made and sealed.
    ///
    /// # Errors
    /// As [`Progress::grant`].
    pub fn packed(mut self, package: Package, now: Timestamp) -> Result<Self, IllegalMove> {
        self.at(&[State::Approved])?;
        self.in_time(now)?;
        self.state = State::Ready;
        self.package = Some(package);
        Ok(self)
    }

    /// The package may be fetched by the staff, to hand it over.
    ///
    /// # Errors
    /// [`IllegalMove`] unless it is ready and the approval is not over.
    pub fn may_be_fetched(&self, now: Timestamp) -> Result<Package, IllegalMove> {
        self.at(&[State::Ready])?;
        self.in_time(now)?;
        self.package.ok_or(IllegalMove::State(self.state))
    }

    /// The recipient has it.
    ///
    /// # Errors
    /// As [`Progress::may_be_fetched`].
    pub fn hand_over(mut self, now: Timestamp) -> Result<Self, IllegalMove> {
        self.may_be_fetched(now)?;
        self.state = State::HandedOver;
        self.handed_over_at = Some(now);
        self.closed_at = Some(now);
        Ok(self)
    }

    /// The law forbids telling the person, for so long. A later ban replaces
    /// an earlier one.
    ///
    /// # Errors
    /// [`IllegalMove`] once the person was told or it was declined.
    pub fn forbid(mut self, ban: Ban, now: Timestamp) -> Result<Self, IllegalMove> {
        if self.state == State::Declined || self.told_at.is_some() {
            return Err(IllegalMove::State(self.state));
        }
        if ban.until <= now {
            return Err(IllegalMove::BanOver);
        }
        self.ban = Some(ban);
        Ok(self)
    }

    /// When the person is to be told: with the handing over, or when a ban ends;
    /// `None` before that and once it is done.
    #[must_use]
    pub fn tell_at(&self) -> Option<Timestamp> {
        let handed_over = self.handed_over_at.filter(|_| self.told_at.is_none())?;
        let ban = self.ban.as_ref().map(|ban| ban.until);
        Some(ban.map_or(handed_over, |until| until.max(handed_over)))
    }

    /// The person may know of it at `now` (an answer to an access request
    /// leaves out what is banned).
    #[must_use]
    pub fn may_be_known(&self, now: Timestamp) -> bool {
        self.state == State::HandedOver && self.ban.as_ref().is_none_or(|ban| ban.until <= now)
    }

    /// The person was told.
    ///
    /// # Errors
    /// [`IllegalMove::NotToBeTold`] before it is handed over, under a ban, and
    /// once it is done.
    pub fn told(mut self, now: Timestamp) -> Result<Self, IllegalMove> {
        if self.tell_at().is_none_or(|at| now < at) {
            return Err(IllegalMove::NotToBeTold);
        }
        self.told_at = Some(now);
        Ok(self)
    }

    /// On which ground.
    #[must_use]
    pub fn kind(&self) -> GroundKind {
        self.kind
    }

    /// Which data.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// When it was opened.
    #[must_use]
    pub fn opened_at(&self) -> Timestamp {
        self.opened_at
    }

    /// How many people have approved it.
    #[must_use]
    pub fn approved_by(&self) -> usize {
        self.approvals.len()
    }

    /// Until when it may be carried out, once it is approved.
    #[must_use]
    pub fn granted_until(&self) -> Option<Timestamp> {
        self.approved_at.map(|at| shift(at, GRANT_LENGTH))
    }

    /// The package, once it was made.
    #[must_use]
    pub fn package(&self) -> Option<Package> {
        self.package
    }

    /// The ban on telling the person.
    #[must_use]
    pub fn ban(&self) -> Option<&Ban> {
        self.ban.as_ref()
    }

    /// When the recipient had it.
    #[must_use]
    pub fn handed_over_at(&self) -> Option<Timestamp> {
        self.handed_over_at
    }

    /// When the person was told.
    #[must_use]
    pub fn told_at(&self) -> Option<Timestamp> {
        self.told_at
    }

    /// When it ended.
    #[must_use]
    pub fn closed_at(&self) -> Option<Timestamp> {
        self.closed_at
    }
}
