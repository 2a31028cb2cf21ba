//! The canary test: words that stand nowhere else in every personal field of every store; after
//! erasure not one is in any table, object, version, message, log line or file.
//!
//! Letters that were delivered are the exception: the mailbox of one machine stands for the
//! reader's own inbox, where no operator can erase. The test deletes them as their reader would,
//! and then no file of the data folder may have a canary, write-ahead logs and freed pages
//! included.

use std::path::{Path, PathBuf};

use assetbox::MachineOptions;
use serde_json::json;

use super::{erase, proven};
use crate::pipeline::inbox::Letter;
use crate::requests::{ask, ask_with, decide};
use crate::support::upload::send_to;
use crate::support::{Person, TestMachine, User, canary, contains, log, pictures, text, tick};

/// Everything that a person can leave, each with words of its own; gives all the words.
pub(super) async fn live_a_life(machine: &TestMachine, staff: &User) -> (User, Vec<String>) {
    let user = machine
        .user_like(Person::new(), &["marketing-consent"])
        .await;
    let mut words = user.person.canaries();
    let mut word = |what: &str| {
        words.push(canary(what));
        words.last().unwrap().clone()
    };
    // The profile before and after a correction, and a correction that the staff make.
    let etag = user.api.get("/me").await.etag();
    let change =
        json!({"name": word("Name"), "company": word("Company"), "position": word("Position")});
    user.api
        .change("PATCH", "/me", &etag, Some(&change))
        .await
        .is(200);
    let correction = json!({"kind": "rectification", "details": word("Details"), "fields": {"name": word("Name")}});
    let request = ask_with(machine, &user, correction).await;
    decide(machine, staff, &request, "approve", serde_json::Value::Null).await;
    // A refusal with its reason, a copy, a consent from another browser, a change of address.
    let refused = ask_with(
        machine,
        &user,
        json!({"kind": "restriction", "details": word("Details")}),
    )
    .await;
    let refusal = json!({"ground": "152-FZ art. 21(1)", "reason": word("Reason")});
    decide(machine, staff, &refused, "refuse", refusal).await;
    ask(machine, &user, "access").await;
    let mut browser = user.browser();
    browser.user_agent = word("Browser");
    let mut consent = tick(machine, "transfer-consent", true);
    consent.as_object_mut().unwrap().remove("ticked");
    consent["given"] = json!(true);
    browser.put("/me/consents/transfer", &consent).await.is(200);
    let new_email = format!("{}@example.com", word("email").to_lowercase());
    user.api
        .post("/me/email-change", &json!({"new_email": new_email}))
        .await
        .is(202);
    user.api
        .post("/password-resets", &json!({"email": user.person.email}))
        .await
        .is(202);
    Letter::new(&user.person.email, &word("Letter"))
        .send(machine)
        .await;
    Letter::new(&user.person.email, &word("Forged"))
        .forged()
        .send(machine)
        .await;
    // Assets: their names, words, labels and bytes; one in the trash; an upload under way.
    let picture = pictures::jpeg_with_exif(64, 48, &word("Artist"));
    let asset = machine
        .upload(
            &user.api,
            &format!("{}.jpg", word("File")),
            "image/jpeg",
            &picture,
        )
        .await;
    let etag = user.api.get(format!("/assets/{asset}")).await.etag();
    let edit = json!({"description": word("Description"), "own_labels": [word("Label")]});
    user.api
        .change("PATCH", format!("/assets/{asset}"), &etag, Some(&edit))
        .await
        .is(200);
    let note = machine
        .upload(
            &user.api,
            &format!("{}.txt", word("File")),
            "text/plain",
            word("Bytes").as_bytes(),
        )
        .await;
    let etag = user.api.get(format!("/assets/{note}")).await.etag();
    user.api
        .change("DELETE", format!("/assets/{note}"), &etag, None)
        .await
        .is(200);
    let film = json!({"name": format!("{}.mp4", word("File")), "content_type": "video/mp4", "size_bytes": 101 * 1024 * 1024});
    let upload = user.api.post("/uploads", &film).await.json(201);
    let parts = user
        .api
        .post(
            format!("/uploads/{}/parts", upload["id"].as_str().unwrap()),
            &json!({"numbers": [1]}),
        )
        .await;
    let mut bytes = word("Bytes").into_bytes();
    bytes.resize(16 * 1024 * 1024, 0);
    send_to(machine.http(), &parts.json(200)["items"][0], bytes)
        .await
        .is(200);
    machine.settled().await;
    (user, words)
}

/// Where one of the words is, in whatever case: tables and objects as their services show them.
pub(super) async fn seen_by_services(machine: &TestMachine, words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |place: String, bytes: &[u8]| {
        let bytes = bytes.to_ascii_lowercase();
        found.extend(
            words
                .iter()
                .filter(|word| contains(&bytes, word.to_lowercase().as_bytes()))
                .map(|word| format!("{word} in {place}")),
        );
    };
    for table in ["CatalogTable", "PeopleTable", "KeysTable", "LedgerTable"] {
        for item in machine.items(table).await {
            look(
                format!("{table} {} {}", text(&item, "pk"), text(&item, "sk")),
                format!("{item:?}").as_bytes(),
            );
        }
    }
    let s3 = machine.s3();
    for bucket in &machine.model().buckets {
        for version in machine.objects().list_all_versions(&bucket.name).unwrap() {
            look(format!("the key {}", version.key), version.key.as_bytes());
            let get = s3
                .get_object()
                .bucket(&bucket.name)
                .key(&version.key)
                .version_id(&version.version_id)
                .send()
                .await;
            if let Ok(object) = get {
                let bytes = object.body.collect().await.unwrap().into_bytes();
                look(format!("{} of {}", version.key, bucket.id), &bytes);
            }
        }
    }
    found
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all
}

pub(super) fn seen_in_files(folder: &Path, words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files(folder) {
        let bytes = std::fs::read(&file).unwrap().to_ascii_lowercase();
        for word in words {
            if contains(&bytes, word.to_lowercase().as_bytes()) {
                found.push(format!(
                    "{word} in {}",
                    file.strip_prefix(folder).unwrap().display()
                ));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn after_erasure_not_one_canary_is_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    let machine = TestMachine::start_with(MachineOptions {
        data: Some(folder.path().to_owned()),
        ..MachineOptions::default()
    })
    .await;
    let staff = machine.staff().await;
    let (user, words) = live_a_life(&machine, &staff).await;
    assert!(words.len() >= 20);
    let seen = seen_by_services(&machine, &words).await;
    let in_clear = ["File", "Description", "Label", "Bytes", "Artist", "Forged"];
    assert!(
        in_clear
            .iter()
            .all(|what| seen.iter().any(|place| place.contains(what))),
        "the test looks where data is: {seen:?}"
    );
    let sealed = [
        "Name", "email", "Company", "Position", "Browser", "Details", "Reason", "Secret", "Letter",
    ];
    // a letter that nobody has proven to be theirs lies as it came, with its sender's address
    let elsewhere = |place: &&String| !place.contains(" in incoming/");
    assert!(
        !sealed.iter().any(|what| seen
            .iter()
            .filter(elsewhere)
            .any(|place| place.starts_with(&format!("canary{what}")))),
        "{seen:?}"
    );

    let address = erase(&machine, &user, &staff).await;
    proven(&machine, &address).await;
    assert_eq!(
        seen_by_services(&machine, &words).await,
        Vec::<String>::new()
    );
    let logged: Vec<_> = words
        .iter()
        .filter(|word| log::mentions(word) || log::mentions(&word.to_lowercase()))
        .collect();
    assert_eq!(logged, Vec::<&String>::new(), "in the log");

    for mail in machine.mailbox().list().await.unwrap() {
        let is_theirs = mail
            .to
            .iter()
            .any(|to| words.iter().any(|word| to.contains(&word.to_lowercase())));
        let raw = machine.mailbox().read(&mail.id).await.unwrap().raw;
        assert!(
            is_theirs || !words.iter().any(|word| contains(&raw, word.as_bytes())),
            "a letter to somebody else: {}",
            mail.subject
        );
        if is_theirs {
            machine.mailbox().delete(&mail.id).await.unwrap();
        }
    }
    machine.shutdown().await;
    assert_eq!(seen_in_files(folder.path(), &words), Vec::<String>::new());
}
