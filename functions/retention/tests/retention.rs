//! What is due, against the services in this process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../outbox/tests/outbox/cloud.rs"]
mod cloud;

use cloud::Cloud;
use domain::asset::{ObjectKeys, ObjectKind};
use domain::billing::Account;
use domain::consequence::{Consequence, Job};
use domain::ids::{SubjectId, UploadId, WorkspaceId};
use domain::time::{SignedDuration, days, shift};
use domain::trial::Trial;
use platform::objects::Objects;
use retention::App;
use serde_json::{Value, json};
use store::catalog::upload::LIFETIME;
use store::catalog::{Asset, Upload, UploadState, Workspace};
use store::outbox::Message;
use store::people::{PendingSignUp, pending_key};
use store::{Entity, Table};

const SIZE: u64 = 4;

struct Stage {
    cloud: Cloud,
    app: App,
    objects: Objects,
    workspace: Workspace,
}

impl Stage {
    async fn new() -> Self {
        let cloud = Cloud::new().await;
        let app = App::new(&cloud.aws, &cloud.env, cloud.clock.clone())
            .await
            .unwrap();
        let objects = Objects::new(&cloud.aws, &cloud.env, "BUCKET_ASSETS").unwrap();
        let now = cloud.now();
        let account = Account::opened(Some(Trial::starting(now)));
        let workspace = Workspace::opened(WorkspaceId::new(now), SubjectId::new(now), account, now);
        cloud.db.put(&workspace).await.unwrap();
        Self {
            cloud,
            app,
            objects,
            workspace,
        }
    }

    async fn run(&self) -> Value {
        retention::handle(&self.app, json!({})).await.unwrap()
    }

    async fn upload(&self, multipart: bool) -> Upload {
        let now = self.cloud.now();
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
            let begun = self
                .objects
                .create_multipart(&object(&upload), "image/jpeg")
                .await;
            upload.multipart_id = Some(begun.unwrap());
        }
        let limit = self.workspace.storage_limit_bytes;
        self.cloud
            .db
            .begin_upload(&upload, limit, None)
            .await
            .unwrap();
        upload
    }

    async fn put_bytes(&self, upload: &Upload) {
        let bytes = b"\xff\xd8\xff\xd9".as_slice().into();
        let key = object(upload);
        self.objects.put(&key, "image/jpeg", bytes).await.unwrap();
    }

    async fn state(&self, upload: &Upload) -> UploadState {
        let stored = self.cloud.db.upload(upload.workspace, upload.id).await;
        stored.unwrap().unwrap().state
    }

    async fn stored_bytes(&self) -> u64 {
        let stored: Option<Workspace> = self.cloud.db.get(&self.workspace.key()).await.unwrap();
        stored.unwrap().stored_bytes
    }

    async fn versions(&self) -> usize {
        self.objects.versions("originals/").await.unwrap().len()
    }

    async fn orders(&self) -> Vec<Job> {
        let mut jobs = Vec::new();
        for key in self.cloud.keys("catalog", "OUT#").await {
            let message: Message = self.cloud.db.get(&key).await.unwrap().unwrap();
            match message.consequence {
                Consequence::Job { job } => jobs.push(job),
                other => panic!("{other:?}"),
            }
        }
        jobs
    }
}

fn object(upload: &Upload) -> String {
    ObjectKeys::new(upload.workspace, upload.asset(), 1).key(ObjectKind::Original)
}

#[tokio::test]
async fn an_abandoned_upload_returns_its_quota_and_leaves_no_byte() {
    let stage = Stage::new().await;
    let single = stage.upload(false).await;
    let multipart = stage.upload(true).await;
    stage.put_bytes(&single).await;
    stage
        .cloud
        .clock
        .advance(LIFETIME - SignedDuration::from_secs(60));
    assert_eq!(stage.run().await["uploads"]["processed"], 0);
    assert_eq!(
        (stage.stored_bytes().await, stage.versions().await),
        (2 * SIZE, 1)
    );

    stage.cloud.clock.advance(SignedDuration::from_secs(120));
    assert_eq!(
        stage.run().await["uploads"],
        json!({"processed": 2, "failed": 0, "more": false})
    );
    assert_eq!(stage.stored_bytes().await, 0);
    assert_eq!(stage.versions().await, 0);
    assert!(
        stage
            .objects
            .unfinished("originals/")
            .await
            .unwrap()
            .is_empty()
    );
    for upload in [&single, &multipart] {
        assert_eq!(stage.state(upload).await, UploadState::Aborted);
    }
    let entries = stage.cloud.entries("retention.batch").await;
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (entries[0].clause.as_str(), &*entries[0].facts["uploads"]),
        ("5.2a", "2")
    );

    // an address that was given out before was used late
    stage.put_bytes(&single).await;
    assert_eq!(stage.run().await["uploads"]["processed"], 0);
    stage.cloud.clock.advance(SignedDuration::from_hours(2));
    assert_eq!(stage.run().await["uploads"]["processed"], 2);
    assert_eq!((stage.stored_bytes().await, stage.versions().await), (0, 0));
    stage.cloud.clock.advance(days(1));
    assert_eq!(stage.run().await["uploads"]["processed"], 0);
}

#[tokio::test]
async fn an_upload_that_was_finished_in_time_keeps_its_bytes() {
    let stage = Stage::new().await;
    let upload = stage.upload(false).await;
    stage.put_bytes(&upload).await;
    let now = shift(stage.cloud.now(), LIFETIME);
    stage
        .cloud
        .db
        .finish_upload(&upload, now)
        .await
        .unwrap()
        .unwrap();
    // a run that read it before it was finished
    assert!(!stage.cloud.db.expire_upload(&upload, now).await.unwrap());
    stage.cloud.clock.advance(LIFETIME);
    stage.run().await;
    assert_eq!(stage.state(&upload).await, UploadState::Finished);
    assert_eq!(
        (stage.stored_bytes().await, stage.versions().await),
        (SIZE, 1)
    );
}

#[tokio::test]
async fn an_asset_s_purge_is_ordered_once_a_day_until_it_is_gone() {
    let stage = Stage::new().await;
    let upload = stage.upload(false).await;
    let now = stage.cloud.now();
    let asset: Asset = stage
        .cloud
        .db
        .finish_upload(&upload, now)
        .await
        .unwrap()
        .unwrap();
    let trashed = stage.cloud.db.trash_asset(&asset, now).await.unwrap();
    let stay = domain::asset::purge_at(now).duration_since(*now);
    stage
        .cloud
        .clock
        .advance(stay - SignedDuration::from_secs(60));
    stage.run().await;
    assert_eq!(stage.orders().await, []);

    stage.cloud.clock.advance(SignedDuration::from_secs(120));
    let order = Job::PurgeAsset {
        workspace: asset.workspace,
        asset: asset.id,
    };
    for _ in 0..3 {
        stage.run().await;
        assert_eq!(stage.orders().await, std::slice::from_ref(&order));
    }
    stage.cloud.clock.advance(days(1));
    stage.run().await;
    assert_eq!(stage.orders().await.len(), 2);
    // restored after it was read: nothing is ordered
    stage
        .cloud
        .db
        .restore_asset(&trashed, stage.cloud.now())
        .await
        .unwrap();
    let later = shift(stage.cloud.now(), days(2));
    assert!(!stage.cloud.db.order_purge(&trashed, later).await.unwrap());
    assert_eq!(stage.orders().await.len(), 2);
}

#[tokio::test]
async fn a_sign_up_that_nobody_confirmed_is_destroyed_after_its_time() {
    let stage = Stage::new().await;
    let now = stage.cloud.now();
    let mut subjects = Vec::new();
    for _ in 0..3 {
        let pending = PendingSignUp {
            subject: SubjectId::new(now),
            password_hash: "$argon2id$not-of-this-test".into(),
            expires_at: shift(now, days(1)),
        };
        stage.cloud.db.put(&pending).await.unwrap();
        subjects.push(pending.subject);
    }
    stage.cloud.clock.advance(SignedDuration::from_hours(23));
    stage.run().await;
    assert_eq!(stage.orders().await, []);

    // one is confirmed in time
    let confirmed = subjects.pop().unwrap();
    let keys = [pending_key(confirmed)];
    stage
        .cloud
        .db
        .delete_all(Table::People, &keys)
        .await
        .unwrap();
    stage.cloud.clock.advance(SignedDuration::from_hours(2));
    assert_eq!(stage.run().await["sign_ups"]["processed"], 2);
    assert_eq!(stage.run().await["sign_ups"]["processed"], 0);
    let mut ordered: Vec<SubjectId> = stage
        .orders()
        .await
        .into_iter()
        .map(|job| match job {
            Job::DestroySignUp { subject } => subject,
            other => panic!("{other:?}"),
        })
        .collect();
    ordered.sort();
    subjects.sort();
    assert_eq!(ordered, subjects);
    // whose job was lost is ordered again
    stage.cloud.clock.advance(days(1));
    assert_eq!(stage.run().await["sign_ups"]["processed"], 2);
}

#[tokio::test]
async fn an_object_store_that_is_away_leaves_the_upload_for_later() {
    let stage = Stage::new().await;
    let broken = stage.upload(true).await;
    // an upload in parts whose id S3 does not know is none that fails; one without a bucket is
    let vars = [
        "TABLE_CATALOG",
        "TABLE_PEOPLE",
        "TABLE_LEDGER",
        "S3_FORCE_PATH_STYLE",
    ];
    let vars = vars.map(|name| (name.to_owned(), stage.cloud.env.required(name).unwrap()));
    let bucket = ("BUCKET_ASSETS".to_owned(), "not-there".to_owned());
    let env = platform::Env::of(vars.into_iter().chain([bucket]));
    let away = App::new(&stage.cloud.aws, &env, stage.cloud.clock.clone())
        .await
        .unwrap();
    stage.cloud.clock.advance(LIFETIME);
    let answer = retention::handle(&away, json!({})).await.unwrap();
    assert_eq!(
        answer["uploads"],
        json!({"processed": 0, "failed": 1, "more": false})
    );

    assert_eq!(
        stage.objects.unfinished("originals/").await.unwrap().len(),
        1
    );
    stage.cloud.clock.advance(SignedDuration::from_mins(121));
    assert_eq!(stage.run().await["uploads"]["processed"], 1);
    assert!(
        stage
            .objects
            .unfinished("originals/")
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(stage.state(&broken).await, UploadState::Aborted);
    assert_eq!(stage.stored_bytes().await, 0);
}
