//! What was deployed, and the stand-ins of what the emulator does not have: Rekognition and the
//! payment providers, on the ports that the deployment was told.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use assetbox_tests::http::{Anonymous, Client, Http};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_types::SdkConfig;
use futures::FutureExt;
use local_provider::{Options, ProviderStandIn};
use local_vision::{Fetch, FetchError, Vision};
use platform::{Clock, Env};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::aws::Aws;

/// The slowest thing here is a model that reads a picture on a slow computer.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at something that will come.
const LOOK_AGAIN: Duration = Duration::from_millis(150);

/// What `infra/deployed/deploy.py` tells.
#[derive(Deserialize)]
pub struct Told {
    pub emulator: String,
    pub region: String,
    pub api_url: String,
    pub web_origin: String,
    pub staff: String,
    pub secret: Value,
    pub names: BTreeMap<String, String>,
    pub types: BTreeMap<String, String>,
    rekognition_port: u16,
    provider_port: u16,
}

/// The deployment under test.
pub struct Deployment {
    pub told: Told,
    pub aws: Aws,
    pub sdk: SdkConfig,
    pub provider: ProviderStandIn,
    http: Http,
    // the provider's state goes with the test
    _folder: tempfile::TempDir,
}

impl Deployment {
    /// Takes up what `ASSETBOX_DEPLOYMENT` names; the stand-ins end with the test.
    pub async fn open() -> Self {
        let path = std::env::var("ASSETBOX_DEPLOYMENT").expect("infra/deployed/run.sh sets it");
        let told: Told = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let sdk = platform::aws::config().await;
        let folder = tempfile::tempdir().unwrap();
        let provider = provider(&told, &folder).await;
        serve(told.provider_port, provider.router()).await;
        let vision = Vision::start(fetch(s3_of(&sdk)));
        serve(told.rekognition_port, vision.router()).await;
        let http = Http::default();
        Self {
            aws: Aws::new(http.clone(), &told.emulator, &told.region),
            told,
            sdk,
            provider,
            http,
            _folder: folder,
        }
    }

    /// Sends to addresses that are not the API's.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// Somebody who is not signed in.
    pub fn anonymous(&self) -> Client<Anonymous> {
        Client {
            http: self.http.clone(),
            base: self.told.api_url.clone(),
            caller: Anonymous,
            user_agent: "assetbox-tests".to_owned(),
        }
    }

    /// The physical name of a resource, by its logical id; a queue's is its URL.
    pub fn name(&self, id: &str) -> &str {
        &self.told.names[id]
    }

    /// How a function was really set up.
    async fn configuration(&self, function: &str) -> Value {
        let path = format!(
            "/2015-03-31/functions/{}/configuration",
            self.name(function)
        );
        self.aws.rest("lambda", "GET", &path, None).await
    }

    /// The variables that a function really got.
    pub async fn environment(&self, function: &str) -> Env {
        let configuration = self.configuration(function).await;
        let variables = configuration["Environment"]["Variables"]
            .as_object()
            .unwrap()
            .clone();
        Env::of(
            variables
                .into_iter()
                .map(|(name, value)| (name, value.as_str().unwrap().to_owned())),
        )
    }

    /// What a function has logged.
    pub async fn log(&self, function: &str) -> Vec<String> {
        let group = self.configuration(function).await["LoggingConfig"]["LogGroup"].clone();
        let mut lines = Vec::new();
        let mut wanted = json!({"logGroupName": group});
        loop {
            let page = self
                .aws
                .json(("logs", "Logs_20140328.FilterLogEvents"), &wanted)
                .await;
            let events = page["events"].as_array().unwrap();
            lines.extend(
                events
                    .iter()
                    .map(|event| event["message"].as_str().unwrap().to_owned()),
            );
            if page["nextToken"].is_null() {
                return lines;
            }
            wanted["nextToken"] = page["nextToken"].clone();
        }
    }

    /// The buckets.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        s3_of(&self.sdk)
    }

    /// The tables.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.sdk)
    }

    /// Every item of a table.
    pub async fn items(&self, table: &str) -> Vec<Value> {
        let scan = self.dynamodb().scan().table_name(self.name(table));
        let mut items = Vec::new();
        let mut pages = scan.into_paginator().send();
        while let Some(page) = pages.next().await {
            items.extend(
                page.unwrap()
                    .items()
                    .iter()
                    .map(|item| shown(&AttributeValue::M(item.clone()))),
            );
        }
        items
    }

    /// The test's own hand: sets an attribute of an item, which may lie in a map.
    pub async fn set(&self, table: &str, (pk, sk): (&str, &str), path: &[&str], value: &str) {
        let names: Vec<String> = (0..path.len()).map(|at| format!("#a{at}")).collect();
        let mut update = self.dynamodb().update_item().table_name(self.name(table));
        for (placeholder, name) in names.iter().zip(path) {
            update = update.expression_attribute_names(placeholder, *name);
        }
        update
            .key("pk", AttributeValue::S(pk.to_owned()))
            .key("sk", AttributeValue::S(sk.to_owned()))
            .update_expression(format!("SET {} = :value", names.join(".")))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":value", AttributeValue::S(value.to_owned()))
            .send()
            .await
            .unwrap();
    }

    /// The keys of every version and marker in a bucket.
    pub async fn versions(&self, bucket: &str) -> Vec<String> {
        let list = self.s3().list_object_versions().bucket(self.name(bucket));
        let mut keys = Vec::new();
        let mut marker: (Option<String>, Option<String>) = (None, None);
        loop {
            let page = list
                .clone()
                .set_key_marker(marker.0)
                .set_version_id_marker(marker.1);
            let page = page.send().await.unwrap();
            keys.extend(
                page.versions()
                    .iter()
                    .filter_map(|version| version.key().map(str::to_owned)),
            );
            keys.extend(
                page.delete_markers()
                    .iter()
                    .filter_map(|marker| marker.key().map(str::to_owned)),
            );
            if page.is_truncated() != Some(true) {
                return keys;
            }
            marker = (page.next_key_marker, page.next_version_id_marker);
        }
    }
}

/// Looks until there is something.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what}: not in {PATIENCE:?}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// A value of a table as plain JSON.
fn shown(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => json!(text),
        AttributeValue::Bool(value) => json!(value),
        AttributeValue::M(map) => map
            .iter()
            .map(|(name, value)| (name.clone(), shown(value)))
            .collect(),
        AttributeValue::L(list) => list.iter().map(shown).collect(),
        AttributeValue::Null(_) => Value::Null,
        other => json!(format!("{other:?}")),
    }
}

fn s3_of(sdk: &SdkConfig) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(sdk).force_path_style(true);
    aws_sdk_s3::Client::from_conf(config.build())
}

async fn serve(port: u16, router: axum::Router) {
    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .expect("the stand-in's port");
    tokio::spawn(async move { axum::serve(listener, router).await });
}

async fn provider(told: &Told, folder: &tempfile::TempDir) -> ProviderStandIn {
    let key = |pointer: &str| {
        told.secret
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap()
            .to_owned()
    };
    let options = Options {
        webhook_base_url: told.api_url.clone(),
        page_base_url: format!("http://127.0.0.1:{}", told.provider_port),
        stripe_secret: key("/stripe/webhook_secrets/0"),
        stripe_api_key: key("/stripe/api_key"),
        yookassa_shop: key("/yookassa/shop_id"),
        yookassa_key: key("/yookassa/secret_key"),
        clock: Arc::new(|| Clock::system().now()),
        data: folder.path().to_owned(),
    };
    ProviderStandIn::start(options).await.unwrap()
}

/// Rekognition reads pictures from the emulator's buckets.
fn fetch(s3: aws_sdk_s3::Client) -> Fetch {
    Arc::new(move |bucket, key, version| {
        let request = s3
            .get_object()
            .bucket(bucket)
            .key(key)
            .set_version_id(version);
        async move {
            let object = request.send().await.map_err(|_| FetchError::NotFound)?;
            let body = object.body.collect().await;
            Ok(body
                .map_err(|error| FetchError::Store(error.to_string()))?
                .into_bytes())
        }
        .boxed()
    })
}
