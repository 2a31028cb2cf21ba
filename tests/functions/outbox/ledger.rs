//! The ledger: chained from the stream, signed by the hour, checked by anybody.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ledger::{Entry, Hash, Link, SHARDS};
use domain::processing::Actor;
use domain::time::{SignedDuration, days};
use outbox::verify::{self, Fault, Report, RootFile};
use serde_json::json;
use store::Db;

use super::{FUNCTION, Mailroom, nothing_failed};

/// Records so many things that happened.
async fn record(mailroom: &Mailroom, count: usize) {
    let db = mailroom.db();
    for n in 0..count {
        let entry = Entry::new(mailroom.now(), Actor::System, "test.happened", "1.8");
        db.record(entry.with_fact("n", n)).await.unwrap();
    }
}

async fn seal_entries(mailroom: &Mailroom) {
    let keys = mailroom.keys("LedgerTable", "EVT#").await;
    let answer = mailroom
        .handle(mailroom.records("LedgerTable", &keys))
        .await;
    assert_eq!(answer, nothing_failed());
}

async fn seal_roots(mailroom: &Mailroom) -> u64 {
    let answer = mailroom.handle(json!({"task": "seal_roots"})).await;
    answer["roots"].as_u64().unwrap()
}

async fn check(mailroom: &Mailroom) -> Report {
    let (db, key) = (mailroom.db(), mailroom.ledger_key());
    let proofs = mailroom.bucket("BUCKET_PROOFS");
    let report = verify::ledger(&db, &proofs, &key, mailroom.now()).await;
    report.unwrap()
}

async fn roots(mailroom: &Mailroom) -> Vec<RootFile> {
    let proofs = mailroom.bucket("BUCKET_PROOFS");
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

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_chained_once_however_their_records_come() {
    let mailroom = Mailroom::new().await;
    record(&mailroom, 30).await;
    let mut keys = mailroom.keys("LedgerTable", "EVT#").await;
    keys.reverse();
    keys.extend_from_within(..10);
    let (first, second) = tokio::join!(
        mailroom.handle(mailroom.records("LedgerTable", &keys)),
        mailroom.handle(mailroom.records("LedgerTable", &keys)),
    );
    assert_eq!(first, nothing_failed());
    assert_eq!(second, nothing_failed());
    let report = check(&mailroom).await;
    assert!(report.holds(), "{:?}", report.faults);
    assert_eq!(
        (report.links, report.roots, report.not_covered_yet),
        (30, 0, 30)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_covers_what_is_new_once() {
    let mailroom = Mailroom::new().await;
    assert_eq!(seal_roots(&mailroom).await, 0);
    record(&mailroom, 12).await;
    seal_entries(&mailroom).await;
    assert_eq!(seal_roots(&mailroom).await, 1);
    assert_eq!(seal_roots(&mailroom).await, 0);
    assert_eq!(roots(&mailroom).await.len(), 1);

    mailroom.advance(days(40));
    record(&mailroom, 5).await;
    seal_entries(&mailroom).await;
    assert_eq!(check(&mailroom).await.not_covered_yet, 5);
    assert_eq!(seal_roots(&mailroom).await, 1);
    let report = check(&mailroom).await;
    assert!(report.holds(), "{:?}", report.faults);
    assert_eq!(
        (report.links, report.roots, report.not_covered_yet),
        (17, 2, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_root_that_was_not_stored_is_stored_by_the_next_run_as_it_was_decided() {
    let mailroom = Mailroom::new().await;
    record(&mailroom, 6).await;
    seal_entries(&mailroom).await;
    // killed after the decision
    let decided = mailroom
        .db()
        .next_root(mailroom.now())
        .await
        .unwrap()
        .unwrap();
    mailroom.advance(SignedDuration::from_hours(1));
    record(&mailroom, 3).await;
    seal_entries(&mailroom).await;
    mailroom
        .services()
        .kms()
        .fail_next(1, "KMSInternalException");
    assert!(
        mailroom
            .hand(FUNCTION, json!({"task": "seal_roots"}))
            .await
            .is_err()
    );
    assert_eq!(seal_roots(&mailroom).await, 2);
    let files = roots(&mailroom).await;
    assert_eq!(files.len(), 2);
    assert!(String::from_utf8_lossy(&files[0].bytes).contains(&decided.at.to_string()));
    assert!(check(&mailroom).await.holds());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_entry_is_found() {
    let mailroom = Mailroom::new().await;
    record(&mailroom, 9).await;
    seal_entries(&mailroom).await;
    seal_roots(&mailroom).await;
    let link = chains(&mailroom.db())
        .await
        .into_iter()
        .flatten()
        .nth(4)
        .unwrap();
    mailroom
        .dynamodb()
        .update_item()
        .table_name(mailroom.name_of("LedgerTable"))
        .key("pk", AttributeValue::S(format!("EVT#{}", link.entry)))
        .key("sk", AttributeValue::S("EVT".into()))
        .update_expression("SET entry.facts.n = :n")
        .expression_attribute_values(":n", AttributeValue::S("another".into()))
        .send()
        .await
        .unwrap();
    let report = check(&mailroom).await;
    let (shard, sequence) = (link.shard, link.sequence);
    assert_eq!(report.faults, [Fault::Chain { shard, sequence }]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_was_made_anew_does_not_match_its_roots() {
    let mailroom = Mailroom::new().await;
    record(&mailroom, 20).await;
    seal_entries(&mailroom).await;
    seal_roots(&mailroom).await;
    let files = roots(&mailroom).await;
    let key = mailroom.ledger_key();
    let mut forged = chains(&mailroom.db()).await;
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
    let mut cut = chains(&mailroom.db()).await;
    for chain in &mut cut {
        chain.pop();
    }
    assert!(!verify::check_roots(&cut, &files, &key).holds());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_a_forged_and_a_moved_root_are_found() {
    let mailroom = Mailroom::new().await;
    for _ in 0..3 {
        record(&mailroom, 20).await;
        seal_entries(&mailroom).await;
        assert_eq!(seal_roots(&mailroom).await, 1);
        mailroom.advance(SignedDuration::from_hours(1));
    }
    let key = mailroom.ledger_key();
    let chains = chains(&mailroom.db()).await;
    let good = roots(&mailroom).await;
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
