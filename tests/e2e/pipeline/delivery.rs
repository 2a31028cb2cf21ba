//! Events that come twice, late, together and in another order.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::events::{object_created, object_key, sqs};
use crate::support::machine::{Item, text};
use crate::support::{TestMachine, User, log, pictures};

/// All that there is: the table's items without their order, and the bucket's keys.
async fn everything(machine: &TestMachine) -> (BTreeMap<String, Item>, BTreeSet<String>) {
    let items = machine.items("CatalogTable").await.into_iter();
    let by_key = items.map(|item| (format!("{} {}", text(&item, "pk"), text(&item, "sk")), item));
    let keys = machine.keys_of("AssetsBucket").into_iter();
    (by_key.collect(), keys.collect())
}

fn original(machine: &TestMachine, user: &User, asset: &str) -> Value {
    let body = object_created(
        machine,
        &object_key("originals", &user.workspace, asset),
        "0055AED6DCD90281E5",
    );
    sqs(machine, "RenditionsQueue", &[body])
}

fn preview(machine: &TestMachine, user: &User, asset: &str) -> Value {
    let body = object_created(
        machine,
        &object_key("previews", &user.workspace, asset),
        "0055AED6DCD90281E6",
    );
    sqs(machine, "TaggingQueue", &[body])
}

fn all_done() -> Value {
    json!({"batchItemFailures": []})
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_come_again_change_nothing() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let asset = machine
        .upload(
            &user.api,
            "cat.jpg",
            "image/jpeg",
            &pictures::shipped("cat.jpg"),
        )
        .await;
    let before = everything(&machine).await;
    for _ in 0..3 {
        let answer = machine
            .invoke("TaggingFunction", preview(&machine, &user, &asset))
            .await
            .unwrap();
        assert_eq!(answer, all_done());
        let answer = machine
            .invoke("RenditionsFunction", original(&machine, &user, &asset))
            .await
            .unwrap();
        assert_eq!(answer, all_done());
    }
    let originals =
        (0..3).map(|_| machine.invoke("RenditionsFunction", original(&machine, &user, &asset)));
    let previews =
        (0..3).map(|_| machine.invoke("TaggingFunction", preview(&machine, &user, &asset)));
    futures::future::join(join_all(originals), join_all(previews)).await;
    machine.settled().await;
    assert_eq!(everything(&machine).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_events_may_come_many_times_at_once() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let asset = machine
        .send_file(
            &user.api,
            "cat.jpg",
            "image/jpeg",
            &pictures::shipped("cat.jpg"),
        )
        .await;
    let events =
        (0..6).map(|_| machine.invoke("RenditionsFunction", original(&machine, &user, &asset)));
    for answer in join_all(events).await {
        assert_eq!(answer.unwrap(), all_done());
    }
    machine.settled().await;
    let view = user.api.get(format!("/assets/{asset}")).await.json(200);
    assert_eq!(
        (&view["preview"]["state"], &view["tagging"]),
        (&json!("ready"), &json!("done"))
    );
    let billing = user.api.get("/billing").await.json(200);
    assert_eq!(billing["stored_bytes"], view["size_bytes"], "counted once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_that_is_announced_too_early_comes_again() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    // The order of SQS: the tagging's message overtakes what made it, and finds no preview yet.
    let pdf = machine
        .upload(&user.api, "a.pdf", "application/pdf", b"%PDF")
        .await;
    let answer = machine
        .invoke("TaggingFunction", preview(&machine, &user, &pdf))
        .await
        .unwrap();
    assert_eq!(
        answer,
        all_done(),
        "an asset that is not to be tagged is left as it is"
    );
    assert_eq!(
        user.api.get(format!("/assets/{pdf}")).await.json(200)["tagging"],
        "off"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn late_events_bring_nothing_back() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let asset = machine
        .upload(
            &user.api,
            "cat.jpg",
            "image/jpeg",
            &pictures::shipped("cat.jpg"),
        )
        .await;
    let etag = user.api.get(format!("/assets/{asset}")).await.etag();
    user.api
        .change("DELETE", format!("/assets/{asset}"), &etag, None)
        .await
        .is(200);
    user.api.act(format!("/assets/{asset}/purge")).await.is(202);
    machine.settled().await;
    let before = everything(&machine).await;
    assert_eq!(before.1, BTreeSet::new());
    for _ in 0..2 {
        machine
            .invoke("RenditionsFunction", original(&machine, &user, &asset))
            .await
            .unwrap();
        machine
            .invoke("TaggingFunction", preview(&machine, &user, &asset))
            .await
            .unwrap();
    }
    machine.settled().await;
    assert_eq!(everything(&machine).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_no_events_are_told_apart() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let asset = machine
        .send_file(&user.api, "a.png", "image/png", &pictures::png())
        .await;
    let good = object_created(
        &machine,
        &object_key("originals", &user.workspace, &asset),
        "1",
    );
    let test_event =
        json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}).to_string();
    let event = sqs(
        &machine,
        "RenditionsQueue",
        &["no JSON".to_owned(), good, test_event],
    );
    let first = event["Records"][0]["messageId"].clone();
    let answer = machine.invoke("RenditionsFunction", event).await.unwrap();
    assert_eq!(
        answer,
        json!({"batchItemFailures": [{"itemIdentifier": first}]})
    );
    machine.settled().await;
    assert_eq!(
        user.api.get(format!("/assets/{asset}")).await.json(200)["preview"]["state"],
        "ready"
    );
    assert!(
        machine
            .invoke("RenditionsFunction", json!({"not": "an event"}))
            .await
            .is_err()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_logged_names_its_request_or_message_and_the_workspace() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let answer = user.api.get("/me").await;
    let id = answer.is(200).headers["x-request-id"].to_str().unwrap();
    let poison = json!({"job": "unheard_of", "workspace": user.workspace}).to_string();
    let event = sqs(&machine, "JobsQueue", &[poison]);
    machine.invoke("ErasureFunction", event).await.unwrap();

    let lines = log::lines();
    let of_workspace = |name: &str| {
        let of = |line: &&Value| {
            line["span"]["name"] == name && line["span"]["workspace"] == user.workspace.as_str()
        };
        lines.iter().filter(of).collect::<Vec<_>>()
    };
    let requests = of_workspace("request");
    let mut about_it = requests
        .iter()
        .filter(|line| line["span"]["request_id"] == id);
    assert!(about_it.any(|line| line["fields"]["route"] == "/me"));
    let messages = of_workspace("message");
    assert!(messages.iter().any(|line| line["level"] == "WARN"));
    let consequences = lines.iter();
    let mut consequences = consequences.filter(|line| line["span"]["name"] == "consequence");
    assert!(consequences.all(|line| line["span"]["message"].is_string()));
}
