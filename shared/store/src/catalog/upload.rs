//! Uploads under way.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ids::{AssetId, SubjectId, UploadId, WorkspaceId},
    time::{SignedDuration, Timestamp, days},
};
use serde::{Deserialize, Serialize};

use super::partition;
use crate::db::{Entity, Key, Table, due};

/// How long an upload may take before it is cleaned up.
pub const LIFETIME: SignedDuration = days(7);
/// How many shards the queue of uploads has.
pub const UPLOAD_SHARDS: u8 = 4;

/// Where an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadState {
    /// Bytes are awaited; their quota is reserved.
    Open,
    /// The asset is there.
    Finished,
    /// Given up or run out; the quota was returned.
    Aborted,
}

/// One upload. Its id has the same bytes as its asset's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Whose upload.
    pub workspace: WorkspaceId,
    /// The upload.
    pub id: UploadId,
    /// Where it stands.
    pub state: UploadState,
    /// Who uploads.
    pub uploaded_by: SubjectId,
    /// The file's name.
    pub name: String,
    /// The declared content type, in its canonical form.
    pub content_type: String,
    /// The exact size.
    pub size_bytes: u64,
    /// SHA-256 of the file, hexadecimal; always there for a single PUT.
    pub sha256: Option<String>,
    /// The multipart upload at S3, for an upload in parts.
    pub multipart_id: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it is cleaned up.
    pub expires_at: Timestamp,
}

/// Where an upload stands.
#[must_use]
pub fn upload_key(workspace: WorkspaceId, upload: UploadId) -> Key {
    Key::new(partition(workspace), format!("UPLOAD#{upload}"))
}

/// The due-queue in which an open upload waits to be cleaned up.
#[must_use]
pub fn upload_queue(upload: UploadId) -> String {
    format!("UPLOAD#{}", upload.as_bytes()[15] % UPLOAD_SHARDS)
}

impl Entity for Upload {
    const TABLE: Table = Table::Catalog;

    fn key(&self) -> Key {
        upload_key(self.workspace, self.id)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        match self.state {
            UploadState::Open => due(&upload_queue(self.id), self.expires_at),
            UploadState::Finished | UploadState::Aborted => Vec::new(),
        }
    }
}

impl Upload {
    /// The asset that the upload makes.
    #[must_use]
    pub fn asset(&self) -> AssetId {
        AssetId::from_bytes(*self.id.as_bytes())
    }

    /// The upload that made an asset.
    #[must_use]
    pub fn of_asset(asset: AssetId) -> UploadId {
        UploadId::from_bytes(*asset.as_bytes())
    }
}
