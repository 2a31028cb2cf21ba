//! At least once, in any order, and once in the end.

use domain::consequence::{Consequence, Job, Letter};
use domain::ids::{AssetId, CaseId};
use domain::time::SignedDuration;
use serde_json::{Value, json};
use store::outbox::Owner;

use super::{FUNCTION, Mailroom, nothing_failed, sequence, subjects};

/// How many a sweep has delivered, and how many have failed.
async fn swept(mailroom: &Mailroom) -> (Value, Value) {
    let worked = mailroom.sweep().await;
    assert_eq!(worked["more"], false);
    (worked["processed"].clone(), worked["failed"].clone())
}

fn counts(processed: usize, failed: usize) -> (Value, Value) {
    (json!(processed), json!(failed))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_goes_once_however_often_and_in_whatever_order_its_record_comes() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&[]).await;
    let before = mailroom.mails().await.len();
    let mut keys = Vec::new();
    for _ in 0..4 {
        let case = CaseId::new(mailroom.now());
        let letter = Letter::ErasureBegins { case };
        keys.push(mailroom.emit_letter(&reader, letter).await);
    }
    let doubled: Vec<_> = keys.iter().rev().chain(&keys).cloned().collect();
    let records = || mailroom.records("CatalogTable", &doubled);

    // two invocations at the same time, each with every record twice
    let (first, second) = tokio::join!(mailroom.handle(records()), mailroom.handle(records()));
    // what one was at, the other must be given again: afterwards nothing is left to do
    let again = mailroom.handle(records()).await;
    assert_eq!(again, nothing_failed(), "{first} {second}");
    assert_eq!(mailroom.mails_since(before).await.len(), 4);
    assert_eq!(mailroom.waiting().await, []);
    assert_eq!(mailroom.entries("letter.sent").await.len(), before + 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_was_killed_is_swept() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&[]).await;
    let before = mailroom.mails().await.len();
    let key = mailroom.emit_letter(&reader, Letter::PasswordChanged).await;
    // whoever took it was killed before it was sent
    let lease = mailroom.db().lease(&key, mailroom.now()).await;
    lease.unwrap().unwrap();

    let record = mailroom.records("CatalogTable", std::slice::from_ref(&key));
    assert_eq!(
        mailroom.handle(record).await,
        json!({"batchItemFailures": [{"itemIdentifier": sequence(0)}]})
    );
    assert_eq!(swept(&mailroom).await, counts(0, 0));
    assert_eq!(mailroom.mails_since(before).await.len(), 0);

    mailroom.advance(SignedDuration::from_mins(6));
    assert_eq!(swept(&mailroom).await, counts(1, 0));
    assert_eq!(mailroom.mails_since(before).await.len(), 1);
    assert_eq!(swept(&mailroom).await, counts(0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_fails_comes_again_and_keeps_no_other_from_going() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&[]).await;
    let before = mailroom.mails().await.len();
    let keys = [
        mailroom.emit_letter(&reader, Letter::PasswordChanged).await,
        mailroom.emit_letter(&reader, Letter::AddressChanged).await,
    ];
    let records = || mailroom.records("CatalogTable", &keys);
    mailroom.mailbox().fail_next(1, "Throttling");
    let answer = mailroom.handle(records()).await;
    let failures = answer["batchItemFailures"].as_array().unwrap();
    assert_eq!(failures.len(), 1, "{answer}");
    assert_eq!(mailroom.mails_since(before).await.len(), 1);

    assert_eq!(mailroom.handle(records()).await, nothing_failed());
    let mails = mailroom.mails_since(before).await;
    let mut told = subjects(&mails);
    told.sort_unstable();
    assert_eq!(
        told,
        [
            "Your login address was changed",
            "Your password was changed"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_sweep_too_one_that_fails_steps_back_behind_the_others() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&[]).await;
    let before = mailroom.mails().await.len();
    for _ in 0..2 {
        mailroom.emit_letter(&reader, Letter::PasswordChanged).await;
    }
    mailroom.advance(SignedDuration::from_mins(6));
    mailroom.mailbox().fail_next(1, "Throttling");
    assert_eq!(swept(&mailroom).await, counts(1, 1));
    assert_eq!(swept(&mailroom).await, counts(0, 0));
    mailroom.advance(SignedDuration::from_mins(16));
    assert_eq!(swept(&mailroom).await, counts(1, 0));
    assert_eq!(mailroom.mails_since(before).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_ses_refuses_is_dropped_and_the_ledger_says_so() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&[]).await;
    mailroom.emit_letter(&reader, Letter::PasswordChanged).await;
    mailroom.mailbox().fail_next(1, "MessageRejected");
    mailroom.deliver().await;
    assert_eq!(mailroom.waiting().await, []);
    let refused = mailroom.entries("letter.refused").await;
    assert_eq!(refused[0].facts["letter"], "password_changed");
    assert_eq!(refused[0].facts["code"], "MessageRejected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_reaches_its_queue_once() {
    let mailroom = Mailroom::new().await;
    let reader = mailroom.reader(&[]).await;
    let workspace = reader.user.workspace.parse().unwrap();
    let job = Job::PurgeAsset {
        workspace,
        asset: AssetId::new(mailroom.now()),
    };
    let consequence = Consequence::Job { job: job.clone() };
    let key = mailroom
        .emit(Owner::Workspace(workspace), consequence)
        .await;
    for _ in 0..2 {
        let twice = [key.clone(), key.clone()];
        mailroom
            .handle(mailroom.records("CatalogTable", &twice))
            .await;
    }
    let mut received = Vec::new();
    for event in mailroom.received("ErasureFunction").await {
        for message in event["Records"].as_array().unwrap() {
            received.push(serde_json::from_str::<Job>(message["body"].as_str().unwrap()).unwrap());
        }
    }
    assert_eq!(received, [job]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_erased_before_it_was_delivered_is_not_delivered() {
    let mailroom = Mailroom::new().await;
    let person = assetbox_tests::Person::new();
    mailroom.sign_up(&person, &[]).await;
    let waiting = mailroom.waiting().await;
    let owner = waiting[0].pk.strip_prefix("OUT#").unwrap();
    let key = store::personal::wrapped_key(owner.parse().unwrap());
    let erased = mailroom.db();
    erased.delete_all(store::Table::Keys, &[key]).await.unwrap();
    let records = mailroom.records("CatalogTable", &waiting);
    assert_eq!(mailroom.handle(records).await, nothing_failed());
    assert_eq!(mailroom.mails().await.len(), 0);
    assert_eq!(mailroom.waiting().await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_another_kind_are_errors() {
    let mailroom = Mailroom::new().await;
    let key = store::Key::new("OUT#usr_0", "msg_0");
    let of_people = mailroom.records("PeopleTable", &[key]);
    for unknown in [json!({}), json!({"task": "other"}), of_people] {
        mailroom.hand(FUNCTION, unknown).await.unwrap_err();
    }
}
