//! Entries that the ledger's stream does not bring are chained all the same.

use assetbox_tests::Stage;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::EntryId;
use domain::ledger::Entry;
use domain::processing::Actor;
use serde_json::{Value, json};
use store::ledger::SWEPT_AFTER;

use crate::support::Person;

/// The people of a stage leave entries, and its stream brings none of them.
async fn with_lost_entries() -> (Stage, usize) {
    let stage = Stage::start().await;
    stage.account(Person::new(), &[]).await;
    let entries = stage.keys("LedgerTable", "EVT#").await.len();
    assert_eq!(stage.db().verify_ledger().await.unwrap().links, 0);
    (stage, entries)
}

async fn sweep(stage: &Stage) -> Value {
    let sweep = json!({"task": "sweep"});
    stage.hand("OutboxFunction", sweep).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sweep_chains_what_the_stream_lost() {
    let (stage, entries) = with_lost_entries().await;
    assert_eq!(sweep(&stage).await["chained"], 0, "the stream has its time");
    stage.advance(SWEPT_AFTER);
    assert_eq!(sweep(&stage).await["chained"], entries);
    let verified = stage.db().verify_ledger().await.unwrap();
    assert_eq!((verified.links, verified.broken), (entries, Vec::new()));
    assert_eq!(sweep(&stage).await["chained"], 0, "each is chained once");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_cannot_be_read_keeps_no_other_from_the_chain() {
    let (stage, entries) = with_lost_entries().await;
    let broken = EntryId::new(stage.now());
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let put = stage.dynamodb().put_item();
    put.table_name(stage.name_of("LedgerTable"))
        .item("pk", text(&format!("EVT#{broken}")))
        .item("sk", text("EVT"))
        .item("entry", text("no entry"))
        .item("due_queue", text("CHAIN#0"))
        .item("due_at", text("2020-01-01T00:00:00.000Z"))
        .send()
        .await
        .unwrap();
    stage.advance(SWEPT_AFTER);
    let first = sweep(&stage).await;
    assert_eq!(
        (&first["chained"], &first["failed"]),
        (&json!(entries), &json!(1))
    );
    let second = sweep(&stage).await;
    assert_eq!(second["failed"], 0, "it steps back: {second}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_put_again_after_its_answer_was_lost_is_chained_once() {
    let (stage, entries) = with_lost_entries().await;
    let at = stage.now();
    let entry = Entry::new(at, Actor::System, "personal_data.accessed", "4.1");
    let db = stage.db();
    for _ in 0..2 {
        db.record(entry.clone()).await.unwrap();
        stage.advance(SWEPT_AFTER);
        sweep(&stage).await;
    }
    let verified = db.verify_ledger().await.unwrap();
    assert_eq!((verified.links, verified.broken), (entries + 1, Vec::new()));
}
