//! The queue of trials: one that fails, and more than one run takes on.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::time::{SignedDuration, days, shift};
use domain::trial::{LENGTH, Notice};
use store::catalog::Workspace;
use store::catalog::ending::trial_queues;
use store::due::Bounds;

use super::{Trials, worked};

#[tokio::test(flavor = "multi_thread")]
async fn one_that_fails_is_skipped_and_keeps_no_other_waiting() {
    let trials = Trials::new().await;
    let mut workspaces = Vec::new();
    for _ in 0..6 {
        workspaces.push(trials.workspace().await);
    }
    // older than all others, and not a workspace that can be read, in every queue
    let (dynamodb, table) = (trials.dynamodb(), trials.name_of("CatalogTable"));
    for (n, queue) in trial_queues().into_iter().enumerate() {
        let item = [
            ("pk", format!("WSP#broken{n}")),
            ("sk", "META".to_owned()),
            ("due_queue", queue),
            ("due_at", "2026-01-01T00:00:00.000Z".to_owned()),
        ];
        let item = item.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
        let put = dynamodb.put_item().table_name(&table);
        put.set_item(Some(item.into())).send().await.unwrap();
    }
    trials.advance(days(11));
    assert_eq!(trials.run().await, worked(6, 4));
    for workspace in &workspaces {
        assert_eq!(trials.notices(workspace).await, [Notice::ThreeDaysLeft]);
    }
    // they step back, and are tried again an hour later
    assert_eq!(trials.run().await, worked(0, 0));
    trials.advance(SignedDuration::from_mins(61));
    assert_eq!(trials.run().await["failed"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_bounded_and_says_that_more_is_left() {
    let trials = Trials::new().await;
    for _ in 0..24 {
        trials.workspace().await;
    }
    let later = shift(trials.now(), LENGTH);
    let bounds = Bounds {
        page: 2,
        per_queue: 3,
        step_back: SignedDuration::from_hours(1),
    };
    let db = &trials.db();
    let mut given = 0;
    let mut runs = 0;
    loop {
        let worked = db
            .work_off(&trial_queues(), later, bounds, |key| async move {
                let workspace: Workspace = db.get(&key).await?.unwrap();
                let notice = workspace.due_notice(later).unwrap();
                db.give_notice(&workspace, notice, later).await.map(drop)
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
