//! The workspace's switch for AI.

use domain::time::days;
use serde_json::json;

use crate::support::{Answer, TestMachine, User};

async fn switch(user: &User, features: serde_json::Value) -> Answer {
    let etag = user.api.get("/workspace").await.etag();
    let change = json!({"features": features});
    user.api
        .change("PATCH", "/workspace", &etag, Some(&change))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn when_it_is_read_only_the_ai_can_be_switched_off_and_not_on() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    switch(&user, json!({"moderation": false})).await.is(200);
    machine.pass(days(15)).await;
    let user = machine.sign_in(&user.person).await;
    let read = user.api.get("/workspace").await.json(200);
    assert_eq!(read["access"], "read_only");

    let off = switch(&user, json!({"text": false, "moderation": false})).await;
    let features = json!({"labels": true, "text": false, "moderation": false});
    assert_eq!(off.json(200)["features"], features);
    for on in [
        json!({"moderation": true}),
        json!({"text": true, "labels": false}),
    ] {
        switch(&user, on).await.problem(403, "workspace_read_only");
    }
    let read = user.api.get("/workspace").await.json(200);
    assert_eq!(read["features"], features, "half of a change is not made");
}
