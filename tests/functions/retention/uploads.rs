//! Uploads that nobody finished: their quota, their bytes, and bytes that come late.

use domain::time::{SignedDuration, days, shift};
use store::catalog::UploadState;
use store::catalog::upload::LIFETIME;

use super::{SIZE, Warehouse, worked};

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_upload_returns_its_quota_and_leaves_no_byte() {
    let warehouse = Warehouse::new().await;
    let single = warehouse.upload(false).await;
    let multipart = warehouse.upload(true).await;
    warehouse.put_bytes(&single).await;
    warehouse.advance(LIFETIME - SignedDuration::from_secs(60));
    assert_eq!(warehouse.run().await["uploads"], worked(0, 0));
    assert_eq!(
        (warehouse.stored_bytes().await, warehouse.versions().await),
        (2 * SIZE, 1)
    );

    warehouse.advance(SignedDuration::from_secs(120));
    assert_eq!(warehouse.run().await["uploads"], worked(2, 0));
    assert_eq!(warehouse.stored_bytes().await, 0);
    assert_eq!(
        (warehouse.versions().await, warehouse.unfinished().await),
        (0, 0)
    );
    for upload in [&single, &multipart] {
        assert_eq!(warehouse.state(upload).await, UploadState::Aborted);
    }
    let entries = warehouse.entries("retention.batch").await;
    assert_eq!(entries.len(), 1);
    assert_eq!(
        (entries[0].clause.as_str(), &*entries[0].facts["uploads"]),
        ("5.2a", "2")
    );

    // an address that was given out before was used late
    warehouse.put_bytes(&single).await;
    assert_eq!(warehouse.run().await["uploads"], worked(0, 0));
    warehouse.advance(SignedDuration::from_hours(2));
    assert_eq!(warehouse.run().await["uploads"], worked(2, 0));
    assert_eq!(
        (warehouse.stored_bytes().await, warehouse.versions().await),
        (0, 0)
    );
    warehouse.advance(days(1));
    assert_eq!(warehouse.run().await["uploads"], worked(0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_was_finished_in_time_keeps_its_bytes() {
    let warehouse = Warehouse::new().await;
    let upload = warehouse.upload(false).await;
    warehouse.put_bytes(&upload).await;
    let (db, now) = (warehouse.db(), shift(warehouse.now(), LIFETIME));
    db.finish_upload(&upload, now).await.unwrap().unwrap();
    // a run that read it before it was finished
    assert!(!db.expire_upload(&upload, now).await.unwrap());
    warehouse.advance(LIFETIME);
    warehouse.run().await;
    assert_eq!(warehouse.state(&upload).await, UploadState::Finished);
    assert_eq!(
        (warehouse.stored_bytes().await, warehouse.versions().await),
        (SIZE, 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_store_that_is_away_leaves_the_upload_for_later() {
    let warehouse = Warehouse::new().await;
    let broken = warehouse.upload(true).await;
    warehouse.advance(LIFETIME);
    warehouse.fail("AbortMultipartUpload", 1);
    assert_eq!(warehouse.run().await["uploads"], worked(0, 1));
    assert_eq!(warehouse.faults().pending(), 0);
    assert_eq!(warehouse.unfinished().await, 1);

    warehouse.advance(SignedDuration::from_mins(121));
    assert_eq!(warehouse.run().await["uploads"], worked(1, 0));
    assert_eq!(warehouse.unfinished().await, 0);
    assert_eq!(warehouse.state(&broken).await, UploadState::Aborted);
    assert_eq!(warehouse.stored_bytes().await, 0);
}
