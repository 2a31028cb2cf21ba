//! `Idempotency-Key`: a creating request that is repeated finds what it created.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ids::WorkspaceId,
    time::{SignedDuration, Timestamp, shift},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::db::{Db, Entity, Key, StoreError, Table, Tx, expires};

/// How long a key is remembered.
pub const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// A creating request that was carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    workspace: WorkspaceId,
    key_hash: String,
    /// SHA-256 of the request's body: another body under the same key is refused.
    pub fingerprint: String,
    /// The id of what was created.
    pub created: String,
    /// From when on the key may be used again.
    pub until: Timestamp,
}

impl Entity for Done {
    const TABLE: Table = Table::Catalog;

    fn key(&self) -> Key {
        key(self.workspace, &self.key_hash)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![expires(self.until)]
    }
}

fn key(workspace: WorkspaceId, hash: &str) -> Key {
    Key::new(format!("WSP#{workspace}"), format!("IDEMPOTENCY#{hash}"))
}

/// A creating request under its client's key.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The client's workspace.
    pub workspace: WorkspaceId,
    /// The route, such as `POST /uploads`.
    pub route: &'static str,
    /// The client's key.
    pub key: &'a str,
    /// The request's body.
    pub body: &'a [u8],
}

impl Request<'_> {
    fn key_hash(&self) -> String {
        hex::encode(Sha256::digest(format!("{}\0{}", self.route, self.key)))
    }

    fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(self.body))
    }
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Earlier {
    /// The same request created this.
    Same(String),
    /// Another request used the key.
    Other,
}

impl Tx {
    /// Remembers what the request creates; the commit is refused under
    /// `idempotency` when the key was used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn once(
        &mut self,
        request: &Request<'_>,
        created: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let done = Done {
            workspace: request.workspace,
            key_hash: request.key_hash(),
            fingerprint: request.fingerprint(),
            created: created.to_owned(),
            until: shift(now, REMEMBERED),
        };
        let free = crate::Condition::item_absent().or(crate::Condition::at_most("until", now)?);
        self.put_if("idempotency", &done, Some(&free));
        Ok(())
    }
}

impl Db {
    /// What an earlier request under this key created.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn earlier(&self, request: &Request<'_>) -> Result<Option<Earlier>, StoreError> {
        let done: Option<Done> = self
            .get(&key(request.workspace, &request.key_hash()))
            .await?;
        Ok(done.map(|done| {
            if done.fingerprint == request.fingerprint() {
                Earlier::Same(done.created)
            } else {
                Earlier::Other
            }
        }))
    }
}
