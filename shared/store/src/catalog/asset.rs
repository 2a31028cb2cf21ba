//! Assets.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    asset::{
        DetectedText, Label, ModerationLabel, ObjectKeys, PreviewState, TaggingState,
        TechnicalMetadata, purge_at,
    },
    ids::{AssetId, SubjectId, WorkspaceId},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{Upload, partition};
use crate::{
    db::{Db, Entity, Key, Page, Range, StoreError, Table, Tx, due},
    expression::{Condition, Update},
};

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
    /// The asset that an upload makes when its bytes have arrived.
    #[must_use]
    pub fn arrived(upload: &Upload, now: Timestamp) -> Self {
        Self {
            workspace: upload.workspace,
            id: upload.asset(),
            version: 1,
            revision: 1,
            name: upload.name.clone(),
            description: None,
            content_type: upload.content_type.clone(),
            size_bytes: upload.size_bytes,
            sha256: upload.sha256.clone(),
            uploaded_by: Some(upload.uploaded_by),
            created_at: now,
            updated_at: now,
            preview: PreviewState::Pending,
            technical: None,
            tagging: TaggingState::Pending,
            labels: Vec::new(),
            text: Vec::new(),
            moderation: Vec::new(),
            own_labels: Vec::new(),
            trashed_at: None,
        }
    }

    /// The keys of its objects.
    #[must_use]
    pub fn objects(&self) -> ObjectKeys {
        ObjectKeys::new(self.workspace, self.id, self.version)
    }
}

/// What renditions found out about a file.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Where the preview stands now.
    pub preview: PreviewState,
    /// What the file says of itself.
    pub technical: Option<TechnicalMetadata>,
}

/// What the AI found in a preview.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// What is seen.
    pub labels: Vec<Label>,
    /// What is read.
    pub text: Vec<DetectedText>,
    /// What is warned of.
    pub moderation: Vec<ModerationLabel>,
}

/// What a person changes about an asset.
#[derive(Debug, Clone)]
pub struct Edit {
    /// The new name.
    pub name: String,
    /// The new description.
    pub description: Option<String>,
    /// The new labels of people.
    pub own_labels: Vec<String>,
}

impl Db {
    /// A live asset, if this workspace has it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn asset(
        &self,
        workspace: WorkspaceId,
        asset: AssetId,
    ) -> Result<Option<Asset>, StoreError> {
        self.get(&asset_key(workspace, asset)).await
    }

    /// An asset, live or in the trash.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn asset_anywhere(
        &self,
        workspace: WorkspaceId,
        asset: AssetId,
    ) -> Result<Option<Asset>, StoreError> {
        let keys = [asset_key(workspace, asset), trash_key(workspace, asset)];
        let wanted = keys.clone().map(|key| (Table::Catalog, key));
        let mut found = self.get_many(&wanted).await?;
        let live = found.take(&keys[0])?;
        if live.is_some() {
            Ok(live)
        } else {
            found.take(&keys[1])
        }
    }

    /// Assets, newest first: those that are live, or those in the trash.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`] for a foreign cursor.
    pub async fn assets(
        &self,
        workspace: WorkspaceId,
        prefix: &str,
        limit: u8,
        cursor: Option<&str>,
    ) -> Result<Page<Asset>, StoreError> {
        let pk = partition(workspace);
        let newest_first = true;
        self.list(&Range {
            pk: &pk,
            prefix,
            newest_first,
            limit: i32::from(limit),
            cursor,
        })
        .await
    }

    /// Notes what renditions found out; once per version.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with `asset` when it is gone, or has its preview already.
    pub async fn rendered(
        &self,
        asset: &Asset,
        rendered: &Rendered,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut update = Update::new()
            .set("preview", &rendered.preview)?
            .set("updated_at", now)?
            .add("revision", 1);
        if let Some(technical) = &rendered.technical {
            update = update.set("technical", technical)?;
        }
        if rendered.preview != PreviewState::Ready {
            update = update.set("tagging", TaggingState::Off)?;
        }
        let pending = Condition::equals("version", asset.version)?
            .and(Condition::equals("preview", &PreviewState::Pending)?);
        self.update::<Asset>("asset", &asset.key(), &update.when(pending))
            .await?;
        Ok(())
    }

    /// Notes what the AI found, with the rows that searches use, in one
    /// transaction; once per version, so that a redelivered event changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with `asset` when it is gone, or was looked at already.
    pub async fn tagged(
        &self,
        asset: &Asset,
        state: TaggingState,
        seen: &Seen,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let pending = Condition::equals("version", asset.version)?
            .and(Condition::equals("tagging", TaggingState::Pending)?);
        let update = Update::new()
            .set("tagging", state)?
            .set("labels", &seen.labels)?
            .set("text", &seen.text)?
            .set("moderation", &seen.moderation)?
            .set("updated_at", now)?
            .add("revision", 1)
            .when(pending);
        let mut tx = Tx::new();
        tx.update("asset", Table::Catalog, &asset.key(), &update);
        if asset.trashed_at.is_none() {
            let labelled = Asset {
                labels: seen.labels.clone(),
                own_labels: Vec::new(),
                ..asset.clone()
            };
            tx.replace_labels(&[], &labelled.label_rows());
        }
        self.commit(tx).await
    }

    /// Changes what people say about a live asset.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with `asset` when it was changed since it was read.
    pub async fn edit_asset(
        &self,
        asset: &Asset,
        edit: Edit,
        now: Timestamp,
    ) -> Result<Asset, StoreError> {
        let changed = Asset {
            name: edit.name,
            description: edit.description,
            own_labels: edit.own_labels,
            revision: asset.revision + 1,
            updated_at: now,
            ..asset.clone()
        };
        let mut update = Update::new()
            .set("name", &changed.name)?
            .set("own_labels", &changed.own_labels)?
            .set("revision", changed.revision)?
            .set("updated_at", now)?
            .when(Condition::equals("revision", asset.revision)?);
        update = match &changed.description {
            Some(text) => update.set("description", text)?,
            None => update.remove("description"),
        };
        let mut tx = Tx::new();
        tx.update("asset", Table::Catalog, &asset.key(), &update);
        tx.replace_labels(&asset.label_rows(), &changed.label_rows());
        self.commit(tx).await?;
        Ok(changed)
    }

    /// Moves an asset into the trash, out of lists and searches.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with `asset` when it was changed since it was read.
    pub async fn trash_asset(&self, asset: &Asset, now: Timestamp) -> Result<Asset, StoreError> {
        let trashed = Asset {
            trashed_at: Some(now),
            ..next_revision(asset, now)
        };
        let mut tx = Tx::new();
        let unchanged = Condition::equals("revision", asset.revision)?;
        tx.delete("asset", Table::Catalog, &asset.key(), Some(&unchanged));
        tx.create("trash", &trashed);
        tx.replace_labels(&asset.label_rows(), &[]);
        self.commit(tx).await?;
        Ok(trashed)
    }

    /// Moves an asset out of the trash.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with `asset` when it is not there any more.
    pub async fn restore_asset(&self, asset: &Asset, now: Timestamp) -> Result<Asset, StoreError> {
        let restored = Asset {
            trashed_at: None,
            ..next_revision(asset, now)
        };
        let mut tx = Tx::new();
        let unchanged = Condition::equals("revision", asset.revision)?;
        tx.delete("asset", Table::Catalog, &asset.key(), Some(&unchanged));
        tx.create("restored", &restored);
        tx.replace_labels(&[], &restored.label_rows());
        self.commit(tx).await?;
        Ok(restored)
    }
}

fn next_revision(asset: &Asset, now: Timestamp) -> Asset {
    Asset {
        revision: asset.revision + 1,
        updated_at: now,
        ..asset.clone()
    }
}
