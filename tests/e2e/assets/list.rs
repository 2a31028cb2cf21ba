//! Pages, labels and downloads.

use serde_json::{Value, json};

use crate::support::{Call, TestMachine, User, pictures};

async fn text_file(machine: &TestMachine, user: &User, name: &str) -> String {
    machine
        .upload(&user.api, name, "text/plain", name.as_bytes())
        .await
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
}

/// What the pages of a list hold, from the first to the last.
async fn pages(user: &User, list: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut path = list.to_owned();
    loop {
        let page = user.api.get(&path).await.json(200);
        pages.push(ids(&page));
        let Some(cursor) = page["next_cursor"].as_str() else {
            return pages;
        };
        path = format!("{list}&cursor={cursor}");
        assert!(pages.len() < 10, "the list has an end");
    }
}

async fn label(user: &User, asset: &str, labels: &Value) {
    let path = format!("/assets/{asset}");
    let etag = user.api.get(&path).await.etag();
    let change = json!({"own_labels": labels});
    user.api
        .change("PATCH", &path, &etag, Some(&change))
        .await
        .is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_whole_and_newest_first() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    assert_eq!(user.api.get("/assets").await.json(200)["items"], json!([]));
    let mut uploaded = Vec::new();
    for number in 0..5 {
        uploaded.push(text_file(&machine, &user, &format!("{number}.txt")).await);
    }
    uploaded.reverse();
    let pages = pages(&user, "/assets?limit=2").await;
    assert_eq!(pages.concat(), uploaded);
    assert_eq!(pages.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_cursors_and_limits_are_refused() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    for limit in ["0", "101"] {
        user.api
            .get(format!("/assets?limit={limit}"))
            .await
            .problem(422, "invalid_field");
    }
    user.api
        .get("/assets?limit=many")
        .await
        .problem(422, "invalid_query");
    user.api
        .get("/assets?colour=red")
        .await
        .problem(422, "invalid_query");
    for cursor in ["x", "%00", "AAAA", "Li4vLi4v"] {
        let answer = user.api.get(format!("/assets?cursor={cursor}")).await;
        assert!(
            [200, 422].contains(&answer.status.as_u16()),
            "{}",
            answer.text()
        );
        if answer.status == 200 {
            assert_eq!(ids(&answer.json(200)), Vec::<String>::new());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_finds_in_any_case_what_people_and_the_ai_named() {
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
    let note = text_file(&machine, &user, "note.txt").await;
    label(&user, &note, &json!(["Cat", "Über uns"])).await;

    let find = async |label: &str| {
        ids(&user
            .api
            .get(format!("/assets?label={label}"))
            .await
            .json(200))
    };
    assert_eq!(find("cat").await, [note.clone(), cat.clone()]);
    assert_eq!(find("CAT").await, [note.clone(), cat.clone()]);
    assert_eq!(find("%C3%BCber%20uns").await, std::slice::from_ref(&note));
    assert_eq!(find("ca").await, Vec::<String>::new());
    assert_eq!(find("submarine").await, Vec::<String>::new());
    let first = user.api.get("/assets?label=cat&limit=1").await.json(200);
    assert_eq!(ids(&first), [note]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = user
        .api
        .get(format!("/assets?label=cat&limit=1&cursor={cursor}"))
        .await
        .json(200);
    assert_eq!(ids(&second), [cat]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ai_and_people_named_alike_comes_once_over_all_pages() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let mut all = vec![text_file(&machine, &user, "note.txt").await];
    for name in ["1.jpg", "2.jpg", "3.jpg"] {
        let cat = pictures::shipped("cat.jpg");
        all.push(machine.upload(&user.api, name, "image/jpeg", &cat).await);
    }
    all.push(text_file(&machine, &user, "newer.txt").await);
    for asset in &all {
        label(&user, asset, &json!(["cat"])).await;
    }
    all.reverse();
    for limit in 1..=6 {
        let pages = pages(&user, &format!("/assets?label=Cat&limit={limit}")).await;
        assert_eq!(pages.concat(), all, "in pages of {limit}");
        assert_eq!(pages.len(), 5_usize.div_ceil(limit), "pages are full");
    }

    // what a page ended with may be gone when the next one is asked for
    let first = user.api.get("/assets?label=cat&limit=2").await.json(200);
    let path = format!("/assets/{}", all[1]);
    let etag = user.api.get(&path).await.etag();
    user.api.change("DELETE", &path, &etag, None).await.is(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = user
        .api
        .get(format!("/assets?label=cat&cursor={cursor}"))
        .await
        .json(200);
    assert_eq!(ids(&rest), all[2..]);
    assert_eq!(rest["next_cursor"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_has_the_bytes_and_the_name() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let bytes = pictures::png();
    let name = "Straße \"1\"; ü.png";
    let asset = machine.upload(&user.api, name, "image/png", &bytes).await;
    let address = user
        .api
        .get(format!("/assets/{asset}/download"))
        .await
        .json(200);
    let url = address["url"].as_str().unwrap();
    let read = machine.http().send(Call::new("GET", url), url).await;
    assert_eq!(read.is(200).body, bytes);
    assert_eq!(read.header("content-type"), Some("image/png"));
    let disposition = read.header("content-disposition").unwrap();
    assert!(disposition.starts_with("attachment; "), "{disposition}");
    assert!(
        disposition.contains("filename*=UTF-8''Stra%C3%9Fe%20%221%22%3B%20%C3%BC.png"),
        "{disposition}"
    );
    assert!(
        !url.contains("Stra%C3%9Fe/"),
        "the name is no part of the key"
    );
    let expires: domain::time::Timestamp = address["expires_at"].as_str().unwrap().parse().unwrap();
    assert!(expires > machine.now());
}
