//! Sign-in: an address's keyed hash claims one account.

use domain::{
    ids::{SubjectId, WorkspaceId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::{
    db::{Entity, Key, Table},
    lookup::LookupHash,
};

/// An address that signs in. That there is one item per hash makes an address
/// unique (clause 1.6).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Login {
    /// The address's keyed hash.
    pub login: LookupHash,
    /// Whose account it is.
    pub subject: SubjectId,
    /// The workspace that a session opens unless another is asked for.
    pub workspace: WorkspaceId,
    /// The password's Argon2id hash in PHC form.
    pub password_hash: String,
    /// When the password was set, or the address changed: links that were mailed
    /// before are void.
    pub password_set_at: Timestamp,
}

/// Where a login stands.
#[must_use]
pub fn login_key(login: &LookupHash) -> Key {
    Key::new(format!("LOGIN#{login}"), "LOGIN")
}

impl Entity for Login {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        login_key(&self.login)
    }
}
