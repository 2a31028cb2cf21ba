//! Data-subject requests: kinds and states (clauses 6.3, 6.7).

use serde::{Deserialize, Serialize};

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
