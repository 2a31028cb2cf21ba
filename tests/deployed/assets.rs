//! What is done with files, past the first upload.

use assetbox_tests::http::Call;
use assetbox_tests::pictures;
use assetbox_tests::upload::{announced, send_to};
use serde_json::{Value, json};

use crate::deployment::{Deployment, until};
use crate::report::row;

const SIZE: u64 = 100 * 1024 * 1024 + 3;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment: infra/deployed/run.sh"]
async fn an_asset_is_changed_trashed_restored_and_destroyed() {
    let deployed = Deployment::open().await;
    let user = deployed.user().await;
    let asset = deployed
        .upload(&user, "dot.png", "image/png", &pictures::png())
        .await;
    deployed.looked_at(&user, &asset).await;
    let path = format!("/assets/{asset}");
    let change = json!({"name": "harbour.png", "own_labels": ["Harbour"]});
    let etag = user.api.get(&path).await.etag();
    user.api
        .change("PATCH", &path, &etag, Some(&change))
        .await
        .is(200);
    let found = user.api.get("/assets?label=harbour").await.json(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);

    let trash = async || {
        let etag = user.api.get(&path).await.etag();
        user.api.change("DELETE", &path, &etag, None).await.is(200);
    };
    trash().await;
    assert_eq!(
        user.api.get("/trash").await.json(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    user.api.act(format!("{path}/restore")).await.is(200);
    trash().await;
    user.api.act(format!("{path}/purge")).await.is(202);
    until("the asset to be destroyed", || async {
        (user.api.get(&path).await.status == 404).then_some(())
    })
    .await;
    until("its objects to be destroyed", || async {
        let keys = deployed.versions("AssetsBucket").await;
        keys.iter().all(|key| !key.contains(&asset)).then_some(())
    })
    .await;
    row(
        "change, trash, restore, purge",
        "every version of its objects is gone",
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment: infra/deployed/run.sh"]
async fn another_workspace_sees_nothing() {
    let deployed = Deployment::open().await;
    let (owner, stranger) = (deployed.user().await, deployed.user().await);
    let asset = deployed
        .upload(&owner, "dot.png", "image/png", &pictures::png())
        .await;
    deployed.looked_at(&owner, &asset).await;
    for path in [
        format!("/assets/{asset}"),
        format!("/assets/{asset}/download"),
    ] {
        stranger.api.get(path).await.problem(404, "not_found");
    }
    assert_eq!(
        stranger.api.get("/assets").await.json(200)["items"],
        json!([])
    );
    row("another workspace", "404, as if nothing were there");
}

fn part(number: u64) -> Vec<u8> {
    let length = domain::upload::part_length(SIZE, number).unwrap();
    vec![u8::try_from(number).unwrap(); usize::try_from(length).unwrap()]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment: infra/deployed/run.sh"]
async fn a_large_file_comes_in_parts() {
    let deployed = Deployment::open().await;
    let user = deployed.user().await;
    let form = json!({"name": "film.mp4", "content_type": "video/mp4", "size_bytes": SIZE});
    let begun = user.api.post("/uploads", &form).await.json(201);
    let path = format!("/uploads/{}", begun["id"].as_str().unwrap());
    let numbers: Vec<u64> = (1..=begun["parts"]["count"].as_u64().unwrap()).collect();
    let asked = user
        .api
        .post(format!("{path}/parts"), &json!({"numbers": numbers}))
        .await
        .json(200);
    for address in asked["items"].as_array().unwrap() {
        let number = address["number"].as_u64().unwrap();
        send_to(deployed.http(), address, part(number))
            .await
            .is(200);
    }
    let arrived = user.api.get(&path).await.json(200)["parts"]["arrived"].clone();
    assert_eq!(arrived.as_array().unwrap().len(), numbers.len());
    user.api.act(format!("{path}/complete")).await.is(200);
    let asset = begun["asset_id"].as_str().unwrap();
    assert_eq!(
        deployed.looked_at(&user, asset).await["preview"]["state"],
        "unsupported"
    );
    let bytes = deployed.bytes_of(&user, asset, "download").await;
    let whole: Vec<u8> = numbers.iter().flat_map(|number| part(*number)).collect();
    assert!(bytes.is(200).body == whole, "the parts in their order");
    row("an upload in parts, 100 MiB", "joined, the same bytes");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment: infra/deployed/run.sh"]
async fn an_upload_is_given_up() {
    let deployed = Deployment::open().await;
    let user = deployed.user().await;
    let large = json!({"name": "film.mp4", "content_type": "video/mp4", "size_bytes": SIZE});
    let small = announced("dot.png", "image/png", &pictures::png());
    for form in [large, small] {
        let begun = user.api.post("/uploads", &form).await.json(201);
        let path = format!("/uploads/{}", begun["id"].as_str().unwrap());
        user.api.delete(&path).await.is(204);
        user.api
            .send(Call::new("POST", format!("{path}/complete")))
            .await
            .is(409);
    }
    assert_eq!(
        user.api.get("/billing").await.json(200)["stored_bytes"],
        Value::from(0)
    );
    row("uploads given up", "their quota returned");
}
