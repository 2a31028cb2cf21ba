//! At least once, in any order, and once in the end.

use domain::consent::ConsentPurpose::Processing;
use domain::consequence::{Consequence, Job, Letter};
use domain::ids::{AssetId, CaseId};
use domain::policy::Locale;
use domain::time::SignedDuration;
use serde_json::json;
use store::outbox::Owner;

use crate::support::{Stage, event, sequence};

const NOTHING_FAILED: &str = r#"{"batchItemFailures":[]}"#;

#[tokio::test]
async fn a_letter_goes_once_however_often_and_in_whatever_order_its_record_comes() {
    let stage = Stage::new().await;
    let anna = stage.account("anna@example.com", &[Processing]).await;
    let before = stage.cloud.mails().await.len();
    let mut keys = Vec::new();
    for _ in 0..4 {
        let case = CaseId::new(stage.cloud.now());
        keys.push(
            stage
                .emit_letter(anna.subject, Letter::ErasureBegins { case })
                .await,
        );
    }
    let doubled: Vec<_> = keys.iter().rev().chain(&keys).cloned().collect();

    // two invocations at the same time, each with every record twice
    let (first, second) = tokio::join!(
        stage.handle(event("catalog", &doubled)),
        stage.handle(event("catalog", &doubled)),
    );
    // what one was at, the other must be given again: afterwards nothing is left to do
    let again = stage.handle(event("catalog", &doubled)).await;
    assert_eq!(again.to_string(), NOTHING_FAILED, "{first} {second}");
    assert_eq!(stage.mails_since(before).await.len(), 4);
    assert_eq!(stage.waiting().await, []);
    assert_eq!(stage.cloud.entries("letter.sent").await.len(), before + 4);
}

#[tokio::test]
async fn a_delivery_that_was_killed_is_swept() {
    let stage = Stage::new().await;
    let anna = stage.account("anna@example.com", &[Processing]).await;
    let before = stage.cloud.mails().await.len();
    let key = stage
        .emit_letter(anna.subject, Letter::PasswordChanged)
        .await;
    // whoever took it was killed before it was sent
    stage
        .cloud
        .db
        .lease(&key, stage.cloud.now())
        .await
        .unwrap()
        .unwrap();

    let answer = stage
        .handle(event("catalog", std::slice::from_ref(&key)))
        .await;
    assert_eq!(
        answer,
        json!({"batchItemFailures": [{"itemIdentifier": sequence(0)}]})
    );
    let sweep = json!({"task": "sweep"});
    let early = stage.handle(sweep.clone()).await;
    assert_eq!(early, json!({"processed": 0, "failed": 0, "more": false}));
    assert!(stage.mails_since(before).await.is_empty());

    stage.cloud.clock.advance(SignedDuration::from_mins(6));
    let late = stage.handle(sweep.clone()).await;
    assert_eq!(late, json!({"processed": 1, "failed": 0, "more": false}));
    assert_eq!(stage.mails_since(before).await.len(), 1);
    let done = stage.handle(sweep).await;
    assert_eq!(done, json!({"processed": 0, "failed": 0, "more": false}));
}

#[tokio::test]
async fn a_delivery_that_fails_comes_again_and_keeps_no_other_from_going() {
    let stage = Stage::new().await;
    let anna = stage.account("anna@example.com", &[Processing]).await;
    let before = stage.cloud.mails().await.len();
    let keys = [
        stage
            .emit_letter(anna.subject, Letter::PasswordChanged)
            .await,
        stage
            .emit_letter(anna.subject, Letter::AddressChanged)
            .await,
    ];
    stage.cloud.services.mailbox().fail_next(1, "Throttling");
    let answer = stage.handle(event("catalog", &keys)).await;
    assert_eq!(
        answer["batchItemFailures"].as_array().unwrap().len(),
        1,
        "{answer}"
    );
    assert_eq!(stage.mails_since(before).await.len(), 1);

    let again = stage.handle(event("catalog", &keys)).await;
    assert_eq!(again.to_string(), NOTHING_FAILED);
    let mut subjects: Vec<_> = stage.mails_since(before).await;
    subjects.sort_by(|a, b| a.summary.subject.cmp(&b.summary.subject));
    let subjects: Vec<_> = subjects
        .iter()
        .map(|m| m.summary.subject.as_str())
        .collect();
    assert_eq!(
        subjects,
        [
            "Your login address was changed",
            "Your password was changed"
        ]
    );
}

#[tokio::test]
async fn in_a_sweep_too_one_that_fails_steps_back_behind_the_others() {
    let stage = Stage::new().await;
    let anna = stage.account("anna@example.com", &[Processing]).await;
    let before = stage.cloud.mails().await.len();
    for _ in 0..2 {
        stage
            .emit_letter(anna.subject, Letter::PasswordChanged)
            .await;
    }
    stage.cloud.clock.advance(SignedDuration::from_mins(6));
    stage.cloud.services.mailbox().fail_next(1, "Throttling");
    let sweep = json!({"task": "sweep"});
    let first = stage.handle(sweep.clone()).await;
    assert_eq!(first, json!({"processed": 1, "failed": 1, "more": false}));
    let at_once = stage.handle(sweep.clone()).await;
    assert_eq!(at_once, json!({"processed": 0, "failed": 0, "more": false}));
    stage.cloud.clock.advance(SignedDuration::from_mins(16));
    let later = stage.handle(sweep).await;
    assert_eq!(later, json!({"processed": 1, "failed": 0, "more": false}));
    assert_eq!(stage.mails_since(before).await.len(), 2);
}

#[tokio::test]
async fn a_letter_that_ses_refuses_is_dropped_and_the_ledger_says_so() {
    let stage = Stage::new().await;
    let anna = stage.account("anna@example.com", &[Processing]).await;
    stage
        .emit_letter(anna.subject, Letter::PasswordChanged)
        .await;
    stage
        .cloud
        .services
        .mailbox()
        .fail_next(1, "MessageRejected");
    stage.deliver().await;
    assert_eq!(stage.waiting().await, []);
    let refused = stage.cloud.entries("letter.refused").await;
    assert_eq!(refused[0].facts["letter"], "password_changed");
    assert_eq!(refused[0].facts["code"], "MessageRejected");
}

#[tokio::test]
async fn a_job_reaches_its_queue_once() {
    let stage = Stage::new().await;
    let anna = stage.account("anna@example.com", &[Processing]).await;
    let job = Job::PurgeAsset {
        workspace: anna.workspace,
        asset: AssetId::new(stage.cloud.now()),
    };
    let owner = Owner::Workspace(anna.workspace);
    let key = stage
        .emit(owner, Consequence::Job { job: job.clone() })
        .await;
    let records = event("catalog", &[key.clone(), key]);
    for _ in 0..2 {
        stage.handle(records.clone()).await;
    }
    let jobs = stage.cloud.jobs().await;
    let jobs: Vec<Job> = jobs
        .iter()
        .map(|job| serde_json::from_str(job).unwrap())
        .collect();
    assert_eq!(jobs, [job]);
}

#[tokio::test]
async fn what_was_erased_before_it_was_delivered_is_not_delivered() {
    let stage = Stage::new().await;
    stage
        .sign_up("anna@example.com", Locale::En, &[Processing])
        .await;
    let records = event("catalog", &stage.waiting().await);
    let owner = stage.waiting().await[0]
        .pk
        .strip_prefix("OUT#")
        .unwrap()
        .to_owned();
    let key = store::personal::wrapped_key(owner.parse().unwrap());
    stage
        .cloud
        .db
        .delete_all(store::Table::Keys, &[key])
        .await
        .unwrap();
    let answer = stage.handle(records).await;
    assert_eq!(answer.to_string(), NOTHING_FAILED);
    assert!(stage.cloud.mails().await.is_empty());
    assert_eq!(stage.waiting().await, []);
}

#[tokio::test]
async fn events_of_another_kind_are_errors() {
    let stage = Stage::new().await;
    let key = store::Key::new("OUT#usr_0", "msg_0");
    for unknown in [json!({}), json!({"task": "other"}), event("people", &[key])] {
        assert!(outbox::handle(&stage.app, unknown).await.is_err());
    }
}
