//! Single-use links in letters (level L2).

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ids::{RequestId, SubjectId},
    time::Timestamp,
    token::TokenHash,
};
use serde::{Deserialize, Serialize};

use super::partition;
use crate::{
    StoreError,
    db::{Entity, Key, Table, Tx, expires},
    expression::Condition,
};

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "purpose")]
pub enum LinkPurpose {
    /// Confirm a sign-up.
    SignUp,
    /// Set a new password.
    PasswordReset,
    /// Agree, from the old address, to a change of the login address.
    AddressChangeOld,
    /// Confirm the new login address.
    AddressChangeNew,
    /// Confirm a data-subject request that came by address.
    Request {
        /// Which request.
        request: RequestId,
    },
    /// Take back a withdrawal that came by letter, before the destruction begins.
    CancelRequest {
        /// Which request.
        request: RequestId,
    },
    /// Unsubscribe from marketing with one click (RFC 8058).
    Unsubscribe,
}

/// A link that was mailed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Link {
    /// To whom.
    pub subject: SubjectId,
    /// The secret's hash.
    pub token: TokenHash,
    /// What for.
    pub purpose: LinkPurpose,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Where a link stands.
#[must_use]
pub fn link_key(subject: SubjectId, token: &TokenHash) -> Key {
    Key::new(partition(subject), format!("LINK#{token}"))
}

impl Entity for Link {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        link_key(self.subject, &self.token)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![expires(self.expires_at)]
    }
}

impl Tx {
    /// Uses a link up; refused under `link` when it is used or over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn use_up(&mut self, link: &Link, now: Timestamp) -> Result<(), StoreError> {
        let good = Condition::item_exists().and(
            Condition::at_least("expires_at", now)?.and(Condition::differs("expires_at", now)?),
        );
        self.delete("link", Table::People, &link.key(), Some(&good));
        Ok(())
    }
}
