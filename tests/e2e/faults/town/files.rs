//! Files: uploaded, labelled, changed, thrown away.

use assetbox_tests::http::Http;
use futures::future::{join_all, join3};
use image::ImageFormat;
use serde_json::{Value, json};

use super::{Town, User, text};
use crate::support::upload::{announced, refuses, send_to};
use crate::support::{Call, pictures};

const MIB: u64 = 1024 * 1024;
/// A film that is uploaded in parts.
const FILM: u64 = 100 * MIB + 3;
/// Drawings and notes, which are uploaded, changed, deleted, restored and at last purged.
const DRAWINGS: usize = 4;
const NOTES: usize = 6;
/// How often each of them is.
const ROUNDS: usize = 3;

impl Town {
    /// Uploads a file, under a key with which the request may be repeated; gives the asset.
    pub(super) async fn upload(
        &self,
        user: &User<'_>,
        key: &str,
        kind: &str,
        bytes: &[u8],
    ) -> String {
        let call = Call::new("POST", "/uploads")
            .header("idempotency-key", key)
            .json(&announced(key, kind, bytes));
        let upload = user.send(call).await.is(201).json(201);
        let address = &upload["put"];
        // connections of its own: S3 may close one on which it has refused bytes
        let http = Http::default();
        send_to(&http, address, bytes.to_vec()).await.is(200);
        // whose answer was lost sends the bytes again, and is told that they are there
        assert!(refuses(&http, address, bytes.to_vec()).await);
        let complete = format!("/uploads/{}/complete", text(&upload["id"]));
        user.act(&complete).await.is(200);
        text(&upload["asset_id"])
    }

    /// A photograph; drawings and notes.
    pub(super) async fn files(&self, user: &User<'_>) -> (String, Vec<String>) {
        let photograph = pictures::shipped("cat.jpg");
        let cat = self.upload(user, "cat.jpg", "image/jpeg", &photograph);
        let drawings = (0..DRAWINGS).map(|number| async move {
            let drawing = pictures::unique(96, 80, ImageFormat::Png);
            let name = format!("drawing {number}.png");
            self.upload(user, &name, "image/png", &drawing).await
        });
        let notes = (0..NOTES).map(|number| async move {
            let name = format!("note {number}.txt");
            self.upload(user, &name, "text/plain", name.as_bytes())
                .await
        });
        let (cat, drawings, notes) = join3(cat, join_all(drawings), join_all(notes)).await;
        (cat, [drawings, notes].concat())
    }

    pub(super) async fn film(&self, user: &User<'_>) {
        let film = json!({"name": "film.mp4", "content_type": "video/mp4", "size_bytes": FILM});
        let call = Call::new("POST", "/uploads").header("idempotency-key", "film");
        let upload = user.send(call.json(&film)).await.is(201).json(201);
        let path = format!("/uploads/{}", text(&upload["id"]));
        let numbers = json!({"numbers": [1, 2, 3, 4, 5, 6, 7]});
        let parts = user.post(format!("{path}/parts"), &numbers).await;
        for address in parts.is(200).json(200)["items"].as_array().unwrap() {
            let number = address["number"].as_u64().unwrap();
            let length = domain::upload::part_length(FILM, number).unwrap();
            let bytes = vec![u8::try_from(number).unwrap(); usize::try_from(length).unwrap()];
            let sent = send_to(self.machine.http(), address, bytes).await;
            sent.is(200);
        }
        let complete = format!("{path}/complete");
        let view = user.act(&complete).await.is(200).json(200);
        assert_eq!(view["state"], "finished");
    }

    pub(super) async fn everything_is_labelled(&self, user: &User<'_>, cat: &str) {
        let assets = user.get("/assets").await.json(200);
        let assets = assets["items"].as_array().unwrap();
        assert_eq!(assets.len(), DRAWINGS + NOTES + 2);
        for asset in assets {
            let is_picture = asset["content_type"]
                .as_str()
                .unwrap()
                .starts_with("image/");
            let wanted = match is_picture {
                true => ("ready", "done"),
                false => ("unsupported", "off"),
            };
            let found = (&asset["preview"]["state"], &asset["tagging"]);
            assert_eq!(found, (&json!(wanted.0), &json!(wanted.1)), "{asset}");
        }
        let found = user.get("/assets?label=cat").await.json(200);
        let mut cats = found["items"].as_array().unwrap().iter();
        assert!(cats.any(|asset| asset["id"] == cat), "{found}");
    }

    /// Labels, the trash and back, and what is purged for good.
    pub(super) async fn housekeeping(&self, user: &User<'_>, files: &[String]) {
        for round in 0..ROUNDS {
            join_all(files.iter().map(|file| self.tidy(user, file, round))).await;
            user.get("/assets").await.is(200);
        }
        let purged = files.iter().map(|file| async move {
            self.throw_away(user, file).await;
            let purged = user.act(format!("/assets/{file}/purge")).await;
            purged.is_or_was(202, &["not_found"]);
        });
        join_all(purged).await;
        self.settle().await;
        let trash = user.get("/trash").await.json(200);
        assert_eq!(trash["items"], json!([]));
    }

    async fn tidy(&self, user: &User<'_>, file: &str, round: usize) {
        let path = format!("/assets/{file}");
        let labels = json!([format!("Round {round}")]);
        let change = json!({"own_labels": labels});
        let labelled = |view: &Value| view["own_labels"] == labels;
        user.change("PATCH", &path, Some(&change), labelled).await;
        user.get(format!("{path}/download")).await.is(200);
        self.throw_away(user, file).await;
        user.get("/trash").await.is(200);
        let restored = user.act(format!("{path}/restore")).await;
        restored.is_or_was(200, &["not_in_trash"]);
    }

    async fn throw_away(&self, user: &User<'_>, file: &str) {
        let in_trash = |view: &Value| view["trashed_at"].is_string();
        let path = format!("/assets/{file}");
        user.change("DELETE", &path, None, in_trash).await;
    }
}
