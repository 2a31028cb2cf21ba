//! Data-subject requests: kinds, states and what may follow what (clauses 6.3,
//! 6.7, 5.2b, 5.3).

pub mod applicant;
pub mod correction;
pub mod history;
mod progress;
pub mod terms;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use applicant::{Applicant, Behalf, Mandate};
pub use correction::{Correction, Details, InvalidDetails};
pub use history::{Event, Officer, Party, Step};
pub use progress::{CANCEL_LENGTH, IllegalMove, Progress};
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
    /// An end to processing for some purposes (6.3, 152-FZ art. 21(5.1), GDPR art. 21).
    Objection,
    /// Every consent is taken back: processing stops now, and what rested on
    /// them is destroyed in time (5.2b).
    Withdrawal,
    /// The data in a form that other services read (6.3a, GDPR art. 20).
    Portability,
}

impl RequestKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Access,
        Self::Rectification,
        Self::Restriction,
        Self::Erasure,
        Self::Objection,
        Self::Withdrawal,
        Self::Portability,
    ];

    /// The name in URLs, keys and records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Rectification => "rectification",
            Self::Restriction => "restriction",
            Self::Erasure => "erasure",
            Self::Objection => "objection",
            Self::Withdrawal => "withdrawal",
            Self::Portability => "portability",
        }
    }

    /// The clause of the policy that grants it.
    #[must_use]
    pub fn clause(self) -> &'static str {
        match self {
            Self::Access | Self::Portability => "6.3a",
            Self::Rectification => "6.3b",
            Self::Restriction => "6.7",
            Self::Erasure | Self::Withdrawal => "5.2b",
            Self::Objection => "6.3",
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
            Self::Access
            | Self::Restriction
            | Self::Erasure
            | Self::Objection
            | Self::Withdrawal
            | Self::Portability => Level::L2,
        }
    }

    /// Needs nobody's decision once the person is known.
    #[must_use]
    pub fn is_carried_out_at_once(self) -> bool {
        self.copies()
    }

    /// Processing stops from receipt on: for a restriction as such (6.7), for
    /// an erasure because a withdrawal stops now and destroys later (5.2b).
    #[must_use]
    pub fn restricts_processing(self) -> bool {
        matches!(self, Self::Restriction | Self::Erasure)
    }

    /// From receipt on, the data is only stored and the request worked on: it is
    /// restricted, or no consent to processing holds any more.
    #[must_use]
    pub fn stops_processing(self) -> bool {
        self.restricts_processing() || self == Self::Withdrawal
    }

    /// Carrying it out destroys the person's data.
    #[must_use]
    pub fn destroys(self) -> bool {
        matches!(self, Self::Erasure | Self::Withdrawal)
    }

    /// Carrying it out makes a copy of the person's data.
    #[must_use]
    pub fn copies(self) -> bool {
        matches!(self, Self::Access | Self::Portability)
    }
}

/// How sure we are that it is the person who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Somebody named the address.
    L0,
    /// A letter came from the address on file, and DMARC passed for it.
    L1,
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
    /// The person took it back.
    Cancelled,
}

impl State {
    /// Nothing follows any more.
    #[must_use]
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Completed | Self::Refused | Self::Cancelled)
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
