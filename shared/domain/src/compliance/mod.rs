//! What the staff answer for beside the requests of data subjects: disclosures
//! (clauses 2.4, 5.5 to 5.8), incidents (5.9), claims (8.1, 8.2), whom data is
//! passed to for processing (5.6) and what they are told afterwards.

pub mod claim;
pub mod disclosure;
pub mod hold;
pub mod incident;
pub mod notice;
pub mod processor;
mod role;
pub mod transfer;
mod words;

pub use role::StaffRole;
pub use words::{InvalidWords, Words};

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A period, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The first instant.
    pub from: Timestamp,
    /// The last instant.
    pub to: Timestamp,
}

/// A period that ends before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the period ends before it begins")]
pub struct InvalidPeriod;

impl Period {
    /// From one instant to another.
    ///
    /// # Errors
    /// [`InvalidPeriod`].
    pub fn new(from: Timestamp, to: Timestamp) -> Result<Self, InvalidPeriod> {
        (from <= to)
            .then_some(Self { from, to })
            .ok_or(InvalidPeriod)
    }

    /// An instant lies in it.
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        (self.from..=self.to).contains(&at)
    }
}
