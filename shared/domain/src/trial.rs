//! The free trial (clause 3.2b): 14 × 24 hours from the verification of the
//! address, then read-only, then destruction 30 days later.
//!
//! Hours are counted, not calendar days, so that the end is one instant for
//! everybody and needs no time zone.

use crate::time::{SignedDuration, Timestamp, shift};
use serde::{Deserialize, Serialize};

/// How long a trial lasts.
pub const LENGTH: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How long the data of an ended trial is kept before it is due for destruction.
pub const GRACE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A trial that started at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// When the address was verified.
    pub started_at: Timestamp,
    /// `started_at` + [`LENGTH`]; from this instant on the workspace is read-only.
    pub ends_at: Timestamp,
}

/// A notice of how full access ends, for trials and plans alike
/// ([`crate::billing::ending`]). Each is sent once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// Three days before the end.
    ThreeDaysLeft,
    /// One day before the end.
    OneDayLeft,
    /// At the end: the workspace is read-only now.
    Ended,
    /// Seven days before destruction.
    DestructionInSevenDays,
    /// One day before destruction.
    DestructionInOneDay,
    /// The data is due for destruction.
    DestructionDue,
}

impl Notice {
    /// Every notice, in the order in which they fall due.
    pub const ALL: [Self; 6] = [
        Self::ThreeDaysLeft,
        Self::OneDayLeft,
        Self::Ended,
        Self::DestructionInSevenDays,
        Self::DestructionInOneDay,
        Self::DestructionDue,
    ];
}

impl Trial {
    /// A trial that starts now.
    #[must_use]
    pub fn starting(at: Timestamp) -> Self {
        Self {
            started_at: at,
            ends_at: shift(at, LENGTH),
        }
    }

    /// When the workspace's data is due for destruction if nobody pays.
    #[must_use]
    pub fn destruction_at(&self) -> Timestamp {
        shift(self.ends_at, GRACE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_fourteen_times_24_hours_long() {
        let trial = Trial::starting(Timestamp::UNIX_EPOCH);
        assert_eq!(trial.ends_at.as_second(), 14 * 24 * 3600);
    }
}
