//! Trials against the services in this process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../outbox/tests/outbox/cloud.rs"]
mod cloud;

use aws_sdk_dynamodb::types::AttributeValue;
use cloud::Cloud;
use domain::billing::Account;
use domain::consequence::{Consequence, Job, Letter, Recipient};
use domain::ids::{SubjectId, WorkspaceId};
use domain::time::{SignedDuration, Timestamp, days, shift};
use domain::trial::{GRACE, LENGTH, Notice, Trial};
use serde_json::{Value, json};
use store::Entity;
use store::catalog::Workspace;
use store::catalog::trial::trial_queues;
use store::catalog::workspace::workspace_key;
use store::due::Bounds;
use store::outbox::{Message, Owner};
use trial_expiry::App;

struct Stage {
    cloud: Cloud,
    app: App,
}

impl Stage {
    async fn new() -> Self {
        let cloud = Cloud::new().await;
        let app = App::new(&cloud.aws, &cloud.env, cloud.clock.clone())
            .await
            .unwrap();
        Self { cloud, app }
    }

    async fn workspace(&self) -> Workspace {
        let now = self.cloud.now();
        let trial = Trial::starting(now);
        let workspace = Workspace::opened(
            WorkspaceId::new(now),
            SubjectId::new(now),
            Account::opened(Some(trial)),
            now,
        );
        self.cloud.db.put(&workspace).await.unwrap();
        workspace
    }

    async fn run(&self) -> Value {
        let tick = json!({"source": "aws.scheduler", "detail-type": "Scheduled Event"});
        trial_expiry::handle(&self.app, tick).await.unwrap()
    }

    async fn messages(&self, owner: Owner) -> Vec<Message> {
        let all = self.cloud.db.list_all(&owner.partition(), "msg_").await;
        all.unwrap()
    }

    /// The notices that were ordered, in order.
    async fn notices(&self, workspace: &Workspace) -> Vec<Notice> {
        let letters = self.messages(Owner::Subject(workspace.owner)).await;
        letters
            .into_iter()
            .map(|message| match message.consequence {
                Consequence::Mail {
                    to: Recipient::OnFile,
                    letter: Letter::Trial { notice, .. },
                } => notice,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    async fn jobs(&self, workspace: &Workspace) -> Vec<Job> {
        let jobs = self.messages(Owner::Workspace(workspace.id)).await;
        jobs.into_iter()
            .map(|message| match message.consequence {
                Consequence::Job { job } => job,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    async fn stored(&self, workspace: &Workspace) -> Workspace {
        let stored = self.cloud.db.get(&workspace.key()).await.unwrap();
        stored.unwrap()
    }

    async fn is_queued(&self, workspace: &Workspace) -> bool {
        let far = shift(self.cloud.now(), days(1000));
        for queue in trial_queues() {
            let keys = self.cloud.db.due(&queue, far, 100).await.unwrap();
            if keys.contains(&workspace_key(workspace.id)) {
                return true;
            }
        }
        false
    }
}

fn worked(processed: usize) -> Value {
    json!({"processed": processed, "failed": 0, "more": false})
}

#[tokio::test]
async fn every_notice_is_given_once_and_destruction_is_ordered_at_the_end() {
    let stage = Stage::new().await;
    let workspace = stage.workspace().await;
    for _ in 0..(50 * 4) {
        stage.cloud.clock.advance(SignedDuration::from_hours(6));
        stage.run().await;
    }
    assert_eq!(stage.notices(&workspace).await, Notice::ALL);
    let id = workspace.id;
    assert_eq!(
        stage.jobs(&workspace).await,
        [Job::DestroyWorkspace { workspace: id }]
    );
    assert!(!stage.is_queued(&workspace).await);
    let entries = stage.cloud.entries("trial.notice").await;
    assert_eq!(entries.len(), 6);
    assert!(
        entries
            .iter()
            .all(|e| e.clause == "3.2b" && e.workspace == Some(id))
    );
}

#[tokio::test]
async fn a_second_run_says_nothing_even_at_the_same_time() {
    let stage = Stage::new().await;
    let workspace = stage.workspace().await;
    stage
        .cloud
        .clock
        .advance(SignedDuration::from_hours(11 * 24));
    let (first, second) = tokio::join!(stage.run(), stage.run());
    assert_eq!(
        (&first["failed"], &second["failed"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(stage.run().await, worked(0));
    assert_eq!(stage.notices(&workspace).await, [Notice::ThreeDaysLeft]);
    let stored = stage.stored(&workspace).await;
    assert_eq!(stored.revision, workspace.revision + 1);
}

#[tokio::test]
async fn one_millisecond_before_a_notice_nothing_is_said() {
    let stage = Stage::new().await;
    let workspace = stage.workspace().await;
    let trial = workspace.billing.trial.unwrap();
    let just_before: Timestamp = shift(
        trial.due_at(Notice::ThreeDaysLeft),
        SignedDuration::from_millis(-1),
    );
    assert_eq!(workspace.due_notice(just_before), None);
    let due = workspace.due_notice(trial.due_at(Notice::ThreeDaysLeft));
    assert_eq!(due, Some((trial, Notice::ThreeDaysLeft)));
}

#[tokio::test]
async fn after_days_of_silence_only_the_latest_notice_is_given() {
    let stage = Stage::new().await;
    let workspace = stage.workspace().await;
    stage.cloud.clock.advance(LENGTH + days(2));
    assert_eq!(stage.run().await, worked(1));
    assert_eq!(stage.notices(&workspace).await, [Notice::Ended]);
    stage.cloud.clock.advance(GRACE);
    stage.run().await;
    let given = stage.notices(&workspace).await;
    assert_eq!(given, [Notice::Ended, Notice::DestructionDue]);
    assert_eq!(stage.jobs(&workspace).await.len(), 1);
}

#[tokio::test]
async fn one_that_fails_is_skipped_and_keeps_no_other_waiting() {
    let stage = Stage::new().await;
    let mut workspaces = Vec::new();
    for _ in 0..6 {
        workspaces.push(stage.workspace().await);
    }
    // older than all others, and not a workspace that can be read, in every queue
    for (n, queue) in trial_queues().into_iter().enumerate() {
        let item = [
            ("pk", format!("WSP#broken{n}")),
            ("sk", "META".to_owned()),
            ("due_queue", queue),
            ("due_at", "2026-01-01T00:00:00.000Z".to_owned()),
        ];
        let item = item.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
        let put = stage.cloud.raw.put_item().table_name("catalog");
        put.set_item(Some(item.into())).send().await.unwrap();
    }
    stage
        .cloud
        .clock
        .advance(SignedDuration::from_hours(11 * 24));
    assert_eq!(
        stage.run().await,
        json!({"processed": 6, "failed": 4, "more": false})
    );
    for workspace in &workspaces {
        assert_eq!(stage.notices(workspace).await, [Notice::ThreeDaysLeft]);
    }
    // they step back, and are tried again an hour later
    assert_eq!(stage.run().await, worked(0));
    stage.cloud.clock.advance(SignedDuration::from_mins(61));
    assert_eq!(stage.run().await["failed"], 4);
}

#[tokio::test]
async fn a_paid_workspace_gets_nothing_and_leaves_the_queue() {
    let stage = Stage::new().await;
    let workspace = stage.workspace().await;
    let key = workspace.key();
    // a payment that left the workspace in its queue
    stage
        .cloud
        .raw
        .update_item()
        .table_name("catalog")
        .key("pk", AttributeValue::S(key.pk))
        .key("sk", AttributeValue::S(key.sk))
        .update_expression("SET billing.#s = :active")
        .expression_attribute_names("#s", "status")
        .expression_attribute_values(":active", AttributeValue::S("active".into()))
        .send()
        .await
        .unwrap();
    stage.cloud.clock.advance(LENGTH);
    assert_eq!(stage.run().await, worked(1));
    assert!(stage.notices(&workspace).await.is_empty());
    assert!(!stage.is_queued(&workspace).await);
    assert_eq!(stage.run().await, worked(0));
}

#[tokio::test]
async fn a_payment_that_comes_in_between_wins() {
    let stage = Stage::new().await;
    let read = stage.workspace().await;
    let mut paid = read.clone();
    paid.revision += 1;
    paid.billing.status = domain::billing::Status::Active;
    stage.cloud.db.put(&paid).await.unwrap();
    let trial = read.billing.trial.unwrap();
    let now = trial.ends_at;
    let given = stage
        .cloud
        .db
        .give_notice(&read, trial, Notice::Ended, now)
        .await;
    assert!(!given.unwrap());
    assert!(stage.notices(&read).await.is_empty());
    assert_eq!(stage.stored(&read).await, paid);
}

#[tokio::test]
async fn a_workspace_that_is_being_destroyed_gets_no_notice() {
    let stage = Stage::new().await;
    let mut workspace = stage.workspace().await;
    workspace.closing_since = Some(stage.cloud.now());
    stage.cloud.db.put(&workspace).await.unwrap();
    stage.cloud.clock.advance(LENGTH);
    assert_eq!(stage.run().await, worked(0));
    assert!(stage.notices(&workspace).await.is_empty());
}

#[tokio::test]
async fn a_run_is_bounded_and_says_that_more_is_left() {
    let stage = Stage::new().await;
    for _ in 0..24 {
        stage.workspace().await;
    }
    let later = shift(stage.cloud.now(), LENGTH);
    let bounds = Bounds {
        page: 2,
        per_queue: 3,
        step_back: SignedDuration::from_hours(1),
    };
    let db = &stage.cloud.db;
    let mut given = 0;
    let mut runs = 0;
    loop {
        let worked = db
            .work_off(&trial_queues(), later, bounds, |key| async move {
                let workspace: Workspace = db.get(&key).await?.unwrap();
                let (trial, notice) = workspace.due_notice(later).unwrap();
                db.give_notice(&workspace, trial, notice, later)
                    .await
                    .map(drop)
            })
            .await
            .unwrap();
        assert!(worked.processed <= 4 * 3 && worked.failed == 0);
        given += worked.processed;
        runs += 1;
        if !worked.more {
            break;
        }
    }
    assert_eq!(given, 24);
    assert!(runs >= 2);
}
