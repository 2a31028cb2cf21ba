//! `AWS::SQS::Queue` and `AWS::KMS::Key`.

use serde::Deserialize;

use super::TemplateError;
use super::model::{Key, KeyUse, Queue, Redrive};
use super::properties::Known;
use super::resolve::Scope;

const QUEUE: Known = Known {
    honoured: &["RedrivePolicy", "VisibilityTimeout"],
    without_effect: &[
        "KmsDataKeyReusePeriodSeconds",
        "KmsMasterKeyId",
        "MessageRetentionPeriod",
        "QueueName",
        "ReceiveMessageWaitTimeSeconds",
        "RedriveAllowPolicy",
        "SqsManagedSseEnabled",
        "Tags",
    ],
};

const KEY: Known = Known {
    honoured: &["KeySpec", "KeyUsage"],
    without_effect: &[
        "Description",
        "Enabled",
        "EnableKeyRotation",
        "KeyPolicy",
        "MultiRegion",
        "PendingWindowInDays",
        "RotationPeriodInDays",
        "Tags",
    ],
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueProperties {
    /// SQS's default is 30 s.
    #[serde(default = "default_visibility_timeout")]
    visibility_timeout: u32,
    redrive_policy: Option<RedrivePolicy>,
}

fn default_visibility_timeout() -> u32 {
    30
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RedrivePolicy {
    dead_letter_target_arn: String,
    max_receive_count: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct KeyProperties {
    key_spec: Option<String>,
    key_usage: Option<String>,
}

pub(super) fn read(scope: &Scope<'_>, id: &str) -> Result<Queue, TemplateError> {
    let properties: QueueProperties = QUEUE.read(scope, scope.document.properties(id), id)?;
    let redrive = properties.redrive_policy.map(|policy| {
        Ok(Redrive {
            queue: scope.queue_by_arn(&policy.dead_letter_target_arn, id)?,
            max_receive_count: policy.max_receive_count,
        })
    });
    Ok(Queue {
        id: id.to_owned(),
        name: scope.physical_name(id)?,
        visibility_timeout_s: properties.visibility_timeout,
        redrive: redrive.transpose()?,
    })
}

/// A queue is made after the one that its redrive policy names.
pub(super) fn put_dead_letter_queues_first(queues: &mut [Queue]) {
    queues.sort_by_key(|queue| queue.redrive.is_some());
}

pub(super) fn key(scope: &Scope<'_>, id: &str) -> Result<Key, TemplateError> {
    let properties: KeyProperties = KEY.read(scope, scope.document.properties(id), id)?;
    let spec = properties
        .key_spec
        .as_deref()
        .unwrap_or("SYMMETRIC_DEFAULT");
    let usage = properties.key_usage.as_deref().unwrap_or("ENCRYPT_DECRYPT");
    let key_use = match (spec, usage) {
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT") => KeyUse::Encrypt,
        ("ECC_NIST_EDWARDS25519", "SIGN_VERIFY") => KeyUse::SignEd25519,
        _ => {
            let reason = format!("a key for {usage} with {spec} is not understood");
            return Err(TemplateError::new(id, reason));
        }
    };
    Ok(Key {
        id: id.to_owned(),
        alias: scope.key_alias(id)?,
        key_use,
    })
}

impl Scope<'_> {
    /// The physical name of the template's queue that has this ARN.
    pub(super) fn queue_by_arn(&self, arn: &str, at: &str) -> Result<String, TemplateError> {
        let id = self.id_by_arn("AWS::SQS::Queue", arn).ok_or_else(|| {
            TemplateError::new(at, format!("{arn} is not a queue of this template"))
        })?;
        self.physical_name(id)
    }
}
