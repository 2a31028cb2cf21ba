//! Sessions.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ids::{SubjectId, WorkspaceId},
    time::{SignedDuration, Timestamp},
    token::TokenHash,
};
use serde::{Deserialize, Serialize};

use super::partition;
use crate::{
    db::{Entity, Key, Table, expires},
    lookup::LookupHash,
};

/// How long a session lasts.
pub const SESSION_LENGTH: SignedDuration = SignedDuration::from_hours(12);

/// A session, found by its token's hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// Whose session.
    pub subject: SubjectId,
    /// In which workspace.
    pub workspace: WorkspaceId,
    /// The token's hash.
    pub token: TokenHash,
    /// The login that opened it; staff are known by it.
    pub login: LookupHash,
    /// When the password was given last (level L3 asks that it is recent).
    pub authenticated_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Where a session stands.
#[must_use]
pub fn session_key(subject: SubjectId, token: &TokenHash) -> Key {
    Key::new(partition(subject), format!("SESSION#{token}"))
}

impl Entity for Session {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        session_key(self.subject, &self.token)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![expires(self.expires_at)]
    }
}
