//! Uploads in parts, from 100 MiB on: resumed after hours, completed, given up.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::upload::{refuses, send_to};
use crate::support::{Call, TestMachine, User, sha256};

const MIB: usize = 1024 * 1024;
const SIZE: usize = 100 * MIB + 3;

async fn begin(user: &User) -> Value {
    let body = json!({"name": "film.mp4", "content_type": "video/mp4", "size_bytes": SIZE});
    user.api.post("/uploads", &body).await.json(201)
}

fn path(upload: &Value) -> String {
    format!("/uploads/{}", upload["id"].as_str().unwrap())
}

/// The file's bytes, of which no two parts are alike.
fn part(number: u64) -> Vec<u8> {
    let length = domain::upload::part_length(SIZE as u64, number).unwrap();
    vec![u8::try_from(number).unwrap(); usize::try_from(length).unwrap()]
}

async fn addresses(user: &User, upload: &Value, numbers: &[u64]) -> Vec<Value> {
    let asked = user
        .api
        .post(
            format!("{}/parts", path(upload)),
            &json!({"numbers": numbers}),
        )
        .await
        .json(200);
    asked["items"].as_array().unwrap().clone()
}

async fn send_parts(machine: &TestMachine, user: &User, upload: &Value, numbers: &[u64]) {
    for address in addresses(user, upload, numbers).await {
        let number = address["number"].as_u64().unwrap();
        send_to(machine.http(), &address, part(number))
            .await
            .is(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_resumed_checked_and_joined() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let upload = begin(&user).await;
    assert_eq!(upload["put"], Value::Null);
    let (count, size) = (
        &upload["parts"]["count"],
        &upload["parts"]["part_size_bytes"],
    );
    assert_eq!((count, size), (&json!(7), &json!(16 * MIB)));
    send_parts(&machine, &user, &upload, &[1, 3]).await;

    // Hours later, in another session.
    machine.pass(SignedDuration::from_hours(20)).await;
    let user = machine.sign_in(&user.person).await;
    let resumed = user.api.get(path(&upload)).await.json(200);
    let arrived = resumed["parts"]["arrived"].as_array().unwrap();
    let numbers: Vec<_> = arrived
        .iter()
        .map(|part| part["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 3]);
    assert_eq!(arrived[0]["size_bytes"], 16 * MIB);

    let complete = format!("{}/complete", path(&upload));
    let problem = user.api.act(&complete).await.problem(409, "bytes_missing");
    assert_eq!(problem["parts"], json!([2, 4, 5, 6, 7]));
    let wrong = user
        .api
        .post(format!("{}/parts", path(&upload)), &json!({"numbers": [8]}))
        .await;
    assert_eq!(wrong.problem(422, "invalid_field")["field"], "numbers");

    let short = &addresses(&user, &upload, &[2]).await[0];
    assert_eq!(short["size_bytes"], 16 * MIB);
    let mut shorter = short.clone();
    shorter["headers"]["content-length"] = (5 * MIB).to_string().into();
    assert!(
        refuses(machine.http(), &shorter, vec![2; 5 * MIB]).await,
        "an address takes a part of its size only"
    );

    send_parts(&machine, &user, &upload, &[2, 4, 5, 6, 7]).await;
    assert_eq!(user.api.act(&complete).await.json(200)["state"], "finished");
    user.api.act(&complete).await.is(200);
    machine.settled().await;

    let asset = format!("/assets/{}", upload["asset_id"].as_str().unwrap());
    let read = user.api.get(&asset).await.json(200);
    assert_eq!(read["size_bytes"], SIZE);
    assert_eq!(
        (&read["preview"]["state"], &read["tagging"]),
        (&json!("unsupported"), &json!("off"))
    );
    let download = user.api.get(format!("{asset}/download")).await.json(200);
    let url = download["url"].as_str().unwrap();
    let bytes = machine
        .http()
        .send(Call::new("GET", url), url)
        .await
        .is(200)
        .body
        .clone();
    let whole: Vec<u8> = (1..=7).flat_map(part).collect();
    assert_eq!(sha256(&bytes), sha256(&whole));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_had_arrived_goes_with_an_upload_that_is_given_up() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let upload = begin(&user).await;
    send_parts(&machine, &user, &upload, &[1]).await;
    let late = addresses(&user, &upload, &[2]).await;
    user.api.delete(path(&upload)).await.is(204);
    assert_eq!(user.api.get("/billing").await.json(200)["stored_bytes"], 0);
    let parts = machine
        .s3()
        .list_multipart_uploads()
        .bucket(machine.name_of("AssetsBucket"))
        .send()
        .await
        .unwrap();
    assert_eq!(parts.uploads().len(), 0);
    assert!(refuses(machine.http(), &late[0], part(2)).await);
    user.api
        .act(format!("{}/complete", path(&upload)))
        .await
        .problem(409, "upload_over");
    assert_eq!(machine.keys_of("AssetsBucket"), Vec::<String>::new());
}
