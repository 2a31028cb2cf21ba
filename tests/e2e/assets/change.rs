//! Changes name the state that they were made from.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::support::{Call, TestMachine};

#[tokio::test(flavor = "multi_thread")]
async fn a_change_needs_the_tag_that_was_read() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let asset = machine.upload_png(&user.api).await;
    let path = format!("/assets/{asset}");
    let body = json!({"name": "harbour.png", "description": "At dawn", "own_labels": ["Harbour"]});
    let without = user.api.send(Call::new("PATCH", &path).json(&body)).await;
    without.problem(428, "if_match_required");
    for tag in ["\"0\"", "\"999\"", "W/\"1\"", "x", "*"] {
        user.api
            .change("PATCH", &path, tag, Some(&body))
            .await
            .problem(412, "changed_meanwhile");
    }
    let read = user.api.get(&path).await;
    let changed = user
        .api
        .change("PATCH", &path, &read.etag(), Some(&body))
        .await;
    let view = changed.json(200);
    assert_eq!(
        (&view["name"], &view["description"]),
        (&json!("harbour.png"), &json!("At dawn"))
    );
    assert_eq!(view["own_labels"], json!(["Harbour"]));
    assert_ne!(changed.etag(), read.etag());
    let again = user.api.get(&path).await;
    assert_eq!((again.etag(), again.json(200)), (changed.etag(), view));
    user.api
        .change("PATCH", &path, &read.etag(), Some(&body))
        .await
        .problem(412, "changed_meanwhile");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_changes_at_once_one_is_made() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let asset = machine.upload_png(&user.api).await;
    let path = format!("/assets/{asset}");
    let etag = user.api.get(&path).await.etag();
    let bodies: Vec<Value> = (0..8)
        .map(|n| json!({"name": format!("{n}.png"), "own_labels": [format!("label {n}")]}))
        .collect();
    let answers = join_all(
        bodies
            .iter()
            .map(|body| user.api.change("PATCH", &path, &etag, Some(body))),
    )
    .await;
    let made: Vec<_> = answers
        .iter()
        .filter(|answer| answer.status == 200)
        .collect();
    assert_eq!(made.len(), 1);
    let asset = user.api.get(&path).await.json(200);
    assert_eq!(asset, made[0].json(200));
    let mut found = 0;
    for number in 0..8 {
        let page = user
            .api
            .get(format!("/assets?label=label%20{number}"))
            .await
            .json(200);
        found += page["items"].as_array().unwrap().len();
    }
    assert_eq!(
        found, 1,
        "only the labels of the change that was made are found"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_stays_and_null_takes_away() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let asset = machine.upload_png(&user.api).await;
    let path = format!("/assets/{asset}");
    let change = async |body: Value| {
        let etag = user.api.get(&path).await.etag();
        user.api.change("PATCH", &path, &etag, Some(&body)).await
    };
    change(json!({"description": "At dawn", "own_labels": ["One", "Two"]}))
        .await
        .is(200);
    let view = change(json!({"name": "b.png"})).await.json(200);
    assert_eq!(
        (&view["description"], &view["own_labels"]),
        (&json!("At dawn"), &json!(["One", "Two"]))
    );
    let view = change(json!({"description": null, "own_labels": ["Two"]}))
        .await
        .json(200);
    assert_eq!(
        (&view["description"], &view["name"]),
        (&Value::Null, &json!("b.png"))
    );
    assert_eq!(
        user.api.get("/assets?label=one").await.json(200)["items"],
        json!([])
    );

    for (body, field) in [
        (json!({"name": "a/b.png"}), "name"),
        (json!({"description": "x".repeat(4_001)}), "description"),
        (json!({"own_labels": ["a#b"]}), "own_labels"),
        (
            json!({"own_labels": (0..41).map(|n| n.to_string()).collect::<Vec<_>>()}),
            "own_labels",
        ),
    ] {
        assert_eq!(
            change(body).await.problem(422, "invalid_field")["field"],
            field
        );
    }
    change(json!({"labels": []}))
        .await
        .problem(422, "invalid_body");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_labels_can_be_replaced_at_once_and_written_otherwise() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let asset = machine.upload_png(&user.api).await;
    let path = format!("/assets/{asset}");
    let relabel = async |labels: Vec<String>| {
        let etag = user.api.get(&path).await.etag();
        let body = json!({"own_labels": labels});
        let changed = user.api.change("PATCH", &path, &etag, Some(&body)).await;
        assert_eq!(changed.json(200)["own_labels"], json!(labels));
    };
    let found = async |label: &str| {
        let page = user.api.get(format!("/assets?label={label}")).await;
        page.json(200)["items"].as_array().unwrap().len()
    };
    let most = domain::asset::MAX_OWN_LABELS;
    for series in ["one", "two"] {
        relabel((0..most).map(|n| format!("{series}-{n}")).collect()).await;
    }
    assert_eq!((found("one-1").await, found("two-1").await), (0, 1));
    relabel(vec!["TWO-1".to_owned()]).await;
    assert_eq!((found("two-1").await, found("two-2").await), (1, 0));
}
