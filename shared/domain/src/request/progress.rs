//! A request on its way: what may follow what, and by when.

use serde::{Deserialize, Serialize};

use super::{
    Ground, Level, RequestKind, State,
    terms::{self, Regime, Rule},
};
use crate::{
    calendar::{Due, MissingYear},
    regime::{Deadline, Duty, Regimes, Watch},
    time::Timestamp,
};

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
        };
        if level == Level::L0 {
            return awaiting;
        }
        awaiting.known(level, now)
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
            self.state = State::Approved;
            self.decided_at = Some(now);
        }
        self
    }

    fn at(&self, states: &[State]) -> Result<(), IllegalMove> {
        if states.contains(&self.state) {
            Ok(())
        } else {
            Err(IllegalMove::State(self.state))
        }
    }

    /// The person proved who they are: with the link, or in a session.
    ///
    /// # Errors
    /// [`IllegalMove::State`] when that is known already, or the request is closed.
    pub fn confirm(self, level: Level, now: Timestamp) -> Result<Self, IllegalMove> {
        self.at(&[State::AwaitingConfirmation, State::Open])?;
        if level <= self.level {
            return Err(IllegalMove::State(self.state));
        }
        Ok(self.known(level, now))
    }

    /// The staff established who asks (a document, a mandate).
    ///
    /// # Errors
    /// [`IllegalMove::State`] when that is known already, or the request is closed.
    pub fn verify(self, now: Timestamp) -> Result<Self, IllegalMove> {
        self.confirm(Level::L3, now)
    }

    /// The staff decided that it will be carried out. For a restriction this
    /// ends the verification, and with it the restriction.
    ///
    /// # Errors
    /// [`IllegalMove::State`] unless the person is known and nothing is decided yet.
    pub fn approve(mut self, now: Timestamp) -> Result<Self, IllegalMove> {
        self.at(&[State::Verified])?;
        self.state = State::Approved;
        self.decided_at = Some(now);
        Ok(self)
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
        Ok(self)
    }

    /// Its decision carried it out, so that no work is left.
    ///
    /// # Errors
    /// As [`Progress::approve`].
    pub fn carried_out(self, now: Timestamp) -> Result<Self, IllegalMove> {
        self.approve(now)?.begin()?.complete(now)
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
        Ok(self)
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
        Ok(self)
    }

    /// What is asked.
    #[must_use]
    pub fn kind(&self) -> RequestKind {
        self.kind
    }

    /// The law that sets the deadline: of those that protect the person, the
    /// one whose period ends first.
    #[must_use]
    pub fn regime(&self) -> Regime {
        self.regime
    }

    /// Every law that protects the person.
    #[must_use]
    pub fn regimes(&self) -> &Regimes {
        &self.regimes
    }

    /// Deadline, extension and articles.
    #[must_use]
    pub fn rule(&self) -> Rule {
        terms::rule(self.regime, self.kind)
    }

    /// A calendar that was missing to count the deadline: an alarm is due, and
    /// [`Progress::due_at`] is the earliest that it can be.
    #[must_use]
    pub fn missing_calendar(&self) -> Option<MissingYear> {
        self.missing
    }

    /// When to remind of the deadline and when to raise an alarm.
    #[must_use]
    pub fn watch(&self) -> Watch {
        let rule = self.rule();
        let term = match self.extended_at {
            Some(_) => rule.extended.unwrap_or(rule.term),
            None => rule.term,
        };
        Watch::over(term, self.received_at, self.due_at)
    }

    /// By when a person must be told that the request has arrived, where a law
    /// asks for that (CCPA: 10 business days).
    #[must_use]
    pub fn acknowledge_by(&self) -> Option<Due> {
        let deadline = self
            .regimes
            .deadline(Duty::Acknowledgement, self.received_at)?;
        Some(deadline.due)
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> State {
        self.state
    }

    /// How sure we are of the person.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level
    }

    /// When it arrived: everything counts from here.
    #[must_use]
    pub fn received_at(&self) -> Timestamp {
        self.received_at
    }

    /// By when it must be answered.
    #[must_use]
    pub fn due_at(&self) -> Timestamp {
        self.due_at
    }

    /// When the person was known.
    #[must_use]
    pub fn confirmed_at(&self) -> Option<Timestamp> {
        self.confirmed_at
    }

    /// When the deadline was extended.
    #[must_use]
    pub fn extended_at(&self) -> Option<Timestamp> {
        self.extended_at
    }

    /// When it was approved or refused.
    #[must_use]
    pub fn decided_at(&self) -> Option<Timestamp> {
        self.decided_at
    }

    /// When it ended.
    #[must_use]
    pub fn closed_at(&self) -> Option<Timestamp> {
        self.closed_at
    }

    /// Why it was refused.
    #[must_use]
    pub fn ground(&self) -> Option<&Ground> {
        self.ground.as_ref()
    }

    /// Processing is restricted because of this request, from its receipt on.
    #[must_use]
    pub fn restricts(&self) -> bool {
        self.kind.restricts_processing() && self.state.is_pending()
    }
}
