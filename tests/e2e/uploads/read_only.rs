//! Uploads that were under way when their workspace could not be written to any more.
//!
//! What was begun in time may be finished by each of its ways: the file alone, the completion,
//! the parts. A workspace that is being destroyed takes nothing by any of them.

use domain::time::days;
use serde_json::{Value, json};

use crate::support::upload::{announced, send_to};
use crate::support::{TestMachine, User, pictures};

const FILM_BYTES: u64 = 100 * 1024 * 1024 + 3;

fn film() -> Value {
    json!({"name": "film.mp4", "content_type": "video/mp4", "size_bytes": FILM_BYTES})
}

fn picture(bytes: &[u8]) -> Value {
    announced("dot.png", "image/png", bytes)
}

async fn begin(user: &User, file: &Value) -> Value {
    user.api.post("/uploads", file).await.json(201)
}

fn path(upload: &Value) -> String {
    format!("/uploads/{}", upload["id"].as_str().unwrap())
}

fn asset(upload: &Value) -> String {
    format!("/assets/{}", upload["asset_id"].as_str().unwrap())
}

async fn parts(user: &User, upload: &Value) -> crate::support::Answer {
    let numbers: Vec<u64> = (1..=domain::upload::part_count(FILM_BYTES)).collect();
    let asked = json!({"numbers": numbers});
    user.api
        .post(format!("{}/parts", path(upload)), &asked)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_before_the_trial_ended_may_be_finished() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    machine.pass(days(13)).await;
    let user = machine.sign_in(&user.person).await;
    let bytes = pictures::png();
    let alone = begin(&user, &picture(&bytes)).await;
    let completed = begin(&user, &picture(&bytes)).await;
    let in_parts = begin(&user, &film()).await;
    machine.pass(days(2)).await;

    let user = machine.sign_in(&user.person).await;
    let new = user.api.post("/uploads", &picture(&bytes)).await;
    new.problem(403, "workspace_read_only");
    for upload in [&alone, &completed] {
        let fresh = user.api.get(path(upload)).await.json(200);
        send_to(machine.http(), &fresh["put"], bytes.clone())
            .await
            .is(200);
    }
    let complete = async |upload: &Value| user.api.act(format!("{}/complete", path(upload))).await;
    complete(&completed).await.is(200);
    for address in parts(&user, &in_parts).await.json(200)["items"]
        .as_array()
        .unwrap()
    {
        let bytes = vec![7; usize::try_from(address["size_bytes"].as_u64().unwrap()).unwrap()];
        send_to(machine.http(), address, bytes).await.is(200);
    }
    complete(&in_parts).await.is(200);
    machine.settled().await;
    for upload in [&alone, &completed, &in_parts] {
        user.api.get(asset(upload)).await.is(200);
        let state = &user.api.get(path(upload)).await.json(200)["state"];
        assert_eq!(state, "finished");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_is_being_destroyed_takes_nothing_more() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let bytes = pictures::png();
    let single = begin(&user, &picture(&bytes)).await;
    let in_parts = begin(&user, &film()).await;
    let mut tx = store::Tx::new();
    let workspace = user.workspace.parse().unwrap();
    tx.close_workspace(workspace, machine.now()).unwrap();
    machine.db().commit(tx).await.unwrap();

    let refused = parts(&user, &in_parts).await;
    refused.problem(409, "workspace_closing");
    let shown = user.api.get(path(&single)).await.json(200);
    assert_eq!(shown["put"], Value::Null);
    // an address that was given out before works on, for nothing
    send_to(machine.http(), &single["put"], bytes).await.is(200);
    for upload in [&single, &in_parts] {
        let complete = user.api.act(format!("{}/complete", path(upload))).await;
        complete.problem(409, "workspace_closing");
    }
    machine.settled().await;
    assert_eq!(machine.keys_of("AssetsBucket"), Vec::<String>::new());
    user.api.get(asset(&single)).await.problem(404, "not_found");
}
