//! Uploads as a front end makes them.

use serde_json::{Value, json};

use crate::http::{Answer, Call, Caller, Client, Http};
use crate::{TestMachine, sha256};

/// What `POST /uploads` wants to know of a file below 100 MiB.
pub fn announced(name: &str, content_type: &str, bytes: &[u8]) -> Value {
    json!({
        "name": name,
        "content_type": content_type,
        "size_bytes": bytes.len(),
        "sha256": sha256(bytes),
    })
}

/// Sends bytes to a presigned address exactly as the API says.
pub async fn send_to(http: &Http, address: &Value, bytes: Vec<u8>) -> Answer {
    let (call, url) = presigned(address, bytes);
    http.send(call, url).await
}

/// Whether a presigned address does not take these bytes.
pub async fn refuses(http: &Http, address: &Value, bytes: Vec<u8>) -> bool {
    let (call, url) = presigned(address, bytes);
    let answer = http.attempt(call, url).await;
    answer.is_none_or(|answer| answer.status.is_client_error())
}

fn presigned(address: &Value, bytes: Vec<u8>) -> (Call, &str) {
    let url = address["url"].as_str().expect("an address");
    let mut call = Call::new(address["method"].as_str().unwrap(), url).body(bytes);
    for (name, value) in address["headers"].as_object().unwrap() {
        call = call.header(name, value.as_str().unwrap());
    }
    (call, url)
}

impl TestMachine {
    /// Uploads a file and waits until it is rendered and tagged; gives the asset's id.
    pub async fn upload<C: Caller>(
        &self,
        api: &Client<C>,
        name: &str,
        content_type: &str,
        bytes: &[u8],
    ) -> String {
        let asset = self.send_file(api, name, content_type, bytes).await;
        self.settled().await;
        asset
    }

    /// Uploads a file and waits for nothing more.
    pub async fn send_file<C: Caller>(
        &self,
        api: &Client<C>,
        name: &str,
        content_type: &str,
        bytes: &[u8],
    ) -> String {
        let upload = api
            .post("/uploads", &announced(name, content_type, bytes))
            .await
            .json(201);
        send_to(self.http(), &upload["put"], bytes.to_vec())
            .await
            .is(200);
        upload["asset_id"].as_str().unwrap().to_owned()
    }

    /// Uploads a small picture of no meaning.
    pub async fn upload_png<C: Caller>(&self, api: &Client<C>) -> String {
        self.upload(api, "dot.png", "image/png", &crate::pictures::png())
            .await
    }
}
