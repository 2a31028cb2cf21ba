//! A company's space: who belongs to it and which AI it has switched on.

use serde::{Deserialize, Serialize};

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything, with billing.
    Owner,
    /// The catalogue.
    Member,
}

/// The AI that a workspace has switched on (design: per-workspace switch; no
/// face or identity recognition exists to be switched on).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
    /// Name what is seen in a picture.
    pub labels: bool,
    /// Read the text in a picture.
    pub text: bool,
    /// Warn of unsafe content.
    pub moderation: bool,
}

impl Default for Features {
    fn default() -> Self {
        Self {
            labels: true,
            text: true,
            moderation: true,
        }
    }
}
