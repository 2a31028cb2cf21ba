//! A request on its way: what may follow what, and by when.

mod facts;

use serde::{Deserialize, Serialize};

use super::{
    Ground, Level, RequestKind, State,
    applicant::Mandate,
    history::{Event, Officer, Party, Step},
    terms::{Regime, Rule},
};
use crate::{
    calendar::{Due, MissingYear},
    regime::{Deadline, Regimes},
    time::{SignedDuration, Timestamp, days, shift},
};

/// How long a withdrawal that came by a proven letter can be taken back before
/// the destruction begins: within the 30 days of the law (clause 5.2b).
pub const CANCEL_LENGTH: SignedDuration = days(7);

/// Why a request can't go the way that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IllegalMove {
    /// The step does not follow from where the request stands.
    #[error("this does not follow from where the request stands")]
    State(State),
    /// The deadline was extended before.
    #[error("a deadline can be extended once only")]
    ExtendedBefore,
    /// The law gives no extension for this kind.
    #[error("the law gives no extension for this kind of request")]
    NoExtension,
    /// The deadline has passed; the notice would come too late.
    #[error("the deadline has passed; it can't be extended any more")]
    TooLate,
    /// It is said to have been received in the future.
    #[error("a request is entered after its receipt")]
    NotYetReceived,
}

/// What is known of a request without personal data. Changes only through its
/// methods, each of which is a step that the law knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    kind: RequestKind,
    #[serde(default)]
    regimes: Regimes,
    regime: Regime,
    state: State,
    level: Level,
    received_at: Timestamp,
    due_at: Timestamp,
    #[serde(default)]
    missing: Option<MissingYear>,
    confirmed_at: Option<Timestamp>,
    extended_at: Option<Timestamp>,
    decided_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    ground: Option<Ground>,
    #[serde(default)]
    mandate: Option<Mandate>,
    #[serde(default)]
    steps: Vec<Step>,
}

fn at_once(regimes: &Regimes, now: Timestamp) -> Deadline {
    Deadline {
        regime: regimes.first(),
        rule: Rule::AT_ONCE,
        due: Due {
            at: now,
            missing: None,
        },
    }
}

impl Progress {
    /// A request that arrived at `now`, from somebody of whom we are this sure.
    /// Its deadline counts from receipt, whenever it is confirmed, and is the
    /// earliest among the laws that protect the person (clause 2.1).
    #[must_use]
    pub fn received(
        kind: RequestKind,
        regimes: impl Into<Regimes>,
        level: Level,
        now: Timestamp,
    ) -> Self {
        let regimes = regimes.into();
        let deadline = regimes.deadline(kind.duty(), now);
        let deadline = deadline.unwrap_or_else(|| at_once(&regimes, now));
        let awaiting = Self {
            kind,
            regimes,
            regime: deadline.regime,
            state: State::AwaitingConfirmation,
            level: Level::L0,
            received_at: now,
            due_at: deadline.due.at,
            missing: deadline.due.missing,
            confirmed_at: None,
            extended_at: None,
            decided_at: None,
            closed_at: None,
            ground: None,
            mandate: None,
            steps: Vec::new(),
        };
        let awaiting = awaiting.step(Event::Received, Party::Subject, now);
        if level == Level::L0 {
            return awaiting;
        }
        awaiting.known(level, now)
    }

    /// A request of somebody who acts for the person, or of an authority, with a
    /// document that the staff have seen. It counts from its receipt (6.7).
    ///
    /// # Errors
    /// [`IllegalMove::NotYetReceived`].
    pub fn entered(
        kind: RequestKind,
        regimes: impl Into<Regimes>,
        mandate: Mandate,
        officer: Officer,
        received_at: Timestamp,
        now: Timestamp,
    ) -> Result<Self, IllegalMove> {
        if received_at > now {
            return Err(IllegalMove::NotYetReceived);
        }
        let mut request = Self::received(kind, regimes, Level::L0, received_at);
        request.mandate = Some(mandate);
        for first in &mut request.steps {
            first.by = mandate.by.into();
        }
        let entered = request.step(Event::Entered, Party::Staff, now).by(officer);
        Ok(entered.known(Level::L3, now))
    }

    fn step(mut self, event: Event, by: Party, at: Timestamp) -> Self {
        self.steps.push(Step {
            event,
            at,
            by,
            officer: None,
        });
        self
    }

    /// Names the member of the staff who took the last step.
    #[must_use]
    pub fn by(mut self, officer: Officer) -> Self {
        if let Some(last) = self.steps.last_mut() {
            last.officer = Some(officer);
        }
        self
    }

    fn known(mut self, level: Level, now: Timestamp) -> Self {
        self.level = self.level.max(level);
        self.confirmed_at.get_or_insert(now);
        self.state = if self.level >= self.kind.required_level() {
            State::Verified
        } else {
            State::Open
        };
        if self.state == State::Verified && self.kind.is_carried_out_at_once() {
            return self.decided(Party::System, now);
        }
        self
    }

    fn decided(mut self, by: Party, now: Timestamp) -> Self {
        self.state = State::Approved;
        self.decided_at = Some(now);
        self.step(Event::Approved, by, now)
    }

    fn at(&self, states: &[State]) -> Result<(), IllegalMove> {
        if states.contains(&self.state) {
            Ok(())
        } else {
            Err(IllegalMove::State(self.state))
        }
    }

    fn may_be_proven(&self, level: Level) -> Result<(), IllegalMove> {
        self.at(&[State::AwaitingConfirmation, State::Open])?;
        if level <= self.level {
            return Err(IllegalMove::State(self.state));
        }
        Ok(())
    }

    /// The person proved who they are: with the link, in a session, or as far
    /// as a letter does.
    ///
    /// # Errors
    /// [`IllegalMove::State`] when that is known already, or the request is closed.
    pub fn confirm(self, level: Level, now: Timestamp) -> Result<Self, IllegalMove> {
        self.may_be_proven(level)?;
        let confirmed = self.step(Event::Confirmed, Party::Subject, now);
        Ok(confirmed.known(level, now))
    }

    /// The staff established who asks (a document, a mandate).
    ///
    /// # Errors
    /// [`IllegalMove::State`] when that is known already, or the request is closed.
    pub fn verify(self, officer: Officer, now: Timestamp) -> Result<Self, IllegalMove> {
        self.may_be_proven(Level::L3)?;
        let verified = self.step(Event::Verified, Party::Staff, now).by(officer);
        Ok(verified.known(Level::L3, now))
    }

    /// The staff decided that it will be carried out. For a restriction this
    /// ends the verification, and with it the restriction.
    ///
    /// # Errors
    /// [`IllegalMove::State`] unless the person is known and nothing is decided yet.
    pub fn approve(self, now: Timestamp) -> Result<Self, IllegalMove> {
        self.at(&[State::Verified])?;
        Ok(self.decided(Party::Staff, now))
    }

    /// When the destruction begins that a proven letter asks for, unless it is
    /// cancelled before; `None` for every other request. A person of the staff
    /// who establishes who asks, and the person in a session, end the waiting.
    #[must_use]
    pub fn destruction_at(&self) -> Option<Timestamp> {
        let waits = self.kind == RequestKind::Withdrawal
            && self.state == State::Open
            && self.level == Level::L1;
        let since = self.confirmed_at.unwrap_or(self.received_at);
        waits.then(|| shift(since, CANCEL_LENGTH))
    }

    /// Nobody cancelled it in time: it will be carried out.
    ///
    /// # Errors
    /// [`IllegalMove::State`] before [`Progress::destruction_at`], or without one.
    pub fn uncancelled(self, now: Timestamp) -> Result<Self, IllegalMove> {
        match self.destruction_at() {
            Some(at) if at <= now => Ok(self.decided(Party::System, now)),
            _ => Err(IllegalMove::State(self.state)),
        }
    }

    /// The person takes a withdrawal back before it is decided. The consents
    /// that it took back stay so: they are given anew, one by one.
    ///
    /// # Errors
    /// [`IllegalMove::State`] once it is decided, and for every other kind.
    pub fn cancel(mut self, now: Timestamp) -> Result<Self, IllegalMove> {
        self.at(&[State::Open, State::Verified])?;
        if self.kind != RequestKind::Withdrawal {
            return Err(IllegalMove::State(self.state));
        }
        self.state = State::Cancelled;
        self.closed_at = Some(now);
        Ok(self.step(Event::Cancelled, Party::Subject, now))
    }

    /// The work begins, or begins again after an interruption.
    ///
    /// # Errors
    /// [`IllegalMove::State`] unless it was approved.
    pub fn begin(mut self) -> Result<Self, IllegalMove> {
        self.at(&[State::Approved, State::InProgress])?;
        self.state = State::InProgress;
        Ok(self)
    }

    /// The work is done.
    ///
    /// # Errors
    /// [`IllegalMove::State`] unless it had begun.
    pub fn complete(mut self, now: Timestamp) -> Result<Self, IllegalMove> {
        self.at(&[State::InProgress])?;
        self.state = State::Completed;
        self.closed_at = Some(now);
        Ok(self.step(Event::Completed, Party::System, now))
    }

    /// The commit that made it known carried it out, so that nothing is left to
    /// decide or to do.
    ///
    /// # Errors
    /// As [`Progress::approve`].
    pub fn carried_out(self, now: Timestamp) -> Result<Self, IllegalMove> {
        self.at(&[State::Verified])?;
        let decided = self.decided(Party::System, now);
        decided.begin()?.complete(now)
    }

    /// The staff refused it, on a ground of the law.
    ///
    /// # Errors
    /// [`IllegalMove::State`] once it is decided.
    pub fn refuse(mut self, ground: Ground, now: Timestamp) -> Result<Self, IllegalMove> {
        self.at(&[State::Open, State::Verified])?;
        self.state = State::Refused;
        self.decided_at = Some(now);
        self.closed_at = Some(now);
        self.ground = Some(ground);
        Ok(self.step(Event::Refused, Party::Staff, now))
    }

    /// More time, where the law gives it: once, and said before the deadline.
    ///
    /// # Errors
    /// [`IllegalMove`] that says why not.
    pub fn extend(mut self, now: Timestamp) -> Result<Self, IllegalMove> {
        self.at(&[
            State::Open,
            State::Verified,
            State::Approved,
            State::InProgress,
        ])?;
        if self.extended_at.is_some() {
            return Err(IllegalMove::ExtendedBefore);
        }
        let extended = self
            .regimes
            .extended_deadline(self.kind.duty(), self.received_at)
            .filter(|extended| extended.due.at > self.due_at)
            .ok_or(IllegalMove::NoExtension)?;
        if now > self.due_at {
            return Err(IllegalMove::TooLate);
        }
        self.regime = extended.regime;
        self.due_at = extended.due.at;
        self.missing = extended.due.missing;
        self.extended_at = Some(now);
        Ok(self.step(Event::Extended, Party::Staff, now))
    }
}
