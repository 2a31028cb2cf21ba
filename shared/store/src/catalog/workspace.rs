//! Workspaces and their members.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    billing::{Access, Account, plan},
    ids::{SubjectId, WorkspaceId},
    time::Timestamp,
    trial::Notice,
    workspace::{Features, Role},
};
use serde::{Deserialize, Serialize};

use super::partition;
use crate::db::{Entity, Key, Table, due};

/// How many shards the queue of trials has.
pub const TRIAL_SHARDS: u8 = 4;

/// A company's space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workspace {
    /// The workspace.
    pub id: WorkspaceId,
    /// Who opened it.
    pub owner: SubjectId,
    /// When.
    pub created_at: Timestamp,
    /// Counts changes of anything but the stored bytes; what `If-Match` compares.
    pub revision: u64,
    /// What was paid, and what that allows.
    pub billing: Account,
    /// The AI that is switched on.
    pub features: Features,
    /// Bytes stored, with those reserved by uploads under way.
    pub stored_bytes: u64,
    /// The most bytes that may be stored: the plan's limit, or the trial's.
    pub storage_limit_bytes: u64,
    /// The last notice of the trial's course that was sent.
    pub trial_notice: Option<Notice>,
    /// The workspace is being destroyed: nothing may be added any more.
    pub closing_since: Option<Timestamp>,
}

/// Where a workspace stands.
#[must_use]
pub fn workspace_key(workspace: WorkspaceId) -> Key {
    Key::new(partition(workspace), "META")
}

impl Entity for Workspace {
    const TABLE: Table = Table::Catalog;

    fn key(&self) -> Key {
        workspace_key(self.id)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        match self.next_notice() {
            Some((_, at)) => due(&trial_queue(self.id), at),
            None => Vec::new(),
        }
    }
}

/// The due-queue in which a workspace's trial waits for its next notice.
#[must_use]
pub fn trial_queue(workspace: WorkspaceId) -> String {
    format!("TRIAL#{}", workspace.as_bytes()[15] % TRIAL_SHARDS)
}

impl Workspace {
    /// A workspace whose owner was just verified.
    #[must_use]
    pub fn opened(id: WorkspaceId, owner: SubjectId, billing: Account, now: Timestamp) -> Self {
        Self {
            id,
            owner,
            created_at: now,
            revision: 1,
            billing,
            features: Features::default(),
            stored_bytes: 0,
            storage_limit_bytes: plan::TRIAL_STORAGE_BYTES,
            trial_notice: None,
            closing_since: None,
        }
    }

    /// What may be done at `now`; decided by the clock (clause 3.2b).
    #[must_use]
    pub fn access(&self, now: Timestamp) -> Access {
        if self.closing_since.is_some() {
            return Access::ReadOnly;
        }
        self.billing.access(now)
    }

    /// The trial's next notice, while nobody has paid.
    #[must_use]
    pub fn next_notice(&self) -> Option<(Notice, Timestamp)> {
        let unpaid = self.billing.status == domain::billing::Status::Trialing;
        if !unpaid || self.closing_since.is_some() {
            return None;
        }
        self.billing.trial?.next(self.trial_notice)
    }
}

/// A person's place in a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Where.
    pub workspace: WorkspaceId,
    /// Who.
    pub subject: SubjectId,
    /// As what.
    pub role: Role,
    /// Since when.
    pub joined_at: Timestamp,
}

/// Where a membership stands.
#[must_use]
pub fn member_key(workspace: WorkspaceId, subject: SubjectId) -> Key {
    Key::new(partition(workspace), format!("MEMBER#{subject}"))
}

impl Entity for Member {
    const TABLE: Table = Table::Catalog;

    fn key(&self) -> Key {
        member_key(self.workspace, self.subject)
    }
}
