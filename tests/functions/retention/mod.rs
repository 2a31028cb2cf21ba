//! What is due for destruction, run by run (clause 5.2).

mod deadlines;
mod due;
mod uploads;

use std::ops::Deref;

use assetbox::cloud::{Failure, Fault, Moment};
use assetbox_tests::Stage;
use assetbox_tests::stage::jobs;
use domain::asset::{ObjectKeys, ObjectKind};
use domain::billing::Account;
use domain::consequence::Job;
use domain::ids::{SubjectId, UploadId, WorkspaceId};
use domain::time::shift;
use domain::trial::Trial;
use platform::objects::Objects;
use serde_json::{Value, json};
use store::Entity;
use store::catalog::upload::LIFETIME;
use store::catalog::{Upload, UploadState, Workspace};

const FUNCTION: &str = "RetentionFunction";
const SIZE: u64 = 4;

/// A workspace whose uploads and assets become due.
struct Warehouse {
    stage: Stage,
    objects: Objects,
    workspace: Workspace,
}

impl Deref for Warehouse {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

impl Warehouse {
    async fn new() -> Self {
        let stage = Stage::start().await;
        let now = stage.now();
        let account = Account::opened(Some(Trial::starting(now)));
        let workspace = Workspace::opened(WorkspaceId::new(now), SubjectId::new(now), account, now);
        stage.db().put(&workspace).await.unwrap();
        Self {
            objects: stage.bucket("BUCKET_ASSETS"),
            stage,
            workspace,
        }
    }

    async fn run(&self) -> Value {
        self.hand(FUNCTION, json!({})).await.unwrap()
    }

    async fn upload(&self, multipart: bool) -> Upload {
        let now = self.now();
        let mut upload = Upload {
            workspace: self.workspace.id,
            id: UploadId::new(now),
            state: UploadState::Open,
            uploaded_by: self.workspace.owner,
            name: "picture.jpg".into(),
            content_type: "image/jpeg".into(),
            size_bytes: SIZE,
            sha256: None,
            multipart_id: None,
            created_at: now,
            expires_at: shift(now, LIFETIME),
        };
        if multipart {
            let key = object(&upload);
            let begun = self.objects.create_multipart(&key, "image/jpeg").await;
            upload.multipart_id = Some(begun.unwrap());
        }
        let limit = self.workspace.storage_limit_bytes;
        let begun = self.db().begin_upload(&upload, limit, None).await;
        begun.unwrap();
        upload
    }

    async fn put_bytes(&self, upload: &Upload) {
        let bytes = b"\xff\xd8\xff\xd9".as_slice().into();
        let key = object(upload);
        self.objects.put(&key, "image/jpeg", bytes).await.unwrap();
    }

    async fn state(&self, upload: &Upload) -> UploadState {
        let stored = self.db().upload(upload.workspace, upload.id).await;
        stored.unwrap().unwrap().state
    }

    async fn stored_bytes(&self) -> u64 {
        let stored: Option<Workspace> = self.db().get(&self.workspace.key()).await.unwrap();
        stored.unwrap().stored_bytes
    }

    async fn versions(&self) -> usize {
        self.objects.versions("originals/").await.unwrap().len()
    }

    async fn unfinished(&self) -> usize {
        self.objects.unfinished("originals/").await.unwrap().len()
    }

    /// What was ordered so far.
    async fn orders(&self) -> Vec<Job> {
        jobs(&self.messages().await)
    }

    /// Lets the next calls of this operation fail, so many of them.
    fn fail(&self, operation: &str, times: usize) {
        self.faults().add(Fault {
            caller: Some(FUNCTION.to_owned()),
            operation: Some(operation.to_owned()),
            skip: 0,
            times,
            failure: Failure::ServerError,
            moment: Moment::Before,
        });
    }
}

fn object(upload: &Upload) -> String {
    ObjectKeys::new(upload.workspace, upload.asset(), 1).key(ObjectKind::Original)
}

fn worked(processed: usize, failed: usize) -> Value {
    json!({"processed": processed, "failed": failed, "more": false})
}
