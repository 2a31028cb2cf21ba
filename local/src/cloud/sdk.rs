//! SDK configurations that lead to this machine. Production code sees ordinary ones.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::sdk_config::SharedCredentialsProvider;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use local_vision::{Fetch, FetchError};

use super::REGION;
use super::client::Wire;

/// The endpoint of each service, by the id that its SDK asks with.
#[derive(Debug, Clone)]
pub(super) struct Endpoints(BTreeMap<&'static str, String>);

impl Endpoints {
    pub(super) fn new(database: u16, objects: u16, services: u16, vision: u16) -> Self {
        let ports = [
            ("DynamoDB", database),
            ("S3", objects),
            ("SQS", services),
            ("SES", services),
            ("KMS", services),
            ("Secrets Manager", services),
            ("Rekognition", vision),
        ];
        let endpoints = ports.map(|(service, port)| (service, format!("http://127.0.0.1:{port}")));
        Self(endpoints.into())
    }
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let asks_for_endpoint = key.env() == "AWS_ENDPOINT_URL";
        self.0
            .get(key.service_id())
            .filter(|_| asks_for_endpoint)
            .cloned()
    }
}

/// The SDKs wait about a second before they repeat a call; the services of this machine recover
/// at once.
const FIRST_BACKOFF: Duration = Duration::from_millis(20);

pub(super) fn config(
    caller: &str,
    wire: &Wire,
    endpoints: &Endpoints,
    (access_key, secret_key): (&str, &str),
) -> SdkConfig {
    let credentials = Credentials::new(access_key, secret_key, None, None, "assetbox");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(wire.client(caller))
        .retry_config(RetryConfig::standard().with_initial_backoff(FIRST_BACKOFF))
        .service_config(endpoints.clone())
        .build()
}

/// How the Rekognition stand-in reads pictures: over S3, as Rekognition does.
pub(super) fn fetch_with(config: &SdkConfig) -> Fetch {
    let config = aws_sdk_s3::config::Builder::from(config).force_path_style(true);
    let client = aws_sdk_s3::Client::from_conf(config.build());
    Arc::new(move |bucket, key, version| {
        let request = client
            .get_object()
            .bucket(bucket)
            .key(key)
            .set_version_id(version);
        Box::pin(async move {
            let object = request.send().await.map_err(|error| {
                let missing = error
                    .raw_response()
                    .is_some_and(|raw| raw.status().as_u16() == 404);
                if missing {
                    FetchError::NotFound
                } else {
                    FetchError::Store(error.to_string())
                }
            })?;
            let body = object.body.collect().await;
            Ok(body
                .map_err(|error| FetchError::Store(error.to_string()))?
                .into_bytes())
        })
    })
}
