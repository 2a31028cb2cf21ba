//! Trash, restoring and purging.

use domain::time::days;
use serde_json::json;

use crate::support::{TestMachine, User, pictures, text};

fn has(page: &serde_json::Value, asset: &str) -> bool {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .any(|item| item["id"] == asset)
}

async fn delete(user: &User, asset: &str) {
    let etag = user.api.get(format!("/assets/{asset}")).await.etag();
    user.api
        .change("DELETE", format!("/assets/{asset}"), &etag, None)
        .await
        .is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_in_the_trash_is_found_there_only_and_comes_back_whole() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let cat = machine
        .upload(
            &user.api,
            "cat.jpg",
            "image/jpeg",
            &pictures::shipped("cat.jpg"),
        )
        .await;
    let path = format!("/assets/{cat}");
    let before = user.api.get(&path).await.json(200);
    user.api
        .act(format!("{path}/restore"))
        .await
        .problem(409, "not_in_trash");
    user.api
        .act(format!("{path}/purge"))
        .await
        .problem(409, "not_in_trash");
    delete(&user, &cat).await;
    assert!(!has(&user.api.get("/assets").await.json(200), &cat));
    assert!(!has(
        &user.api.get("/assets?label=cat").await.json(200),
        &cat
    ));
    assert!(has(&user.api.get("/trash").await.json(200), &cat));
    let etag = user.api.get(&path).await.etag();
    user.api
        .change("PATCH", &path, &etag, Some(&json!({"name": "x"})))
        .await
        .problem(409, "in_trash");
    user.api
        .change("DELETE", &path, &etag, None)
        .await
        .problem(409, "in_trash");

    let restored = user.api.act(format!("{path}/restore")).await.json(200);
    assert_eq!(restored["labels"], before["labels"]);
    assert_eq!(restored["trashed_at"], serde_json::Value::Null);
    assert!(has(
        &user.api.get("/assets?label=cat").await.json(200),
        &cat
    ));
    assert!(!has(&user.api.get("/trash").await.json(200), &cat));
}

/// Nothing of the asset is anywhere any more.
async fn is_destroyed(machine: &TestMachine, user: &User, asset: &str) {
    user.api
        .get(format!("/assets/{asset}"))
        .await
        .problem(404, "not_found");
    assert!(!has(&user.api.get("/trash").await.json(200), asset));
    let left: Vec<_> = machine
        .keys_of("AssetsBucket")
        .into_iter()
        .filter(|key| key.contains(asset))
        .collect();
    assert_eq!(left, Vec::<String>::new(), "every version of every object");
    for item in machine.items("CatalogTable").await {
        let (pk, sk) = (text(&item, "pk"), text(&item, "sk"));
        assert!(!sk.contains(asset) && !pk.contains(asset), "{pk} {sk}");
    }
    assert_eq!(user.api.get("/billing").await.json(200)["stored_bytes"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_destroys_every_object_and_row() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let cat = machine
        .upload(
            &user.api,
            "cat.jpg",
            "image/jpeg",
            &pictures::shipped("cat.jpg"),
        )
        .await;
    // A second version and a marker, as an operator's slip would leave them.
    let (s3, bucket) = (machine.s3(), machine.name_of("AssetsBucket"));
    let key = format!("thumbnails/{}/{cat}/1", user.workspace);
    s3.put_object()
        .bucket(&bucket)
        .key(&key)
        .body(b"again".to_vec().into())
        .send()
        .await
        .unwrap();
    s3.delete_object()
        .bucket(&bucket)
        .key(&key)
        .send()
        .await
        .unwrap();
    assert_eq!(machine.keys_of("AssetsBucket").len(), 5);

    delete(&user, &cat).await;
    user.api.act(format!("/assets/{cat}/purge")).await.is(202);
    machine.settled().await;
    is_destroyed(&machine, &user, &cat).await;
    user.api
        .act(format!("/assets/{cat}/purge"))
        .await
        .problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trash_is_emptied_after_thirty_days() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let asset = machine.upload_png(&user.api).await;
    delete(&user, &asset).await;
    machine.pass(days(29)).await;
    let user = machine.sign_in(&user.person).await;
    assert!(has(&user.api.get("/trash").await.json(200), &asset));
    machine.pass(days(1)).await;
    machine.pass(jiff::SignedDuration::from_mins(15)).await;
    let user = machine.sign_in(&user.person).await;
    is_destroyed(&machine, &user, &asset).await;
}
