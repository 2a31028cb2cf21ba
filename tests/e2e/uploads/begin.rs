//! Beginning an upload: checks, quota, idempotency, read-only workspaces, cleaning up.

use domain::billing::plan::TRIAL_STORAGE_BYTES;
use domain::time::days;
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::upload::{announced, send_to};
use crate::support::{Call, TestMachine, User};

async fn stored_bytes(user: &User) -> u64 {
    user.api.get("/billing").await.json(200)["stored_bytes"]
        .as_u64()
        .unwrap()
}

/// A file that is announced and never sent.
fn imagined(size_bytes: u64) -> Value {
    json!({"name": "film.mp4", "content_type": "video/mp4", "size_bytes": size_bytes, "sha256": "0".repeat(64)})
}

async fn unfinished_at_s3(machine: &TestMachine) -> usize {
    let list = machine
        .s3()
        .list_multipart_uploads()
        .bucket(machine.name_of("AssetsBucket"));
    list.send().await.unwrap().uploads().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_gets_a_clear_error_and_leaves_nothing() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let good = announced("a.png", "image/png", b"some bytes");
    let bad = [
        ("size_bytes", json!(0), "empty_file"),
        ("size_bytes", json!(-1), "invalid_body"),
        ("size_bytes", json!(6 * 1024_u64.pow(4)), "file_too_large"),
        ("size_bytes", json!(u64::MAX), "file_too_large"),
        ("content_type", json!("text/html"), "unsupported_type"),
        ("content_type", json!("image/svg+xml"), "unsupported_type"),
        ("content_type", json!(""), "unsupported_type"),
        ("name", json!(""), "invalid_field"),
        ("name", json!("../../etc/passwd"), "invalid_field"),
        ("name", json!("a\nb.png"), "invalid_field"),
        ("name", json!("x".repeat(256)), "invalid_field"),
        ("sha256", json!("abc"), "invalid_field"),
        ("sha256", json!("g".repeat(64)), "invalid_field"),
        ("sha256", Value::Null, "checksum_required"),
        ("colour", json!("red"), "invalid_body"),
    ];
    machine.settled().await;
    let before = machine.counts().await;
    for (field, value, code) in bad {
        let mut body = good.clone();
        body[field] = value;
        user.api.post("/uploads", &body).await.problem(422, code);
    }
    let wild = Call::new("POST", "/uploads")
        .header("content-type", "application/json")
        .body("{");
    user.api.send(wild).await.problem(400, "malformed_json");
    user.api
        .send(Call::new("POST", "/uploads").body("{}"))
        .await
        .problem(415, "not_json");
    machine.settled().await;
    assert_eq!(machine.counts().await, before);
    assert_eq!(machine.keys_of("AssetsBucket"), Vec::<String>::new());
    assert_eq!(stored_bytes(&user).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trial_holds_five_gibibytes_and_not_a_byte_more() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let problem = user
        .api
        .post("/uploads", &imagined(TRIAL_STORAGE_BYTES + 1))
        .await
        .problem(409, "over_quota");
    assert_eq!(problem["storage_limit_bytes"], TRIAL_STORAGE_BYTES);
    assert_eq!(
        (stored_bytes(&user).await, unfinished_at_s3(&machine).await),
        (0, 0)
    );
    let most = user
        .api
        .post("/uploads", &imagined(TRIAL_STORAGE_BYTES - 5))
        .await
        .json(201);
    user.api
        .post("/uploads", &imagined(6))
        .await
        .problem(409, "over_quota");
    user.api.post("/uploads", &imagined(5)).await.json(201);
    assert_eq!(stored_bytes(&user).await, TRIAL_STORAGE_BYTES);
    user.api
        .delete(format!("/uploads/{}", most["id"].as_str().unwrap()))
        .await
        .is(204);
    assert_eq!(
        (stored_bytes(&user).await, unfinished_at_s3(&machine).await),
        (5, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_at_once_do_not_pass_the_quota_together() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let fifth = imagined(TRIAL_STORAGE_BYTES / 5);
    let answers = join_all((0..12).map(|_| user.api.post("/uploads", &fifth))).await;
    let taken = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|answer| answer.status == 409).count();
    assert_eq!((taken, refused), (5, 7), "{answers:?}");
    assert_eq!(stored_bytes(&user).await, TRIAL_STORAGE_BYTES);
    assert_eq!(unfinished_at_s3(&machine).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idempotency_key_makes_one_upload() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let body = announced("a.png", "image/png", b"some bytes");
    let call = |body: &Value| {
        Call::new("POST", "/uploads")
            .header("idempotency-key", "first try")
            .json(body)
    };
    let answers = join_all((0..10).map(|_| user.api.send(call(&body)))).await;
    let ids: Vec<_> = answers
        .iter()
        .map(|answer| answer.json(201)["id"].clone())
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(stored_bytes(&user).await, 10);
    let other = announced("b.png", "image/png", b"other bytes");
    user.api
        .send(call(&other))
        .await
        .problem(422, "idempotency_key_reused");
    assert_eq!(stored_bytes(&user).await, 10);
    // The key of one workspace is nothing to another.
    let stranger = machine.user().await;
    let of_stranger = stranger.api.send(call(&body)).await.json(201);
    assert_ne!(of_stranger["id"], ids[0]);
    // After a day the key may be used again.
    machine.pass(SignedDuration::from_hours(25)).await;
    let again = machine
        .sign_in(&user.person)
        .await
        .api
        .send(call(&body))
        .await
        .json(201);
    assert_ne!(again["id"], ids[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_trial_nothing_is_taken_by_the_clock_alone() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let body = announced("a.png", "image/png", b"some bytes");
    let end = user.api.get("/billing").await.json(200)["trial"]["ends_at"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    machine.jump_to(domain::time::shift(end, SignedDuration::from_mins(-5)));
    let user = machine.sign_in(&user.person).await;
    user.api.post("/uploads", &body).await.json(201);
    machine.jump_to(end);
    user.api
        .post("/uploads", &body)
        .await
        .problem(403, "workspace_read_only");
    user.api.get("/assets").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_upload_is_cleaned_up_and_its_quota_returned() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let (small, large) = (
        announced("a.png", "image/png", b"some bytes"),
        imagined(200 * 1024 * 1024),
    );
    let small = user.api.post("/uploads", &small).await.json(201);
    let large = user.api.post("/uploads", &large).await.json(201);
    assert_eq!(unfinished_at_s3(&machine).await, 1);
    machine.pass(days(6)).await;
    let user = machine.sign_in(&user.person).await;
    let path = |upload: &Value| format!("/uploads/{}", upload["id"].as_str().unwrap());
    assert_eq!(user.api.get(path(&small)).await.json(200)["state"], "open");
    machine.pass(days(1)).await;
    machine.pass(SignedDuration::from_mins(15)).await;
    let user = machine.sign_in(&user.person).await;
    for upload in [&small, &large] {
        assert_eq!(
            user.api.get(path(upload)).await.json(200)["state"],
            "aborted"
        );
        user.api
            .act(format!("{}/complete", path(upload)))
            .await
            .problem(409, "upload_over");
    }
    assert_eq!(
        (stored_bytes(&user).await, unfinished_at_s3(&machine).await),
        (0, 0)
    );
    // An address that still holds brings bytes that belong to nothing: they don't stay.
    send_to(machine.http(), &small["put"], b"some bytes".to_vec()).await;
    machine.settled().await;
    assert_eq!(machine.keys_of("AssetsBucket"), Vec::<String>::new());
}
