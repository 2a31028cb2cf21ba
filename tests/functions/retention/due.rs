//! Orders of destruction: given in time, again while nothing comes of them, and not for what was
//! saved meanwhile.

use assetbox_tests::{Person, log};
use domain::consent::ConsentPurpose;
use domain::consequence::Job;
use domain::ids::SubjectId;
use domain::time::{SignedDuration, days, shift};
use serde_json::json;
use store::Table;
use store::people::{PendingSignUp, consent_history, pending_key};

use super::{Warehouse, worked};

#[tokio::test(flavor = "multi_thread")]
async fn an_asset_s_purge_is_ordered_once_a_day_until_it_is_gone() {
    let warehouse = Warehouse::new().await;
    let db = warehouse.db();
    let upload = warehouse.upload(false).await;
    let now = warehouse.now();
    let asset = db.finish_upload(&upload, now).await.unwrap().unwrap();
    let trashed = db.trash_asset(&asset, now).await.unwrap();
    let stay = domain::asset::purge_at(now).duration_since(*now);
    warehouse.advance(stay - SignedDuration::from_secs(60));
    warehouse.run().await;
    assert_eq!(warehouse.orders().await, []);

    warehouse.advance(SignedDuration::from_secs(120));
    let order = Job::PurgeAsset {
        workspace: asset.workspace,
        asset: asset.id,
    };
    for _ in 0..3 {
        warehouse.run().await;
        assert_eq!(warehouse.orders().await, std::slice::from_ref(&order));
    }
    warehouse.advance(days(1));
    warehouse.run().await;
    assert_eq!(warehouse.orders().await.len(), 2);
    // restored after it was read: nothing is ordered
    let restored = db.restore_asset(&trashed, warehouse.now()).await;
    restored.unwrap();
    let later = shift(warehouse.now(), days(2));
    assert!(!db.order_purge(&trashed, later).await.unwrap());
    assert_eq!(warehouse.orders().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_up_that_nobody_confirmed_is_destroyed_after_its_time() {
    let warehouse = Warehouse::new().await;
    let (db, now) = (warehouse.db(), warehouse.now());
    let mut subjects = Vec::new();
    for _ in 0..3 {
        let pending = PendingSignUp {
            subject: SubjectId::new(now),
            password_hash: "$argon2id$not-of-this-test".into(),
            expires_at: shift(now, days(1)),
        };
        db.put(&pending).await.unwrap();
        subjects.push(pending.subject);
    }
    warehouse.advance(SignedDuration::from_hours(23));
    warehouse.run().await;
    assert_eq!(warehouse.orders().await, []);

    // one is confirmed in time
    let confirmed = pending_key(subjects.pop().unwrap());
    db.delete_all(Table::People, &[confirmed]).await.unwrap();
    warehouse.advance(SignedDuration::from_hours(2));
    assert_eq!(warehouse.run().await["sign_ups"], worked(2, 0));
    assert_eq!(warehouse.run().await["sign_ups"], worked(0, 0));
    let mut ordered = Vec::new();
    for job in warehouse.orders().await {
        let Job::DestroySignUp { subject } = job else {
            panic!("{job:?}");
        };
        ordered.push(subject);
    }
    ordered.sort();
    subjects.sort();
    assert_eq!(ordered, subjects);
    // whose job was lost is ordered again
    warehouse.advance(days(1));
    assert_eq!(warehouse.run().await["sign_ups"], worked(2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_deadline_is_near_is_counted() {
    let warehouse = Warehouse::new().await;
    let user = warehouse.account(Person::new(), &[]).await;
    let kind = json!({"kind": "access"});
    user.api.post("/data-subject-requests", &kind).await.is(201);
    // what the tests beside this one count is in the same log
    warehouse.advance(days(30));
    warehouse.run().await;
    assert!(log::metrics("DeadlinesAtRisk").contains(&1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_consent_is_forgotten_when_nobody_has_to_prove_it_any_more() {
    let warehouse = Warehouse::new().await;
    let user = warehouse
        .account(Person::new(), &["marketing-consent"])
        .await;
    let no = json!({"given": false});
    user.api.put("/me/consents/marketing", &no).await.is(200);
    let subject = warehouse.subject_of(&user.person.email).await;
    let evidence = async || {
        let history = consent_history(&warehouse.db(), subject).await.unwrap();
        history
            .into_iter()
            .map(|one| one.consent)
            .collect::<Vec<_>>()
    };
    assert_eq!(evidence().await.len(), 3);
    warehouse.advance(days(1094));
    assert_eq!(warehouse.run().await["consents"], worked(0, 0));
    warehouse.advance(days(2));
    assert_eq!(warehouse.run().await["consents"], worked(2, 0));
    assert_eq!(evidence().await, [ConsentPurpose::Processing]);
    // the batch leaves its act
    let acts = warehouse.entries("retention.batch").await;
    assert_eq!(acts.last().unwrap().facts["consents"], "2");
}
