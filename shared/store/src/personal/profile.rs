//! The sealed profile (clauses 3.3a–e).

use domain::ids::SubjectId;
use serde::{Deserialize, Serialize};

use super::Sealed;
use crate::db::{Entity, Key, Table};

/// A person's profile as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SealedProfile {
    /// Whose profile.
    pub subject: SubjectId,
    /// Counts changes; the ETag of `GET /me`.
    pub revision: u64,
    pub(super) name: Sealed,
    pub(super) phone: Sealed,
    pub(super) email: Sealed,
    pub(super) company: Sealed,
    pub(super) position: Sealed,
}

/// Where a person's profile stands.
#[must_use]
pub fn profile_key(subject: SubjectId) -> Key {
    Key::new(crate::people::partition(subject), "PROFILE")
}

impl Entity for SealedProfile {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        profile_key(self.subject)
    }
}
