//! The API as a front end uses it.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client as Pool, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::sleep;

use crate::Result;

const EMAIL: &str = "ada@bench.example";
const PASSWORD: &str = "orbit velvet cactus 77";
/// How often a letter or a picture's labels are looked for.
const POLL: Duration = Duration::from_millis(10);

/// Somebody at an API.
#[derive(Clone)]
pub(crate) struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
    base: String,
    token: Option<String>,
}

impl Client {
    /// Somebody who is not signed in.
    pub(crate) fn new(base: &str) -> Self {
        Self {
            pool: Pool::builder(TokioExecutor::new()).build_http(),
            base: base.to_owned(),
            token: None,
        }
    }

    /// Somebody new on a machine that has nobody yet: from the form to a session.
    pub(crate) async fn sign_up(base: &str) -> Result<Self> {
        let client = Self::new(base);
        let consent = client.get("/policies/processing-consent").await?;
        let texts = consent["texts"].as_array().into_iter().flatten();
        let english = texts.into_iter().find(|text| text["locale"] == "en");
        let english = english.ok_or("the consent has no English text")?;
        let tick = json!({
            "document": "processing-consent", "version": consent["version"],
            "sha256": english["sha256"], "locale": "en", "ticked": true,
        });
        let form = json!({
            "name": "Ada Lovelace", "email": EMAIL, "phone": "+442071838750",
            "company": "Analytical Engines", "position": "Archivist", "password": PASSWORD,
            "locale": "en", "consents": [tick],
        });
        client.post("/signup", &form).await?;
        let token = client.mailed_token().await?;
        client
            .post("/signup/verify", &json!({"token": token}))
            .await?;
        let credentials = json!({"email": EMAIL, "password": PASSWORD});
        let session = client.post("/sessions", &credentials).await?;
        Ok(Self {
            token: Some(text(&session["token"])?),
            ..client
        })
    }

    /// The secret of the link in the first letter.
    async fn mailed_token(&self) -> Result<String> {
        loop {
            let mailbox = self.page("/_local/mail").await?;
            if let Some(id) = between(&mailbox, "href=\"/_local/mail/", "\"") {
                let letter = self.page(&format!("/_local/mail/{id}")).await?;
                let token = between(&letter, "/confirm#signup=", "\"");
                return token.ok_or_else(|| "the letter has no link".into());
            }
            sleep(POLL).await;
        }
    }

    /// What proves who sends, for `Authorization`.
    pub(crate) fn authorization(&self) -> Option<String> {
        let token = self.token.as_ref()?;
        Some(format!("Bearer {token}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value> {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn page(&self, path: &str) -> Result<String> {
        let request = Request::get(format!("{}{path}", self.base)).body(Full::default())?;
        Ok(String::from_utf8(self.send(request).await?.into())?)
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if let Some(authorization) = self.authorization() {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let answer = self.send(request.body(Full::from(body))?).await?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_slice(&answer)?)
    }

    /// The body of a successful answer.
    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Bytes> {
        let told = format!("{} {}", request.method(), request.uri().path());
        let answer = self.pool.request(request).await?;
        let status = answer.status();
        let body = answer.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            let body = String::from_utf8_lossy(&body);
            return Err(format!("{told}: {status}: {body}").into());
        }
        Ok(body)
    }

    /// Uploads a JPEG as a browser does, and gives the asset's id.
    pub(crate) async fn upload(&self, picture: Bytes) -> Result<String> {
        let form = announced(picture.len(), &hex::encode(Sha256::digest(&picture)));
        let upload = self.post("/uploads", &form).await?;
        let put = &upload["put"];
        let mut request = Request::put(text(&put["url"])?);
        for (name, value) in put["headers"].as_object().into_iter().flatten() {
            request = request.header(name, text(value)?);
        }
        self.send(request.body(Full::from(picture))?).await?;
        let complete = format!("/uploads/{}/complete", text(&upload["id"])?);
        self.call(Method::POST, &complete, None).await?;
        text(&upload["asset_id"])
    }

    /// Waits until an asset has its labels.
    pub(crate) async fn labelled(&self, asset: &str) -> Result<()> {
        loop {
            let view = self.get(&format!("/assets/{asset}")).await?;
            match view["tagging"].as_str() {
                Some("pending") => sleep(POLL).await,
                Some("done") => return Ok(()),
                _ => return Err(format!("the picture was not labelled: {view}").into()),
            }
        }
    }
}

/// What `POST /uploads` wants to know of a JPEG.
pub(crate) fn announced(size_bytes: usize, sha256: &str) -> Value {
    json!({
        "name": "picture.jpg", "content_type": "image/jpeg",
        "size_bytes": size_bytes, "sha256": sha256,
    })
}

fn text(value: &Value) -> Result<String> {
    let text = value.as_str().ok_or("an answer lacks a text")?;
    Ok(text.to_owned())
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    let (found, _) = rest.split_once(after)?;
    Some(found.to_owned())
}
