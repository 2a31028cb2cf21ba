//! Data-subject requests: kinds, states and what may follow what (clauses 6.3,
//! 6.7, 5.2b, 5.3).

pub mod correction;
pub mod terms;

#[cfg(test)]
mod tests;

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

pub use correction::{Correction, Details, InvalidDetails};
pub use terms::{Regime, Rule, Term};

/// What a person may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestKind {
    /// A copy of the data, with where it comes from and where it goes (6.3a).
    Access,
    /// Correction of what is wrong (6.3b, 5.3).
    Rectification,
    /// Restriction of processing, from receipt on (6.3c, 6.7).
    Restriction,
    /// Destruction (6.3d, 5.2b).
    Erasure,
}

impl RequestKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::Access,
        Self::Rectification,
        Self::Restriction,
        Self::Erasure,
    ];

    /// The name in URLs, keys and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Rectification => "rectification",
            Self::Restriction => "restriction",
            Self::Erasure => "erasure",
        }
    }

    /// The clause of the policy that grants it.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::Access => "6.3a",
            Self::Rectification => "6.3b",
            Self::Restriction => "6.7",
            Self::Erasure => "5.2b",
        }
    }

    /// How sure we must be that it is the person who asks. A correction is
    /// applied after confirmation in a session only (5.3); for the others the
    /// link to the address on file is enough. (The copy itself is handed out
    /// in a fresh session only.)
    #[must_use]
    pub fn required_level(self) -> Level {
        match self {
            Self::Rectification => Level::L3,
            Self::Access | Self::Restriction | Self::Erasure => Level::L2,
        }
    }

    /// Needs nobody's decision once the person is known.
    #[must_use]
    pub fn is_carried_out_at_once(self) -> bool {
        self == Self::Access
    }

    /// Processing stops from receipt on: for a restriction as such (6.7), for
    /// an erasure because a withdrawal stops now and destroys later (5.2b).
    #[must_use]
    pub fn restricts_processing(self) -> bool {
        matches!(self, Self::Restriction | Self::Erasure)
    }
}

/// How sure we are that it is the person who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Somebody named the address.
    L0,
    /// The single-use link that was mailed to the address on file was used.
    L2,
    /// The person is signed in, or showed a document to the staff.
    L3,
}

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It came by address; the link in the letter has not been used.
    AwaitingConfirmation,
    /// It counts; the identity is not proven as far as the kind asks.
    Open,
    /// The person is known; a decision is due.
    Verified,
    /// It will be carried out.
    Approved,
    /// It is being carried out.
    InProgress,
    /// It was carried out.
    Completed,
    /// It was refused, with a ground (6.3e).
    Refused,
}

impl State {
    /// Nothing follows any more.
    #[must_use]
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Completed | Self::Refused)
    }

    /// The staff have to see it: it counts and is not closed.
    #[must_use]
    pub fn is_pending(self) -> bool {
        !self.is_closed() && self != Self::AwaitingConfirmation
    }
}

/// The provision that allows a refusal (6.3e): no refusal without one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ground(String);

/// A ground that names no provision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("name the law and the article, such as “152-FZ art. 14(8)”, in 5 to 300 characters")]
pub struct InvalidGround;

impl Ground {
    /// Checks that the text can name a law and an article.
    ///
    /// # Errors
    /// [`InvalidGround`].
    pub fn new(text: &str) -> Result<Self, InvalidGround> {
        let text = text.trim();
        let valid = (5..=300).contains(&text.chars().count())
            && text.chars().any(|c| c.is_ascii_digit())
            && text.chars().any(char::is_alphabetic)
            && !text.chars().any(char::is_control);
        valid.then(|| Self(text.to_owned())).ok_or(InvalidGround)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Ground {
    type Error = InvalidGround;

    fn try_from(text: String) -> Result<Self, InvalidGround> {
        Self::new(&text)
    }
}

impl From<Ground> for String {
    fn from(ground: Ground) -> Self {
        ground.0
    }
}

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
    regime: Regime,
    state: State,
    level: Level,
    received_at: Timestamp,
    due_at: Timestamp,
    confirmed_at: Option<Timestamp>,
    extended_at: Option<Timestamp>,
    decided_at: Option<Timestamp>,
    closed_at: Option<Timestamp>,
    ground: Option<Ground>,
}

impl Progress {
    /// A request that arrived at `now`, from somebody of whom we are this sure.
    /// Its deadline counts from receipt, whenever it is confirmed.
    #[must_use]
    pub fn received(kind: RequestKind, regime: Regime, level: Level, now: Timestamp) -> Self {
        let awaiting = Self {
            kind,
            regime,
            state: State::AwaitingConfirmation,
            level: Level::L0,
            received_at: now,
            due_at: terms::rule(regime, kind).term.end_or_earliest(now),
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
        let extended = self.rule().extended.ok_or(IllegalMove::NoExtension)?;
        if now > self.due_at {
            return Err(IllegalMove::TooLate);
        }
        self.due_at = extended.end_or_earliest(self.received_at).max(self.due_at);
        self.extended_at = Some(now);
        Ok(self)
    }

    /// What is asked.
    #[must_use]
    pub fn kind(&self) -> RequestKind {
        self.kind
    }

    /// The law that sets the deadline.
    #[must_use]
    pub fn regime(&self) -> Regime {
        self.regime
    }

    /// Deadline, extension and articles.
    #[must_use]
    pub fn rule(&self) -> Rule {
        terms::rule(self.regime, self.kind)
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
