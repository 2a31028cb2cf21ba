//! Workspaces and their members.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    billing::{
        Access, Account,
        ending::{Cause, Ending, Given},
        plan,
    },
    ids::{SubjectId, WorkspaceId},
    time::Timestamp,
    trial::Notice,
    workspace::{Features, Role},
};
use serde::{Deserialize, Serialize};

use super::partition;
use crate::db::{Entity, Key, Table, due};

/// How many shards the queues of endings have: that of trials, and that of plans.
pub const ENDING_SHARDS: u8 = 4;

/// A notice that was given, and of which end: it says nothing of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noticed {
    /// The end of full access that was meant.
    pub ends_at: Timestamp,
    /// The notice.
    pub given: Given,
}

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
    /// The last notice that was given of how its access ends.
    pub noticed: Option<Noticed>,
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
        match self.queued() {
            Some((queue, at)) => due(&queue, at),
            None => Vec::new(),
        }
    }
}

fn shard(workspace: WorkspaceId) -> u8 {
    workspace.as_bytes()[15] % ENDING_SHARDS
}

/// The due-queue in which a workspace that nobody has paid for waits for its next notice.
#[must_use]
pub fn trial_queue(workspace: WorkspaceId) -> String {
    format!("TRIAL#{}", shard(workspace))
}

/// The due-queue in which a workspace with a plan waits for its next notice.
#[must_use]
pub fn plan_queue(workspace: WorkspaceId) -> String {
    format!("PLAN#{}", shard(workspace))
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
            noticed: None,
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

    /// How full access ends if nobody pays; `None` for a workspace that is
    /// being destroyed: it has ended.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        self.billing
            .ending(self.created_at)
            .filter(|_| self.closing_since.is_none())
    }

    /// What was told of this ending last.
    pub(super) fn told(&self, ending: Ending) -> Option<Given> {
        self.noticed
            .filter(|noticed| noticed.ends_at == ending.at)
            .map(|noticed| noticed.given)
    }

    /// The next notice and its time.
    #[must_use]
    pub fn next_notice(&self) -> Option<(Notice, Timestamp)> {
        let ending = self.ending()?;
        ending.next(self.told(ending))
    }

    /// Where and until when it waits for its next notice.
    pub(super) fn queued(&self) -> Option<(String, Timestamp)> {
        let (_, at) = self.next_notice()?;
        let queue = match self.ending()?.cause {
            Cause::Plan => plan_queue(self.id),
            Cause::Trial | Cause::Opening => trial_queue(self.id),
        };
        Some((queue, at))
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
    /// Since when they decline a document in force: then they may look and
    /// download, and change nothing (clause 2.6).
    #[serde(default)]
    pub declined_at: Option<Timestamp>,
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
