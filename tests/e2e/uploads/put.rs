//! The single PUT: exactly what was announced, once.

use serde_json::Value;

use crate::support::upload::{announced, send_to};
use crate::support::{Call, TestMachine, User, pictures};

async fn begin(user: &User, bytes: &[u8]) -> Value {
    user.api
        .post("/uploads", &announced("dot.png", "image/png", bytes))
        .await
        .json(201)
}

fn path(upload: &Value) -> String {
    format!("/uploads/{}", upload["id"].as_str().unwrap())
}

fn without_last(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len() - 1].to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn anything_but_the_announced_file_is_refused_and_leaves_nothing() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let bytes = pictures::png();
    let upload = begin(&user, &bytes).await;
    let put = &upload["put"];

    let mut other_bytes = bytes.clone();
    *other_bytes.last_mut().unwrap() ^= 1;
    let longer = [&bytes[..], b"x"].concat();
    let with_length = |length: usize| {
        let mut put = put.clone();
        put["headers"]["content-length"] = length.to_string().into();
        put
    };
    let with = |name: &str, value: &str| {
        let mut put = put.clone();
        put["headers"][name] = value.into();
        put
    };
    let tries = [
        ("other bytes", put.clone(), other_bytes),
        (
            "shorter",
            with_length(bytes.len() - 1),
            without_last(&bytes),
        ),
        ("longer", with_length(longer.len()), longer),
        (
            "other type",
            with("content-type", "text/html"),
            bytes.clone(),
        ),
        (
            "other checksum",
            with(
                "x-amz-checksum-sha256",
                "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            ),
            bytes.clone(),
        ),
    ];
    for (what, address, body) in tries {
        let answer = send_to(machine.http(), &address, body).await;
        assert!(
            answer.status.is_client_error(),
            "{what}: {} {}",
            answer.status,
            answer.text()
        );
    }
    let mut elsewhere = put.clone();
    let url = put["url"].as_str().unwrap();
    elsewhere["url"] = url.replace("originals/", "previews/").into();
    assert_eq!(
        send_to(machine.http(), &elsewhere, bytes.clone())
            .await
            .status,
        403
    );

    machine.settled().await;
    assert_eq!(machine.keys_of("AssetsBucket"), Vec::<String>::new());
    user.api
        .act(format!("{}/complete", path(&upload)))
        .await
        .problem(409, "bytes_missing");
    user.api
        .get(format!("/assets/{}", upload["asset_id"].as_str().unwrap()))
        .await
        .problem(404, "not_found");
    // The address is as good as before.
    send_to(machine.http(), put, bytes).await.is(200);
    user.api
        .act(format!("{}/complete", path(&upload)))
        .await
        .is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_takes_its_file_once() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let bytes = pictures::png();
    let upload = begin(&user, &bytes).await;
    send_to(machine.http(), &upload["put"], bytes.clone())
        .await
        .is(200);
    assert_eq!(
        send_to(machine.http(), &upload["put"], bytes).await.status,
        412
    );
    machine.settled().await;
    let originals = machine
        .keys_of("AssetsBucket")
        .into_iter()
        .filter(|key| key.starts_with("originals/"));
    assert_eq!(originals.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_alone_finishes_the_upload() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let bytes = pictures::png();
    let upload = begin(&user, &bytes).await;
    assert_eq!(upload["state"], "open");
    send_to(machine.http(), &upload["put"], bytes.clone())
        .await
        .is(200);
    machine.settled().await;
    let after = user.api.get(path(&upload)).await.json(200);
    assert_eq!(
        (&after["state"], &after["put"]),
        (&"finished".into(), &Value::Null)
    );
    let asset = user
        .api
        .get(format!("/assets/{}", upload["asset_id"].as_str().unwrap()))
        .await
        .json(200);
    assert_eq!(asset["size_bytes"], bytes.len());
    // What the browser says afterwards changes nothing.
    let counts = machine.counts().await;
    user.api
        .act(format!("{}/complete", path(&upload)))
        .await
        .is(200);
    user.api
        .delete(path(&upload))
        .await
        .problem(409, "upload_finished");
    assert_eq!(machine.counts().await, counts);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_was_given_up_is_gone() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let bytes = pictures::png();
    let upload = begin(&user, &bytes).await;
    user.api.delete(path(&upload)).await.is(204);
    user.api.delete(path(&upload)).await.is(204);
    assert_eq!(user.api.get("/billing").await.json(200)["stored_bytes"], 0);
    user.api
        .act(format!("{}/complete", path(&upload)))
        .await
        .problem(409, "upload_over");
    // The address holds for an hour still: what comes through it does not stay.
    send_to(machine.http(), &upload["put"], bytes).await.is(200);
    machine.settled().await;
    assert_eq!(machine.keys_of("AssetsBucket"), Vec::<String>::new());
    user.api
        .get(format!("/assets/{}", upload["asset_id"].as_str().unwrap()))
        .await
        .problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_signature_no_address_works() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let bytes = pictures::png();
    let upload = begin(&user, &bytes).await;
    let url = upload["put"]["url"].as_str().unwrap();
    let bare = url.split('?').next().unwrap();
    let call = Call::new("PUT", bare)
        .header("content-type", "image/png")
        .body(bytes);
    assert_eq!(machine.http().send(call, bare).await.status, 403);
    assert_eq!(
        machine
            .http()
            .send(Call::new("GET", bare), bare)
            .await
            .status,
        403
    );
}
