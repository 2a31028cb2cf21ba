//! The ledger: chained from the stream, signed by the hour, checked by anybody.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ledger::{Entry, Hash, Link, SHARDS};
use domain::processing::Actor;
use domain::time::SignedDuration;
use outbox::verify::{self, Fault, Report, RootFile};
use platform::objects::Objects;
use serde_json::json;
use store::Db;

use crate::support::{Stage, event};

async fn record(stage: &Stage, count: usize) {
    for n in 0..count {
        let entry = Entry::new(stage.cloud.now(), Actor::System, "test.happened", "1.8");
        stage
            .cloud
            .db
            .record(entry.with_fact("n", n))
            .await
            .unwrap();
    }
}

async fn seal_entries(stage: &Stage) {
    let keys = stage.cloud.keys("ledger", "EVT#").await;
    let answer = stage.handle(event("ledger", &keys)).await;
    assert_eq!(answer, json!({"batchItemFailures": []}));
}

async fn seal_roots(stage: &Stage) -> u64 {
    let answer = stage.handle(json!({"task": "seal_roots"})).await;
    answer["roots"].as_u64().unwrap()
}

fn proofs(stage: &Stage) -> Objects {
    Objects::new(&stage.cloud.aws, &stage.cloud.env, "BUCKET_PROOFS").unwrap()
}

fn public_key(stage: &Stage) -> Vec<u8> {
    stage
        .cloud
        .services
        .kms()
        .public_key("alias/ledger")
        .unwrap()
}

async fn check(stage: &Stage) -> Report {
    let key = public_key(stage);
    let now = stage.cloud.now();
    verify::ledger(&stage.cloud.db, &proofs(stage), &key, now)
        .await
        .unwrap()
}

async fn roots(stage: &Stage) -> Vec<RootFile> {
    let proofs = proofs(stage);
    let mut files = Vec::new();
    for version in proofs.versions("roots/").await.unwrap() {
        let bytes = proofs.get(&version.key).await.unwrap().to_vec();
        files.push(RootFile {
            key: version.key,
            bytes,
        });
    }
    files.sort_by(|a, b| a.key.cmp(&b.key));
    files
}

async fn chains(db: &Db) -> Vec<Vec<Link>> {
    let mut chains = Vec::new();
    for shard in 0..SHARDS {
        chains.push(db.links(shard, 0, usize::MAX).await.unwrap());
    }
    chains
}

#[tokio::test]
async fn entries_are_chained_once_however_their_records_come() {
    let stage = Stage::new().await;
    record(&stage, 30).await;
    let mut keys = stage.cloud.keys("ledger", "EVT#").await;
    keys.reverse();
    keys.extend_from_within(..10);
    let (first, second) = tokio::join!(
        stage.handle(event("ledger", &keys)),
        stage.handle(event("ledger", &keys)),
    );
    assert_eq!(first, json!({"batchItemFailures": []}));
    assert_eq!(second, json!({"batchItemFailures": []}));
    let report = check(&stage).await;
    assert!(report.holds(), "{:?}", report.faults);
    assert_eq!(
        (report.links, report.roots, report.not_covered_yet),
        (30, 0, 30)
    );
}

#[tokio::test]
async fn a_root_covers_what_is_new_once() {
    let stage = Stage::new().await;
    assert_eq!(seal_roots(&stage).await, 0);
    record(&stage, 12).await;
    seal_entries(&stage).await;
    assert_eq!(seal_roots(&stage).await, 1);
    assert_eq!(seal_roots(&stage).await, 0);
    assert_eq!(roots(&stage).await.len(), 1);

    stage
        .cloud
        .clock
        .advance(SignedDuration::from_hours(24 * 40));
    record(&stage, 5).await;
    seal_entries(&stage).await;
    assert_eq!(check(&stage).await.not_covered_yet, 5);
    assert_eq!(seal_roots(&stage).await, 1);
    let report = check(&stage).await;
    assert!(report.holds(), "{:?}", report.faults);
    assert_eq!(
        (report.links, report.roots, report.not_covered_yet),
        (17, 2, 0)
    );
}

#[tokio::test]
async fn a_root_that_was_not_stored_is_stored_by_the_next_run_as_it_was_decided() {
    let stage = Stage::new().await;
    record(&stage, 6).await;
    seal_entries(&stage).await;
    // killed after the decision
    let decided = stage
        .cloud
        .db
        .next_root(stage.cloud.now())
        .await
        .unwrap()
        .unwrap();
    stage.cloud.clock.advance(SignedDuration::from_hours(1));
    record(&stage, 3).await;
    seal_entries(&stage).await;
    stage
        .cloud
        .services
        .kms()
        .fail_next(1, "KMSInternalException");
    assert!(
        outbox::handle(&stage.app, json!({"task": "seal_roots"}))
            .await
            .is_err()
    );
    assert_eq!(seal_roots(&stage).await, 2);
    let files = roots(&stage).await;
    assert_eq!(files.len(), 2);
    assert!(String::from_utf8_lossy(&files[0].bytes).contains(&decided.at.to_string()));
    assert!(check(&stage).await.holds());
}

#[tokio::test]
async fn a_changed_entry_is_found() {
    let stage = Stage::new().await;
    record(&stage, 9).await;
    seal_entries(&stage).await;
    seal_roots(&stage).await;
    let link = chains(&stage.cloud.db)
        .await
        .into_iter()
        .flatten()
        .nth(4)
        .unwrap();
    stage
        .cloud
        .raw
        .update_item()
        .table_name("ledger")
        .key("pk", AttributeValue::S(format!("EVT#{}", link.entry)))
        .key("sk", AttributeValue::S("EVT".into()))
        .update_expression("SET entry.facts.n = :n")
        .expression_attribute_values(":n", AttributeValue::S("another".into()))
        .send()
        .await
        .unwrap();
    let report = check(&stage).await;
    let (shard, sequence) = (link.shard, link.sequence);
    assert_eq!(report.faults, [Fault::Chain { shard, sequence }]);
}

#[tokio::test]
async fn a_chain_that_was_made_anew_does_not_match_its_roots() {
    let stage = Stage::new().await;
    record(&stage, 20).await;
    seal_entries(&stage).await;
    seal_roots(&stage).await;
    let files = roots(&stage).await;
    let key = public_key(&stage);
    let mut forged = chains(&stage.cloud.db).await;
    assert!(verify::check_roots(&forged, &files, &key).holds());

    let chain = forged.iter_mut().find(|chain| chain.len() > 1).unwrap();
    let mut made_anew: Vec<Link> = Vec::new();
    for (n, link) in chain.iter().enumerate() {
        let entry_hash = if n == 0 {
            Hash([7; 32])
        } else {
            link.entry_hash
        };
        made_anew.push(Link::after(
            link.shard,
            made_anew.last(),
            link.entry,
            entry_hash,
        ));
    }
    let shard = chain[0].shard;
    *chain = made_anew;
    let report = verify::check_roots(&forged, &files, &key);
    let of_shard =
        |fault: &Fault| matches!(fault, Fault::OtherLinks { shard: s, .. } if *s == shard);
    assert!(
        report.faults.len() == 1 && report.faults.iter().all(of_shard),
        "{report:?}"
    );

    // and one that was cut off
    let mut cut = chains(&stage.cloud.db).await;
    for chain in &mut cut {
        chain.pop();
    }
    assert!(!verify::check_roots(&cut, &files, &key).holds());
}

#[tokio::test]
async fn a_missing_a_forged_and_a_moved_root_are_found() {
    let stage = Stage::new().await;
    for _ in 0..3 {
        record(&stage, 20).await;
        seal_entries(&stage).await;
        assert_eq!(seal_roots(&stage).await, 1);
        stage.cloud.clock.advance(SignedDuration::from_hours(1));
    }
    let key = public_key(&stage);
    let chains = chains(&stage.cloud.db).await;
    let good = roots(&stage).await;
    assert!(verify::check_roots(&chains, &good, &key).holds());

    let mut missing = good.clone();
    let gone = missing.remove(1);
    let report = verify::check_roots(&chains, &missing, &key);
    assert!(!report.faults.is_empty());
    assert!(
        report
            .faults
            .iter()
            .all(|fault| matches!(fault, Fault::Gap { .. }))
    );

    let mut forged = good.clone();
    let text = String::from_utf8(gone.bytes.clone()).unwrap();
    forged[1].bytes = text
        .replacen("\\\"first\\\":", "\\\"first\\\":1", 1)
        .into_bytes();
    assert_ne!(forged[1].bytes, gone.bytes);
    let report = verify::check_roots(&chains, &forged, &key);
    assert_eq!(report.faults[0], Fault::Signature(gone.key.clone()));

    let mut moved = good;
    moved[1].bytes = moved[0].bytes.clone();
    let report = verify::check_roots(&chains, &moved, &key);
    assert_eq!(report.faults[0], Fault::NotARoot(gone.key));
}
