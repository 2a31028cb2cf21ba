//! Assets and their labels.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    asset::{
        DetectedText, Label, ModerationLabel, ObjectKeys, PreviewState, TaggingState,
        TechnicalMetadata, label_key, purge_at,
    },
    ids::{AssetId, SubjectId, WorkspaceId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::partition;
use crate::db::{Entity, Key, Table, due};

/// How many shards the queue of the trash has.
pub const TRASH_SHARDS: u8 = 4;

/// One stored file with what is known of it. A live one stands under `ASSET#`,
/// one in the trash under `TRASH#`; both in the order of their ids, which is
/// the order of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asset {
    /// Whose asset.
    pub workspace: WorkspaceId,
    /// The asset.
    pub id: AssetId,
    /// The file's version, from 1; part of its objects' keys.
    pub version: u32,
    /// Counts changes; the ETag of `GET /assets/{id}`.
    pub revision: u64,
    /// The file's name.
    pub name: String,
    /// What people say about it.
    pub description: Option<String>,
    /// The content type that was declared.
    pub content_type: String,
    /// The file's size.
    pub size_bytes: u64,
    /// SHA-256 of the file, hexadecimal, where it was declared.
    pub sha256: Option<String>,
    /// Who uploaded it; `None` after that person's erasure (clause 1.4).
    pub uploaded_by: Option<SubjectId>,
    /// When the upload was finished.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Where its preview stands.
    pub preview: PreviewState,
    /// What the file says of itself.
    pub technical: Option<TechnicalMetadata>,
    /// Where its labels stand.
    pub tagging: TaggingState,
    /// What the AI sees.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// What the AI reads.
    #[serde(default)]
    pub text: Vec<DetectedText>,
    /// What the AI warns of.
    #[serde(default)]
    pub moderation: Vec<ModerationLabel>,
    /// The labels that people gave.
    #[serde(default)]
    pub own_labels: Vec<String>,
    /// Since when it is in the trash.
    pub trashed_at: Option<Timestamp>,
}

/// What the sort keys of live assets begin with.
pub const LIVE_PREFIX: &str = "ASSET#";
/// What the sort keys of assets in the trash begin with.
pub const TRASH_PREFIX: &str = "TRASH#";

/// Where a live asset stands.
#[must_use]
pub fn asset_key(workspace: WorkspaceId, asset: AssetId) -> Key {
    Key::new(partition(workspace), format!("{LIVE_PREFIX}{asset}"))
}

/// Where an asset in the trash stands.
#[must_use]
pub fn trash_key(workspace: WorkspaceId, asset: AssetId) -> Key {
    Key::new(partition(workspace), format!("{TRASH_PREFIX}{asset}"))
}

impl Entity for Asset {
    const TABLE: Table = Table::Catalog;

    fn key(&self) -> Key {
        match self.trashed_at {
            None => asset_key(self.workspace, self.id),
            Some(_) => trash_key(self.workspace, self.id),
        }
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        match self.trashed_at {
            None => Vec::new(),
            Some(at) => due(&trash_queue(self.id), purge_at(at)),
        }
    }
}

/// The due-queue in which an asset in the trash waits to be purged.
#[must_use]
pub fn trash_queue(asset: AssetId) -> String {
    format!("TRASH#{}", asset.as_bytes()[15] % TRASH_SHARDS)
}

impl Asset {
    /// The keys of its objects.
    #[must_use]
    pub fn objects(&self) -> ObjectKeys {
        ObjectKeys::new(self.workspace, self.id, self.version)
    }

    /// The rows by which searches find it: one for each label and each parent
    /// of a label, one for each label that people gave.
    #[must_use]
    pub fn label_rows(&self) -> Vec<LabelRow> {
        let mut rows: Vec<LabelRow> = Vec::new();
        let mut add = |row: LabelRow| {
            if !row.key.is_empty()
                && !rows
                    .iter()
                    .any(|r| r.key == row.key && r.source == row.source)
            {
                rows.push(row);
            }
        };
        let row = |name: &str, source| LabelRow {
            workspace: self.workspace,
            asset: self.id,
            key: label_key(name),
            name: name.to_owned(),
            source,
            confidence: None,
            parents: Vec::new(),
            model: None,
        };
        for label in &self.labels {
            add(LabelRow {
                confidence: Some(label.confidence),
                parents: label.parents.clone(),
                model: Some(label.model.clone()),
                ..row(&label.name, LabelSource::Ai)
            });
        }
        for name in &self.own_labels {
            add(row(name, LabelSource::Person));
        }
        rows
    }
}

/// Who gave a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelSource {
    /// The AI.
    Ai,
    /// A person.
    Person,
}

/// A label of a live asset, as searches find it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelRow {
    /// Whose asset.
    pub workspace: WorkspaceId,
    /// The asset.
    pub asset: AssetId,
    /// The label as searches compare it ([`label_key`]).
    pub key: String,
    /// The label as it is shown.
    pub name: String,
    /// Who gave it.
    pub source: LabelSource,
    /// How sure the AI is, from 0 to 100; none for people's labels.
    pub confidence: Option<f32>,
    /// Wider names.
    #[serde(default)]
    pub parents: Vec<String>,
    /// The model that said so.
    pub model: Option<String>,
}

/// What the sort keys of a label's rows begin with.
#[must_use]
pub fn label_prefix(label: &str) -> String {
    format!("LABEL#{}#", label_key(label))
}

impl Entity for LabelRow {
    const TABLE: Table = Table::Catalog;

    fn key(&self) -> Key {
        let source = match self.source {
            LabelSource::Ai => "ai",
            LabelSource::Person => "person",
        };
        let sk = format!("LABEL#{}#{}#{source}", self.key, self.asset);
        Key::new(partition(self.workspace), sk)
    }
}
