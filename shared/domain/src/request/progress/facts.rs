//! What is known of a request.

use super::Progress;
use crate::{
    calendar::{Due, MissingYear},
    regime::{Duty, Regimes, Watch},
    request::{
        Ground, Level, RequestKind, State,
        applicant::Mandate,
        history::Step,
        terms::{self, Regime, Rule},
    },
    time::Timestamp,
};

impl Progress {
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

    /// Who asks for the person, and on what that rests; `None` where they ask themselves.
    #[must_use]
    pub fn mandate(&self) -> Option<Mandate> {
        self.mandate
    }

    /// What happened, oldest first.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Processing is restricted because of this request, from its receipt on.
    #[must_use]
    pub fn restricts(&self) -> bool {
        self.kind.restricts_processing() && self.state.is_pending()
    }
}
