//! Secrets Manager's wire format, AWS JSON 1.1.

use std::collections::BTreeSet;

use axum::body::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{CURRENT, Secrets, Version};
use crate::edge::{parse, unknown_operation};
use crate::error::Error;
use crate::fault::Fault;

/// Secrets Manager's limit for one value, in bytes.
const MAX_BYTES: usize = 65_536;

/// Answers one call.
pub(crate) async fn answer(
    secrets: &Secrets,
    operation: &str,
    body: Bytes,
) -> Result<Value, Fault> {
    secrets.failures.check()?;
    match operation {
        "GetSecretValue" => get_secret_value(secrets, read(&body)?),
        "PutSecretValue" => {
            let (secrets, request) = (secrets.clone(), read(&body)?);
            tokio::task::spawn_blocking(move || put_secret_value(&secrets, request))
                .await
                .map_err(Error::from)?
        }
        _ => Err(unknown_operation(operation)),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    parse(body, "InvalidParameterException")
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetSecretValue {
    secret_id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
}

fn get_secret_value(secrets: &Secrets, request: GetSecretValue) -> Result<Value, Fault> {
    let stage = match (&request.version_id, request.version_stage) {
        (Some(_), stage) => stage,
        (None, stage) => Some(stage.unwrap_or_else(|| CURRENT.to_owned())),
    };
    let wanted = |version: &Version| {
        request
            .version_id
            .as_ref()
            .is_none_or(|id| *id == version.id)
            && stage
                .as_ref()
                .is_none_or(|stage| version.stages.contains(stage))
    };
    let label = request.version_id.as_ref().or(stage.as_ref());
    let label = label.map_or(CURRENT, String::as_str);
    let (secret, version) = secrets.with_version(&request.secret_id, wanted, label)?;
    Ok(json!({
        "ARN": secrets.arn(&secret),
        "Name": secret.name,
        "VersionId": version.id,
        "SecretString": version.value,
        "VersionStages": version.stages,
        "CreatedDate": version.created_at.as_second(),
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PutSecretValue {
    secret_id: String,
    secret_string: String,
    client_request_token: Option<String>,
    version_stages: Option<BTreeSet<String>>,
}

fn put_secret_value(secrets: &Secrets, request: PutSecretValue) -> Result<Value, Fault> {
    if !(1..=MAX_BYTES).contains(&request.secret_string.len()) {
        return Err(Fault::sender(
            "InvalidParameterException",
            format!("SecretString is not 1 to {MAX_BYTES} bytes long."),
        ));
    }
    let version = Version {
        id: request
            .client_request_token
            .unwrap_or_else(|| Uuid::new_v4().to_string()),
        value: request.secret_string,
        created_at: Timestamp::now(),
        stages: request
            .version_stages
            .unwrap_or_else(|| BTreeSet::from([CURRENT.to_owned()])),
    };
    if version.stages.is_empty() {
        return Err(Fault::sender(
            "InvalidParameterException",
            "VersionStages is empty.",
        ));
    }
    let id = version.id.clone();
    let secret = secrets.put(&request.secret_id, version)?;
    let stages = secret
        .versions
        .iter()
        .find(|version| version.id == id)
        .map(|version| &version.stages);
    Ok(json!({
        "ARN": secrets.arn(&secret),
        "Name": secret.name,
        "VersionId": id,
        "VersionStages": stages,
    }))
}
