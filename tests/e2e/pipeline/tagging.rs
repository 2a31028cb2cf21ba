//! Preview → labels, text and moderation.

use std::collections::BTreeSet;

use assetbox::cloud::{Failure, Fault, Moment};
use domain::processing::Purpose;
use serde_json::{Value, json};
use store::Update;
use store::people::{PersonRecord, person_key};

use crate::support::{TestMachine, User, pictures};

async fn view(user: &User, asset: &str) -> Value {
    user.api.get(format!("/assets/{asset}")).await.json(200)
}

fn names(view: &Value) -> Vec<&str> {
    view["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|label| label["name"].as_str().unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_gets_labels_with_source_confidence_and_parents() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let count = machine.count("TaggingFunction");
    let asset = machine
        .upload(
            &user.api,
            "cat.jpg",
            "image/jpeg",
            &pictures::shipped("cat.jpg"),
        )
        .await;
    let view = view(&user, &asset).await;
    assert_eq!(view["tagging"], "done");
    assert!(names(&view).contains(&"Cat"), "{view}");
    for label in view["labels"].as_array().unwrap() {
        let confidence = label["confidence"].as_f64().unwrap();
        assert!((55.0..=100.0).contains(&confidence), "{label}");
        assert!(
            label["model"]
                .as_str()
                .unwrap()
                .starts_with("rekognition labels "),
            "{label}"
        );
        assert!(label["parents"].is_array());
    }
    assert_eq!(view["own_labels"], json!([]));
    // One call for each feature, a read of the asset and one of who uploaded it, the entry about
    // the transfer, one write.
    for operation in [
        "DetectLabels",
        "DetectText",
        "DetectModerationLabels",
        "TransactWriteItems",
    ] {
        assert_eq!(
            count.of(operation),
            1,
            "{operation} in {:?}",
            count.operations()
        );
    }
    assert_eq!(count.total(), 7, "{:?}", count.operations());
    let found = user.api.get("/assets?label=cat").await.json(200);
    assert_eq!(found["items"][0]["id"], asset);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_that_is_off_is_not_asked() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let set = async |features: Value| {
        let etag = user.api.get("/workspace").await.etag();
        user.api
            .change(
                "PATCH",
                "/workspace",
                &etag,
                Some(&json!({"features": features})),
            )
            .await
            .is(200);
    };
    set(json!({"text": false, "moderation": false})).await;
    let count = machine.count("TaggingFunction");
    let cat = machine
        .upload(
            &user.api,
            "cat.jpg",
            "image/jpeg",
            &pictures::shipped("cat.jpg"),
        )
        .await;
    assert_eq!(
        (
            count.of("DetectLabels"),
            count.of("DetectText"),
            count.of("DetectModerationLabels")
        ),
        (1, 0, 0)
    );
    assert!(!names(&view(&user, &cat).await).is_empty());

    set(json!({"labels": false})).await;
    let count = machine.count("TaggingFunction");
    let dogs = machine
        .upload(
            &user.api,
            "dogs.jpg",
            "image/jpeg",
            &pictures::shipped("dogs.jpg"),
        )
        .await;
    assert!(
        count
            .calls()
            .iter()
            .all(|call| call.service != "rekognition"),
        "{:?}",
        count.operations()
    );
    let off = view(&user, &dogs).await;
    assert_eq!(
        (&off["tagging"], &off["labels"]),
        (&json!("off"), &json!([]))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_call_is_tried_again_and_nothing_is_lost() {
    for (operation, failure) in [
        ("DetectLabels", Failure::Throttle),
        ("DetectText", Failure::ServerError),
        ("DetectModerationLabels", Failure::Timeout),
        ("TransactWriteItems", Failure::ServerError),
    ] {
        let machine = TestMachine::start().await;
        let user = machine.user().await;
        // Longer than the SDK's own repeats: the message must come again.
        machine.faults().add(Fault {
            caller: Some("TaggingFunction".to_owned()),
            operation: Some(operation.to_owned()),
            skip: 0,
            times: 7,
            failure,
            moment: Moment::Before,
        });
        let asset = machine
            .upload(
                &user.api,
                "cat.jpg",
                "image/jpeg",
                &pictures::shipped("cat.jpg"),
            )
            .await;
        assert_eq!(machine.faults().pending(), 0, "{operation}");
        let view = view(&user, &asset).await;
        assert_eq!(view["tagging"], "done", "{operation}");
        let mut labels = names(&view);
        assert!(labels.contains(&"Cat"));
        let all = labels.len();
        labels.sort_unstable();
        labels.dedup();
        assert_eq!(labels.len(), all, "nothing twice");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_changes_nothing_twice() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    for caller in ["RenditionsFunction", "TaggingFunction"] {
        machine.faults().add(Fault {
            caller: Some(caller.to_owned()),
            operation: Some("TransactWriteItems".to_owned()),
            skip: 0,
            times: 1,
            failure: Failure::Kill,
            moment: Moment::After,
        });
    }
    let asset = machine
        .upload(
            &user.api,
            "cat.jpg",
            "image/jpeg",
            &pictures::shipped("cat.jpg"),
        )
        .await;
    assert_eq!(machine.faults().pending(), 0);
    let killed = view(&user, &asset).await;
    let plain = machine
        .upload(
            &user.api,
            "cat.jpg",
            "image/jpeg",
            &pictures::shipped("cat.jpg"),
        )
        .await;
    let plain = view(&user, &plain).await;
    assert_eq!(
        (&killed["tagging"], &killed["labels"]),
        (&plain["tagging"], &plain["labels"])
    );
    let first = user.api.get("/assets?label=cat").await.json(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_has_uploaded_who_objects_is_not_looked_at() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let key = person_key(machine.only_subject().await);
    let objects = BTreeSet::from([Purpose::ProvideService]);
    let update = Update::new().set("objections", objects).unwrap();
    let db = machine.db();
    db.update::<PersonRecord>("person", &key, &update)
        .await
        .unwrap();
    let count = machine.count("TaggingFunction");
    let cat = pictures::shipped("cat.jpg");
    let asset = machine
        .upload(&user.api, "cat.jpg", "image/jpeg", &cat)
        .await;
    assert_eq!(view(&user, &asset).await["tagging"], "off");
    let asked = count.calls();
    assert!(asked.iter().all(|call| call.service != "rekognition"));
}
