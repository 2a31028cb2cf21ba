//! `AWS::S3::Bucket`.

use serde::Deserialize;

use super::TemplateError;
use super::model::{Bucket, Notification, ObjectLock};
use super::properties::Known;
use super::resolve::Scope;

const KNOWN: Known = Known {
    honoured: &[
        "CorsConfiguration",
        "NotificationConfiguration",
        "ObjectLockConfiguration",
        "ObjectLockEnabled",
        "VersioningConfiguration",
    ],
    without_effect: &[
        "AccessControl",
        "BucketEncryption",
        "BucketName",
        "IntelligentTieringConfigurations",
        "InventoryConfigurations",
        // Old data goes by the functions' own work; lifecycle rules are hygiene in the cloud.
        "LifecycleConfiguration",
        "LoggingConfiguration",
        "MetricsConfigurations",
        "OwnershipControls",
        "PublicAccessBlockConfiguration",
        "Tags",
    ],
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    versioning_configuration: Option<Versioning>,
    #[serde(default)]
    object_lock_enabled: bool,
    object_lock_configuration: Option<LockConfiguration>,
    cors_configuration: Option<CorsConfiguration>,
    notification_configuration: Option<Notifications>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Versioning {
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LockConfiguration {
    rule: Option<LockRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct LockRule {
    default_retention: Retention,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Retention {
    days: Option<u32>,
    years: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CorsConfiguration {
    cors_rules: Vec<CorsRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CorsRule {
    allowed_origins: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Notifications {
    #[serde(default)]
    queue_configurations: Vec<QueueConfiguration>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct QueueConfiguration {
    event: String,
    queue: String,
    filter: Option<NotificationFilter>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NotificationFilter {
    #[serde(rename = "S3Key")]
    s3_key: KeyFilter,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct KeyFilter {
    rules: Vec<KeyRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct KeyRule {
    name: String,
    value: String,
}

pub(super) fn read(scope: &Scope<'_>, id: &str) -> Result<Bucket, TemplateError> {
    let properties: Properties = KNOWN.read(scope, scope.document.properties(id), id)?;
    let rules = properties
        .cors_configuration
        .into_iter()
        .flat_map(|cors| cors.cors_rules);
    let notifications = properties
        .notification_configuration
        .into_iter()
        .flat_map(|notifications| notifications.queue_configurations);
    Ok(Bucket {
        id: id.to_owned(),
        name: scope.physical_name(id)?,
        versioned: properties.object_lock_enabled
            || properties
                .versioning_configuration
                .is_some_and(|versioning| versioning.status == "Enabled"),
        object_lock: object_lock(properties.object_lock_configuration, id)?,
        cors_origins: rules.flat_map(|rule| rule.allowed_origins).collect(),
        notifications: notifications
            .map(|configuration| notification(scope, id, configuration))
            .collect::<Result<_, _>>()?,
    })
}

fn object_lock(
    configuration: Option<LockConfiguration>,
    at: &str,
) -> Result<ObjectLock, TemplateError> {
    let Some(rule) = configuration.and_then(|configuration| configuration.rule) else {
        return Ok(ObjectLock::Off);
    };
    match (rule.default_retention.days, rule.default_retention.years) {
        (Some(days), None) => Ok(ObjectLock::Days(days)),
        (None, Some(years)) => Ok(ObjectLock::Days(years.saturating_mul(365))),
        _ => Err(TemplateError::new(
            at,
            "DefaultRetention takes Days or Years",
        )),
    }
}

fn notification(
    scope: &Scope<'_>,
    id: &str,
    configuration: QueueConfiguration,
) -> Result<Notification, TemplateError> {
    let queue = scope.queue_by_arn(&configuration.queue, id)?;
    let (mut prefix, mut suffix) = (String::new(), String::new());
    for rule in configuration
        .filter
        .into_iter()
        .flat_map(|filter| filter.s3_key.rules)
    {
        match rule.name.to_lowercase().as_str() {
            "prefix" => prefix = rule.value,
            "suffix" => suffix = rule.value,
            other => {
                return Err(TemplateError::new(
                    id,
                    format!("the key rule {other} is not understood"),
                ));
            }
        }
    }
    Ok(Notification {
        event: configuration.event,
        queue,
        prefix,
        suffix,
    })
}
