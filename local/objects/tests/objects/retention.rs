//! Object Lock: what must stay, stays.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{Delete, ObjectIdentifier, ObjectLockMode};

use crate::harness::{Harness, LOCKED, PLAIN, refusal};

fn in_days(days: u64) -> DateTime {
    DateTime::from(SystemTime::now() + Duration::from_secs(86_400 * days))
}

#[tokio::test]
async fn a_version_can_not_be_removed_before_its_time() {
    let harness = Harness::start().await;
    let version = harness.put(LOCKED, "root", "sealed").await;
    let head = harness
        .client
        .head_object()
        .bucket(LOCKED)
        .key("root")
        .send()
        .await
        .unwrap();
    assert_eq!(head.object_lock_mode(), Some(&ObjectLockMode::Compliance));
    let days = (head.object_lock_retain_until_date().unwrap().secs()
        - head.last_modified().unwrap().secs())
        / 86_400;
    assert_eq!(days, 7);

    let delete = || {
        harness
            .client
            .delete_object()
            .bucket(LOCKED)
            .key("root")
            .version_id(&version)
    };
    assert_eq!(
        refusal(delete().send().await),
        (403, "AccessDenied".to_owned())
    );
    let bypass = delete().bypass_governance_retention(true).send().await;
    assert_eq!(refusal(bypass), (403, "AccessDenied".to_owned()));

    // In a batch the refusal concerns that object only.
    let objects = [("root", Some(&version)), ("other", None)].map(|(key, id)| {
        ObjectIdentifier::builder()
            .key(key)
            .set_version_id(id.cloned())
            .build()
            .unwrap()
    });
    let batch = Delete::builder()
        .set_objects(Some(objects.to_vec()))
        .build()
        .unwrap();
    let output = harness
        .client
        .delete_objects()
        .bucket(LOCKED)
        .delete(batch)
        .send()
        .await
        .unwrap();
    assert_eq!(output.errors()[0].code(), Some("AccessDenied"));
    assert_eq!(output.deleted()[0].key(), Some("other"));

    // A marker hides it; the version stays, also after a new one.
    harness
        .client
        .delete_object()
        .bucket(LOCKED)
        .key("root")
        .send()
        .await
        .unwrap();
    harness.put(LOCKED, "root", "newer").await;
    let get = harness
        .client
        .get_object()
        .bucket(LOCKED)
        .key("root")
        .version_id(&version)
        .send()
        .await
        .unwrap();
    assert_eq!(get.body.collect().await.unwrap().to_vec(), b"sealed");
    let harness = harness.restart().await;
    let delete = harness
        .client
        .delete_object()
        .bucket(LOCKED)
        .key("root")
        .version_id(&version)
        .send()
        .await;
    assert_eq!(refusal(delete), (403, "AccessDenied".to_owned()));
}

#[tokio::test]
async fn a_requested_date_is_honoured() {
    let harness = Harness::start().await;
    let put = || {
        harness
            .client
            .put_object()
            .bucket(LOCKED)
            .key("root")
            .body(ByteStream::from_static(b"sealed"))
    };
    let until = in_days(100);
    let locked = put()
        .object_lock_mode(ObjectLockMode::Governance)
        .object_lock_retain_until_date(until);
    let version = locked.send().await.unwrap().version_id.unwrap();
    let head = harness
        .client
        .head_object()
        .bucket(LOCKED)
        .key("root")
        .send()
        .await
        .unwrap();
    assert_eq!(head.object_lock_mode(), Some(&ObjectLockMode::Governance));
    assert_eq!(
        head.object_lock_retain_until_date().unwrap().secs(),
        until.secs()
    );

    let delete = || {
        harness
            .client
            .delete_object()
            .bucket(LOCKED)
            .key("root")
            .version_id(&version)
    };
    assert_eq!(
        refusal(delete().send().await),
        (403, "AccessDenied".to_owned())
    );
    delete()
        .bypass_governance_retention(true)
        .send()
        .await
        .unwrap();
    assert!(harness.files().is_empty());

    let half = put()
        .object_lock_mode(ObjectLockMode::Governance)
        .send()
        .await;
    assert_eq!(refusal(half), (400, "InvalidArgument".to_owned()));
    let past = DateTime::from_secs(1_000_000_000);
    let past = put()
        .object_lock_mode(ObjectLockMode::Compliance)
        .object_lock_retain_until_date(past)
        .send()
        .await;
    assert_eq!(refusal(past), (400, "InvalidArgument".to_owned()));
    let unlocked = harness
        .client
        .put_object()
        .bucket(PLAIN)
        .key("root")
        .object_lock_mode(ObjectLockMode::Compliance);
    let unlocked = unlocked.object_lock_retain_until_date(until).send().await;
    assert_eq!(refusal(unlocked), (400, "InvalidRequest".to_owned()));
}
