//! Each notice once, in its time.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::consequence::Job;
use domain::time::{SignedDuration, Timestamp, days, shift};
use domain::trial::{LENGTH, Notice};
use serde_json::json;
use store::Entity;

use super::{Trials, on_trial, worked};

#[tokio::test(flavor = "multi_thread")]
async fn every_notice_is_given_once_and_destruction_is_ordered_at_the_end() {
    let trials = Trials::new().await;
    let workspace = trials.workspace().await;
    for _ in 0..(50 * 4) {
        trials.advance(SignedDuration::from_hours(6));
        trials.run().await;
    }
    assert_eq!(trials.notices(&workspace).await, Notice::ALL);
    let id = workspace.id;
    assert_eq!(
        trials.jobs(&workspace).await,
        [Job::DestroyWorkspace { workspace: id }]
    );
    assert!(!trials.is_queued(&workspace).await);
    let entries = trials.entries("trial.notice").await;
    assert_eq!(entries.len(), 6);
    assert!(
        entries
            .iter()
            .all(|entry| entry.clause == "3.2b" && entry.workspace == Some(id))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_says_nothing_even_at_the_same_time() {
    let trials = Trials::new().await;
    let workspace = trials.workspace().await;
    trials.advance(days(11));
    let (first, second) = tokio::join!(trials.run(), trials.run());
    assert_eq!(
        (&first["failed"], &second["failed"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(trials.run().await, worked(0, 0));
    assert_eq!(trials.notices(&workspace).await, [Notice::ThreeDaysLeft]);
    let stored = trials.stored(&workspace).await;
    assert_eq!(stored.revision, workspace.revision + 1);
}

#[test]
fn one_millisecond_before_a_notice_nothing_is_said() {
    let workspace = on_trial(Timestamp::from_seconds(1_795_392_000));
    let at = workspace.ending().unwrap().due_at(Notice::ThreeDaysLeft);
    let just_before = shift(at, SignedDuration::from_millis(-1));
    assert_eq!(workspace.due_notice(just_before), None);
    assert_eq!(workspace.due_notice(at), Some(Notice::ThreeDaysLeft));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paid_workspace_gets_nothing_and_leaves_the_queue() {
    let trials = Trials::new().await;
    let workspace = trials.workspace().await;
    let key = workspace.key();
    // a payment that left the workspace in its queue
    let paid = trials
        .dynamodb()
        .update_item()
        .table_name(trials.name_of("CatalogTable"))
        .key("pk", AttributeValue::S(key.pk))
        .key("sk", AttributeValue::S(key.sk))
        .update_expression("SET billing.#s = :active")
        .expression_attribute_names("#s", "status")
        .expression_attribute_values(":active", AttributeValue::S("active".into()));
    paid.send().await.unwrap();
    trials.advance(LENGTH);
    assert_eq!(trials.run().await, worked(1, 0));
    assert_eq!(trials.notices(&workspace).await, []);
    assert!(!trials.is_queued(&workspace).await);
    assert_eq!(trials.run().await, worked(0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_comes_in_between_wins() {
    let trials = Trials::new().await;
    let (db, read) = (trials.db(), trials.workspace().await);
    let mut paid = read.clone();
    paid.revision += 1;
    paid.billing.status = domain::billing::Status::Active;
    db.put(&paid).await.unwrap();
    let ended_at = read.ending().unwrap().at;
    let given = db.give_notice(&read, Notice::Ended, ended_at);
    assert!(!given.await.unwrap());
    assert_eq!(trials.notices(&read).await, []);
    assert_eq!(trials.stored(&read).await, paid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_is_being_destroyed_gets_no_notice() {
    let trials = Trials::new().await;
    let mut workspace = trials.workspace().await;
    workspace.closing_since = Some(trials.now());
    trials.db().put(&workspace).await.unwrap();
    trials.advance(LENGTH);
    assert_eq!(trials.run().await, worked(0, 0));
    assert_eq!(trials.notices(&workspace).await, []);
}
