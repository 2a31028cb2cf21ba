//! What a member of the staff is there for.

use serde::{Deserialize, Serialize};

/// A task of the compliance staff. Who has several does each of them; each
/// route asks for one (least rights).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StaffRole {
    /// Requests of data subjects, processors, notices to whoever was given data, acts
    /// of destruction, statistics and surveys.
    Privacy,
    /// Incidents, visits.
    Security,
    /// Disclosures, transfers of the business, claims and legal holds.
    Legal,
}

impl StaffRole {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Privacy, Self::Security, Self::Legal];

    /// The name in the configuration and in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Privacy => "privacy",
            Self::Security => "security",
            Self::Legal => "legal",
        }
    }
}
