//! The tour's main job: upload every picture, see what was found in each, find
//! them again, and get the same bytes back.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Tour, TourError,
    people::{Account, text},
    pictures::Picture,
};

/// How long one picture may take from its upload to its labels.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often to look whether they are there.
const GLANCE: Duration = Duration::from_millis(200);
/// The longest name that the table shows in full.
const NAME_WIDTH: usize = 32;

impl Tour<'_> {
    /// Uploads a picture through presigned addresses. Returns the asset's id.
    pub(super) async fn upload(
        &self,
        owner: &Account,
        picture: &Picture,
    ) -> Result<String, TourError> {
        let bytes = picture.read()?;
        let form = json!({
            "name": picture.name, "content_type": picture.content_type,
            "size_bytes": bytes.len(), "sha256": hex::encode(Sha256::digest(&bytes)),
        });
        let begun = owner.client.post("/uploads", &form).await?;
        let begun = begun.expect(StatusCode::CREATED, &picture.name)?;
        if begun["parts"].is_null() {
            self.put(&begun["put"], bytes).await?;
        } else {
            self.send_parts(owner, &begun, &bytes).await?;
        }
        let complete = format!("/uploads/{}/complete", text(&begun["id"]));
        let completed = owner.client.call(Method::POST, &complete, None).await?;
        completed.expect(StatusCode::OK, "completing the upload")?;
        Ok(text(&begun["asset_id"]))
    }

    async fn put(&self, address: &Value, bytes: Bytes) -> Result<(), TourError> {
        let sent = self
            .client
            .presigned("PUT", &text(&address["url"]), &address["headers"], bytes)
            .await?;
        sent.expect(StatusCode::OK, "sending the bytes")?;
        Ok(())
    }

    /// A large picture goes in parts, one after the other.
    async fn send_parts(
        &self,
        owner: &Account,
        begun: &Value,
        bytes: &Bytes,
    ) -> Result<(), TourError> {
        let path = format!("/uploads/{}/parts", text(&begun["id"]));
        let mut rest = bytes.clone();
        for number in 1..=begun["parts"]["count"].as_u64().unwrap_or_default() {
            let asked = json!({"numbers": [number]});
            let addresses = owner.client.post(&path, &asked).await?;
            let addresses = addresses.expect(StatusCode::OK, "asking for a part's address")?;
            let address = &addresses["items"][0];
            let size = address["size_bytes"].as_u64().unwrap_or_default();
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            self.put(address, rest.split_to(size.min(rest.len())))
                .await?;
        }
        Ok(())
    }

    /// Waits until each asset has its preview, thumbnail and labels, or says why not.
    pub(super) async fn looked_at(
        &self,
        owner: &Account,
        ids: &[String],
    ) -> Result<Vec<Value>, TourError> {
        let began = Instant::now();
        let mut assets: Vec<Value> = vec![json!({"tagging": "pending"}); ids.len()];
        let is_open = |asset: &Value| asset["tagging"] == "pending";
        loop {
            for (asset, id) in assets.iter_mut().zip(ids) {
                if is_open(asset) {
                    let read = owner.client.get(&format!("/assets/{id}")).await?;
                    *asset = read.expect(StatusCode::OK, "reading an asset")?;
                }
            }
            let open = assets.iter().filter(|asset| is_open(asset)).count();
            self.progress(ids.len() - open, ids.len())?;
            if open == 0 {
                return Ok(assets);
            }
            if began.elapsed() > PATIENCE * u32::try_from(ids.len()).unwrap_or(u32::MAX) {
                return Err(TourError(format!(
                    "{open} pictures were not looked at in time"
                )));
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Prints what was found, and returns how many pictures each label is in.
    pub(super) fn table(&self, assets: &[Value]) -> Result<BTreeMap<String, usize>, TourError> {
        let names: Vec<String> = assets.iter().map(|asset| short(&asset["name"])).collect();
        let widest = names.iter().map(|name| name.chars().count()).max();
        let widest = widest.unwrap_or_default().max("Picture".len());
        self.say(&format!(
            "     {:<widest$}  {:>11}  What is in it, and how sure the model is",
            "Picture", "Pixels"
        ))?;
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (asset, name) in assets.iter().zip(names) {
            for label in asset["labels"].as_array().into_iter().flatten() {
                *counts.entry(text(&label["name"])).or_default() += 1;
            }
            self.say(&format!(
                "     {name:<widest$}  {:>11}  {}",
                pixels(asset),
                found(asset)
            ))?;
        }
        Ok(counts)
    }

    /// Gives an asset a label of its owner's own.
    pub(super) async fn label(
        &self,
        owner: &Account,
        id: &str,
        label: &str,
    ) -> Result<(), TourError> {
        let path = format!("/assets/{id}");
        let read = owner.client.get(&path).await?;
        let etag = read.etag.clone();
        let etag = etag.ok_or_else(|| TourError("an asset has no entity tag".to_owned()))?;
        read.expect(StatusCode::OK, "reading an asset")?;
        let change = json!({"own_labels": [label]});
        let changed = owner.client.patch(&path, &etag, &change).await?;
        changed.expect(StatusCode::OK, "labelling an asset")?;
        Ok(())
    }

    /// Every preview and thumbnail that is said to be ready is there.
    pub(super) async fn renditions(
        &self,
        owner: &Account,
        assets: &[Value],
    ) -> Result<(), TourError> {
        for asset in assets
            .iter()
            .filter(|asset| asset["preview"]["state"] == "ready")
        {
            for kind in ["preview", "thumbnail"] {
                let bytes = self.read(owner, &text(&asset["id"]), kind).await?;
                if !bytes.starts_with(&[0xff, 0xd8]) {
                    return Err(TourError(format!(
                        "the {kind} of {} is no JPEG",
                        text(&asset["name"])
                    )));
                }
            }
        }
        Ok(())
    }

    /// Reads one of an asset's objects through its presigned address.
    pub(super) async fn read(
        &self,
        owner: &Account,
        id: &str,
        kind: &str,
    ) -> Result<Bytes, TourError> {
        let address = owner.client.get(&format!("/assets/{id}/{kind}")).await?;
        let address = address.expect(StatusCode::OK, kind)?;
        let answer = self
            .client
            .presigned("GET", &text(&address["url"]), &Value::Null, Bytes::new())
            .await?;
        match answer.status {
            StatusCode::OK => Ok(answer.bytes),
            status => Err(TourError(format!("the {kind} answers {status}"))),
        }
    }

    /// How many assets a search by label finds, page by page.
    pub(super) async fn search(&self, owner: &Account, label: &str) -> Result<usize, TourError> {
        let mut found = 0;
        let mut cursor: Option<String> = None;
        loop {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("label", label);
            if let Some(cursor) = &cursor {
                query.append_pair("cursor", cursor);
            }
            let path = format!("/assets?{}", query.finish());
            let page = owner.client.get(&path).await?;
            let page = page.expect(StatusCode::OK, "searching by label")?;
            found += page["items"].as_array().map_or(0, Vec::len);
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(found),
            }
        }
    }
}

/// A name, cut where it would push the table apart.
fn short(name: &Value) -> String {
    let name = text(name);
    if name.chars().count() <= NAME_WIDTH {
        return name;
    }
    let beginning: String = name.chars().take(NAME_WIDTH - 1).collect();
    format!("{beginning}…")
}

fn pixels(asset: &Value) -> String {
    let technical = &asset["technical"];
    match (technical["width"].as_u64(), technical["height"].as_u64()) {
        (Some(width), Some(height)) => format!("{width}×{height}"),
        _ => "?".to_owned(),
    }
}

fn found(asset: &Value) -> String {
    let preview = &asset["preview"];
    if preview["state"] != "ready" {
        return format!("no preview: {}", text(&preview["message"]));
    }
    let labels = asset["labels"].as_array().into_iter().flatten();
    let labels: Vec<String> = labels
        .map(|label| {
            let confidence = label["confidence"].as_f64().unwrap_or_default();
            format!("{} {confidence:.0} %", text(&label["name"]))
        })
        .collect();
    if labels.is_empty() {
        return "nothing that it is sure of".to_owned();
    }
    labels.join(", ")
}
