//! What is destroyed when its time is up (clause 5.2, 152-FZ art. 5(7)):
//! sign-ups that nobody confirmed, uploads that nobody finished, assets whose
//! stay in the trash is over.

use crate::{
    catalog::{Asset, Upload, UploadState, asset, upload},
    db::{Db, Entity, StoreError, Table, Tx},
    expression::{Condition, Update},
    outbox::{Message, Owner},
    people::pending_key,
};
use domain::{
    consequence::{Consequence, Job},
    ids::SubjectId,
    time::{SignedDuration, Timestamp, days, shift},
};

/// An abandoned upload's object is looked for once more after this: an address
/// that was given out just before may still be used for an hour.
pub const LOOK_AGAIN_AFTER: SignedDuration = SignedDuration::from_hours(2);
/// What was ordered to be destroyed is ordered again after this, if it is still there.
pub const ORDERED_AGAIN_AFTER: SignedDuration = days(1);

fn shards(name: &str, count: u8) -> Vec<String> {
    (0..count).map(|shard| format!("{name}#{shard}")).collect()
}

/// The due-queues of open uploads.
#[must_use]
pub fn upload_queues() -> Vec<String> {
    shards("UPLOAD", upload::UPLOAD_SHARDS)
}

/// The due-queues of the trash.
#[must_use]
pub fn trash_queues() -> Vec<String> {
    shards("TRASH", asset::TRASH_SHARDS)
}

impl Db {
    /// Orders the destruction of a sign-up whose time is over
    /// ([`Db::overdue_sign_ups`]); `false` when it was confirmed, destroyed or
    /// ordered meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn order_sign_up_destruction(
        &self,
        subject: SubjectId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let job = Consequence::Job {
            job: Job::DestroySignUp { subject },
        };
        let over =
            Condition::at_most("expires_at", now)?.and(Condition::at_most("queue_due", now)?);
        let again = Update::new()
            .set("queue_due", shift(now, ORDERED_AGAIN_AFTER))?
            .when(over);
        let mut tx = Tx::new();
        tx.update("order", Table::People, &pending_key(subject), &again);
        tx.emit(&Message::new(Owner::Subject(subject), job, now));
        self.ordered(tx).await
    }

    /// Orders the destruction of an asset whose stay in the trash is over;
    /// `false` when it was restored, destroyed or ordered meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn order_purge(&self, asset: &Asset, now: Timestamp) -> Result<bool, StoreError> {
        let job = Consequence::Job {
            job: Job::PurgeAsset {
                workspace: asset.workspace,
                asset: asset.id,
            },
        };
        let again = Update::new()
            .set("due_at", shift(now, ORDERED_AGAIN_AFTER))?
            .when(Condition::has("trashed_at").and(Condition::at_most("due_at", now)?));
        let mut tx = Tx::new();
        tx.update("order", Table::Catalog, &asset.key(), &again);
        tx.emit(&Message::new(Owner::Workspace(asset.workspace), job, now));
        self.ordered(tx).await
    }

    /// Gives an open upload up and returns its quota, once; `false` when it was
    /// over already. It stays in its queue until its object was looked for
    /// again ([`LOOK_AGAIN_AFTER`]) and [`Db::leave_queue`] ends that.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn expire_upload(&self, upload: &Upload, now: Timestamp) -> Result<bool, StoreError> {
        let open = Condition::equals("state", UploadState::Open)?;
        let expired = Update::new()
            .set("state", UploadState::Aborted)?
            .set("due_at", shift(now, LOOK_AGAIN_AFTER))?
            .when(open.and(Condition::at_most("expires_at", now)?));
        let mut tx = Tx::new();
        tx.update("order", Table::Catalog, &upload.key(), &expired);
        tx.give_back(upload.workspace, upload.size_bytes);
        self.ordered(tx).await
    }

    async fn ordered(&self, tx: Tx) -> Result<bool, StoreError> {
        match self.commit(tx).await {
            Ok(()) => Ok(true),
            Err(error) if error.refused("order") => Ok(false),
            Err(error) => Err(error),
        }
    }
}
