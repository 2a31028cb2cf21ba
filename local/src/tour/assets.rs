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

impl Tour<'_> {
    /// Uploads a picture through its presigned address. Returns the asset's id.
    pub(super) async fn upload(
        &self,
        owner: &Account,
        picture: &Picture,
    ) -> Result<String, TourError> {
        let form = json!({
            "name": picture.name, "content_type": picture.content_type,
            "size_bytes": picture.bytes.len(), "sha256": hex::encode(Sha256::digest(&picture.bytes)),
        });
        let begun = owner.client.post("/uploads", &form).await?;
        let begun = begun.expect(StatusCode::CREATED, &picture.name)?;
        let put = &begun["put"];
        let sent = self
            .client
            .presigned(
                "PUT",
                &text(&put["url"]),
                &put["headers"],
                picture.bytes.clone(),
            )
            .await?;
        sent.expect(StatusCode::OK, "sending the bytes")?;
        let complete = format!("/uploads/{}/complete", text(&begun["id"]));
        let completed = owner.client.call(Method::POST, &complete, None).await?;
        completed.expect(StatusCode::OK, "completing the upload")?;
        Ok(text(&begun["asset_id"]))
    }

    /// Waits until each asset has its preview, thumbnail and labels, or says why not.
    pub(super) async fn looked_at(
        &self,
        owner: &Account,
        ids: &[String],
    ) -> Result<Vec<Value>, TourError> {
        let began = Instant::now();
        loop {
            self.idle().await?;
            let mut assets = Vec::with_capacity(ids.len());
            for id in ids {
                let asset = owner.client.get(&format!("/assets/{id}")).await?;
                assets.push(asset.expect(StatusCode::OK, "reading an asset")?);
            }
            let open = assets
                .iter()
                .filter(|asset| asset["tagging"] == "pending")
                .count();
            self.progress(ids.len() - open, ids.len())?;
            if open == 0 {
                return Ok(assets);
            }
            if began.elapsed() > PATIENCE * u32::try_from(ids.len()).unwrap_or(u32::MAX) {
                return Err(TourError(format!(
                    "{open} pictures were not looked at in time"
                )));
            }
        }
    }

    /// Prints what was found, and returns how many pictures each label is in.
    pub(super) fn table(&self, assets: &[Value]) -> Result<BTreeMap<String, usize>, TourError> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for asset in assets {
            let technical = &asset["technical"];
            let size = match (technical["width"].as_u64(), technical["height"].as_u64()) {
                (Some(width), Some(height)) => format!("{width}×{height}"),
                _ => text(&asset["preview"]["state"]),
            };
            let labels = asset["labels"].as_array().cloned().unwrap_or_default();
            let found: Vec<String> = labels
                .iter()
                .map(|label| {
                    let confidence = label["confidence"].as_f64().unwrap_or_default();
                    format!("{} {confidence:.0} %", text(&label["name"]))
                })
                .collect();
            for label in &labels {
                *counts.entry(text(&label["name"])).or_default() += 1;
            }
            let found = if found.is_empty() {
                "nothing it is sure of".to_owned()
            } else {
                found.join(", ")
            };
            self.say(&format!(
                "     {:<28} {size:>10}   {found}",
                text(&asset["name"])
            ))?;
        }
        Ok(counts)
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

    /// How many assets a search by label finds.
    pub(super) async fn search(&self, owner: &Account, label: &str) -> Result<usize, TourError> {
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("label", label)
            .append_pair("limit", "100")
            .finish();
        let page = owner.client.get(&format!("/assets?{query}")).await?;
        let page = page.expect(StatusCode::OK, "searching by label")?;
        Ok(page["items"].as_array().map_or(0, Vec::len))
    }
}
