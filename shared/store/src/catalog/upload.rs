//! Uploads under way.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    asset::ObjectKeys,
    ids::{AssetId, SubjectId, UploadId, WorkspaceId},
    time::{SignedDuration, Timestamp, days, shift},
};
use serde::{Deserialize, Serialize};

use super::{Asset, partition, workspace::workspace_key};
use crate::{
    db::{Db, Entity, Key, StoreError, Table, Tx, due, expires},
    expression::{Condition, Update},
    idempotency,
};

/// How long an upload may take before it is cleaned up.
pub const LIFETIME: SignedDuration = days(7);
/// How long an upload that is over is remembered after its lifetime.
pub const REMEMBERED: SignedDuration = days(23);
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
        // what is over is forgotten a while later; until then a repeat finds it
        let mut index = vec![expires(shift(self.expires_at, REMEMBERED))];
        if self.state == UploadState::Open {
            index.extend(due(&upload_queue(self.id), self.expires_at));
        }
        index
    }
}

impl Upload {
    /// Its bytes are awaited still. Whether the workspace may be written to was
    /// decided when it began: what was begun then may be finished.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.state == UploadState::Open && now < self.expires_at
    }

    /// The asset that the upload makes.
    #[must_use]
    pub fn asset(&self) -> AssetId {
        AssetId::from_bytes(*self.id.as_bytes())
    }

    /// The keys of its objects, which are its asset's.
    #[must_use]
    pub fn objects(&self) -> ObjectKeys {
        ObjectKeys::new(self.workspace, self.asset(), 1)
    }

    /// The upload that made an asset.
    #[must_use]
    pub fn of_asset(asset: AssetId) -> UploadId {
        UploadId::from_bytes(*asset.as_bytes())
    }
}

impl Db {
    /// Begins an upload: reserves its bytes, once per idempotency key.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with `quota` when the bytes do not fit, with
    /// `idempotency` when the key was used.
    pub async fn begin_upload(
        &self,
        upload: &Upload,
        limit_bytes: u64,
        request: Option<&idempotency::Request<'_>>,
    ) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        let room = limit_bytes
            .checked_sub(upload.size_bytes)
            .ok_or(StoreError::Refused("quota"))?;
        let reserve = Update::new()
            .add("stored_bytes", signed(upload.size_bytes))
            .when(Condition::at_most("stored_bytes", room)?.and(Condition::lacks("closing_since")));
        tx.update(
            "quota",
            Table::Catalog,
            &workspace_key(upload.workspace),
            &reserve,
        );
        tx.create("upload", upload);
        if let Some(request) = request {
            tx.once(request, &upload.id.to_string(), upload.created_at)?;
        }
        self.commit(tx).await
    }

    /// The upload, if this workspace has it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn upload(
        &self,
        workspace: WorkspaceId,
        upload: UploadId,
    ) -> Result<Option<Upload>, StoreError> {
        self.get(&upload_key(workspace, upload)).await
    }

    /// The bytes have arrived: the upload becomes an asset. May be called again,
    /// late or concurrently; returns the asset that was made now, if one was.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with `workspace` when the workspace is being destroyed.
    pub async fn finish_upload(
        &self,
        upload: &Upload,
        now: Timestamp,
    ) -> Result<Option<Asset>, StoreError> {
        let asset = Asset::arrived(upload, now);
        let finished = close(UploadState::Finished)?;
        let mut tx = Tx::new();
        let open = Condition::item_exists().and(Condition::lacks("closing_since"));
        tx.check(
            "workspace",
            Table::Catalog,
            &workspace_key(upload.workspace),
            &open,
        );
        tx.update("upload", Table::Catalog, &upload.key(), &finished);
        tx.create("asset", &asset);
        match self.commit(tx).await {
            Ok(()) => Ok(Some(asset)),
            Err(error) if error.refused("upload") || error.refused("asset") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gives an upload up and returns its quota, once; `false` when it was over already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn abort_upload(&self, upload: &Upload) -> Result<bool, StoreError> {
        let mut tx = Tx::new();
        tx.update(
            "upload",
            Table::Catalog,
            &upload.key(),
            &close(UploadState::Aborted)?,
        );
        tx.give_back(upload.workspace, upload.size_bytes);
        match self.commit(tx).await {
            Ok(()) => Ok(true),
            Err(StoreError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Tx {
    /// Returns bytes to the workspace's quota; refused under `workspace` when
    /// that is gone.
    pub fn give_back(&mut self, workspace: WorkspaceId, bytes: u64) {
        let give_back = Update::new()
            .add("stored_bytes", -signed(bytes))
            .when(Condition::item_exists());
        let key = workspace_key(workspace);
        self.update("workspace", Table::Catalog, &key, &give_back);
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn close(state: UploadState) -> Result<Update, StoreError> {
    Ok(Update::new()
        .set("state", state)?
        .remove("due_queue")
        .remove("due_at")
        .when(Condition::equals("state", UploadState::Open)?))
}
