//! SQS's wire format, AWS JSON 1.0.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::message::md5_hex;
use super::options::{MAX_VISIBILITY_TIMEOUT_S, is_name};
use super::store::{MAX_BYTES, Settings};
use super::{Depth, Message, NewMessage, Sqs};
use crate::edge::{parse, unknown_operation};
use crate::error::Error;
use crate::fault::Fault;

const MAX_BATCH: usize = 10;
const MAX_DELAY_S: u32 = 900;
const MAX_WAIT_S: u32 = 20;

/// Answers one call. Queue URLs are given under `host`, the request's `Host`.
pub(crate) async fn answer(
    sqs: &Sqs,
    operation: &str,
    body: &[u8],
    host: &str,
) -> Result<Value, Fault> {
    sqs.failures.check()?;
    match operation {
        "SendMessage" => send_message(sqs, read(body)?).await,
        "SendMessageBatch" => send_message_batch(sqs, read(body)?).await,
        "ReceiveMessage" => receive_message(sqs, read(body)?).await,
        "DeleteMessage" => delete_message(sqs, read(body)?).await,
        "DeleteMessageBatch" => delete_message_batch(sqs, read(body)?).await,
        "ChangeMessageVisibility" => change_message_visibility(sqs, read(body)?).await,
        "GetQueueUrl" => get_queue_url(sqs, read(body)?, host).await,
        "GetQueueAttributes" => get_queue_attributes(sqs, read(body)?).await,
        "StartMessageMoveTask" => start_message_move_task(sqs, read(body)?).await,
        _ => Err(unknown_operation(operation)),
    }
}

/// The code that SQS had for this error before it spoke JSON, by which SDKs still know it.
pub(crate) fn query_error(fault: &Fault) -> String {
    let side = if fault.is_senders() {
        "Sender"
    } else {
        "Receiver"
    };
    let code = match fault.code.as_ref() {
        "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue".to_owned(),
        code @ ("BatchEntryIdsNotDistinct"
        | "BatchRequestTooLong"
        | "EmptyBatchRequest"
        | "InvalidBatchEntryId"
        | "MessageNotInflight"
        | "TooManyEntriesInBatchRequest"
        | "UnsupportedOperation") => format!("AWS.SimpleQueueService.{code}"),
        code => code.to_owned(),
    };
    format!("{code};{side}")
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Fault> {
    parse(body, "InvalidParameterValue")
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendMessage {
    queue_url: String,
    message_body: String,
    delay_seconds: Option<u32>,
}

async fn send_message(sqs: &Sqs, request: SendMessage) -> Result<Value, Fault> {
    let queue = queue_of(sqs, &request.queue_url)?;
    let message = new_message(request.message_body, request.delay_seconds)?;
    let answer = json!({"MessageId": message.id, "MD5OfMessageBody": md5_hex(&message.body)});
    sqs.send_all(queue, vec![message]).await?;
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Batch<Entry> {
    queue_url: String,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SendEntry {
    id: String,
    message_body: String,
    delay_seconds: Option<u32>,
}

async fn send_message_batch(sqs: &Sqs, request: Batch<SendEntry>) -> Result<Value, Fault> {
    let queue = queue_of(sqs, &request.queue_url)?;
    check_batch(request.entries.iter().map(|entry| entry.id.as_str()))?;
    let bytes: usize = request
        .entries
        .iter()
        .map(|entry| entry.message_body.len())
        .sum();
    if bytes > MAX_BYTES {
        return Err(Fault::sender(
            "BatchRequestTooLong",
            format!("Batch requests cannot be longer than {MAX_BYTES} bytes."),
        ));
    }
    let (mut messages, mut successful, mut failed) = (vec![], vec![], vec![]);
    for entry in request.entries {
        match new_message(entry.message_body, entry.delay_seconds) {
            Ok(message) => {
                successful.push(json!({
                    "Id": entry.id,
                    "MessageId": message.id,
                    "MD5OfMessageBody": md5_hex(&message.body),
                }));
                messages.push(message);
            }
            Err(fault) => failed.push(failed_entry(&entry.id, &fault)),
        }
    }
    sqs.send_all(queue, messages).await?;
    Ok(json!({"Successful": successful, "Failed": failed}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ReceiveMessage {
    queue_url: String,
    max_number_of_messages: Option<u32>,
    visibility_timeout: Option<u32>,
    wait_time_seconds: Option<u32>,
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    /// Accepted, as SDKs and Lambda ask for all; messages here have none.
    #[serde(default, rename = "MessageAttributeNames")]
    _message_attribute_names: Vec<String>,
}

async fn receive_message(sqs: &Sqs, request: ReceiveMessage) -> Result<Value, Fault> {
    let queue = queue_of(sqs, &request.queue_url)?;
    let max = request.max_number_of_messages.unwrap_or(1);
    if !(1..=MAX_BATCH).contains(&(max as usize)) {
        return Err(out_of_range("MaxNumberOfMessages", 1, 10));
    }
    let wait = seconds("WaitTimeSeconds", request.wait_time_seconds, MAX_WAIT_S)?;
    let hidden_for = visibility_timeout(request.visibility_timeout)?;
    let messages = sqs
        .receive_hidden_for(queue, max as usize, wait.unwrap_or_default(), hidden_for)
        .await?;
    if messages.is_empty() {
        return Ok(json!({}));
    }
    let wanted: HashSet<String> = request
        .attribute_names
        .into_iter()
        .chain(request.message_system_attribute_names)
        .collect();
    let messages: Vec<Value> = messages
        .iter()
        .map(|message| received(message, &wanted))
        .collect();
    Ok(json!({ "Messages": messages }))
}

fn received(message: &Message, wanted: &HashSet<String>) -> Value {
    let mut answer = json!({
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "MD5OfBody": message.md5_of_body(),
        "Body": message.body,
    });
    let attributes: BTreeMap<_, _> = message
        .attributes()
        .into_iter()
        .filter(|(name, _)| wanted.contains("All") || wanted.contains(*name))
        .collect();
    if !attributes.is_empty() {
        answer["Attributes"] = json!(attributes);
    }
    answer
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteMessage {
    queue_url: String,
    receipt_handle: String,
}

async fn delete_message(sqs: &Sqs, request: DeleteMessage) -> Result<Value, Fault> {
    let queue = queue_of(sqs, &request.queue_url)?;
    sqs.delete(queue, &request.receipt_handle).await?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeleteEntry {
    id: String,
    receipt_handle: String,
}

async fn delete_message_batch(sqs: &Sqs, request: Batch<DeleteEntry>) -> Result<Value, Fault> {
    let queue = queue_of(sqs, &request.queue_url)?;
    check_batch(request.entries.iter().map(|entry| entry.id.as_str()))?;
    sqs.settings(queue).await?;
    let (mut successful, mut failed) = (vec![], vec![]);
    for entry in request.entries {
        match sqs.delete(queue, &entry.receipt_handle).await {
            Ok(()) => successful.push(json!({"Id": entry.id})),
            Err(error) => failed.push(failed_entry(&entry.id, &error.into())),
        }
    }
    Ok(json!({"Successful": successful, "Failed": failed}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ChangeMessageVisibility {
    queue_url: String,
    receipt_handle: String,
    visibility_timeout: u32,
}

async fn change_message_visibility(
    sqs: &Sqs,
    request: ChangeMessageVisibility,
) -> Result<Value, Fault> {
    let queue = queue_of(sqs, &request.queue_url)?;
    let after = visibility_timeout(Some(request.visibility_timeout))?.unwrap_or_default();
    sqs.make_visible(queue, &request.receipt_handle, after)
        .await?;
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetQueueUrl {
    queue_name: String,
}

async fn get_queue_url(sqs: &Sqs, request: GetQueueUrl, host: &str) -> Result<Value, Fault> {
    let settings = sqs.settings(&request.queue_name).await?;
    Ok(json!({"QueueUrl": sqs.queue_url(&format!("http://{host}"), &settings.name)}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct GetQueueAttributes {
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
}

async fn get_queue_attributes(sqs: &Sqs, request: GetQueueAttributes) -> Result<Value, Fault> {
    let queue = queue_of(sqs, &request.queue_url)?;
    let settings = sqs.settings(queue).await?;
    let all = queue_attributes(sqs, &settings, sqs.depth(queue).await?);
    let mut attributes = BTreeMap::new();
    for name in &request.attribute_names {
        match all.get(name.as_str()) {
            _ if name == "All" => attributes.clone_from(&all),
            Some(value) => {
                attributes.insert(name.as_str(), value.clone());
            }
            // A queue without dead letters has no such attribute, as in SQS.
            None if name == "RedrivePolicy" => {}
            None => {
                return Err(Fault::sender(
                    "InvalidAttributeName",
                    format!("Unknown Attribute {name}."),
                ));
            }
        }
    }
    Ok(json!({ "Attributes": attributes }))
}

fn queue_attributes(
    sqs: &Sqs,
    settings: &Settings,
    depth: Depth,
) -> BTreeMap<&'static str, String> {
    let mut attributes = BTreeMap::from([
        ("ApproximateNumberOfMessages", depth.visible.to_string()),
        (
            "ApproximateNumberOfMessagesNotVisible",
            depth.in_flight.to_string(),
        ),
        (
            "ApproximateNumberOfMessagesDelayed",
            depth.delayed.to_string(),
        ),
        ("QueueArn", sqs.queue_arn(&settings.name)),
        (
            "VisibilityTimeout",
            settings.visibility_timeout_s.to_string(),
        ),
        (
            "CreatedTimestamp",
            settings.created_at.as_second().to_string(),
        ),
        ("MaximumMessageSize", MAX_BYTES.to_string()),
        ("DelaySeconds", "0".to_owned()),
        ("ReceiveMessageWaitTimeSeconds", "0".to_owned()),
    ]);
    if let Some((dead_letter_queue, max_receive_count)) = &settings.redrive {
        let policy = json!({
            "deadLetterTargetArn": sqs.queue_arn(dead_letter_queue),
            "maxReceiveCount": max_receive_count,
        });
        attributes.insert("RedrivePolicy", policy.to_string());
    }
    attributes
}

/// Without `DestinationArn`: every message goes back to the queue that it came from.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct StartMessageMoveTask {
    source_arn: String,
    /// Accepted: here all move at once.
    #[serde(rename = "MaxNumberOfMessagesPerSecond")]
    _messages_per_second: Option<u32>,
}

async fn start_message_move_task(sqs: &Sqs, request: StartMessageMoveTask) -> Result<Value, Fault> {
    let queue = request.source_arn.rsplit(':').next().unwrap_or_default();
    if sqs.queue_arn(queue) != request.source_arn {
        return Err(Error::NoSuchQueue(request.source_arn).into());
    }
    if !sqs.takes_dead_letters(queue).await? {
        return Err(Fault::sender(
            "InvalidParameterValue",
            "Source queue must be configured as a Dead Letter Queue.",
        ));
    }
    sqs.redrive(queue).await?;
    Ok(json!({"TaskHandle": Uuid::new_v4().to_string()}))
}

/// The queue that a URL names by its last two segments, account and name.
fn queue_of<'url>(sqs: &Sqs, url: &'url str) -> Result<&'url str, Fault> {
    let mut segments = url.rsplit('/');
    match (segments.next(), segments.next()) {
        (Some(queue), Some(account)) if account == sqs.place.account => Ok(queue),
        _ => Err(Error::NoSuchQueue(url.to_owned()).into()),
    }
}

fn new_message(body: String, delay_s: Option<u32>) -> Result<NewMessage, Fault> {
    let delay = seconds("DelaySeconds", delay_s, MAX_DELAY_S)?.unwrap_or_default();
    Ok(NewMessage::new(body, delay)?)
}

fn visibility_timeout(value: Option<u32>) -> Result<Option<Duration>, Fault> {
    seconds("VisibilityTimeout", value, MAX_VISIBILITY_TIMEOUT_S)
}

fn seconds(name: &str, value: Option<u32>, max: u32) -> Result<Option<Duration>, Fault> {
    match value {
        Some(value) if value > max => Err(out_of_range(name, 0, max)),
        value => Ok(value.map(|value| Duration::from_secs(u64::from(value)))),
    }
}

fn out_of_range(name: &str, min: u32, max: u32) -> Fault {
    Fault::sender(
        "InvalidParameterValue",
        format!("{name} must be between {min} and {max}."),
    )
}

fn check_batch<'id>(ids: impl Iterator<Item = &'id str>) -> Result<(), Fault> {
    let ids: Vec<&str> = ids.collect();
    let distinct: HashSet<&str> = ids.iter().copied().collect();
    if ids.is_empty() {
        Err(Fault::sender("EmptyBatchRequest", "There are no entries."))
    } else if ids.len() > MAX_BATCH {
        Err(Fault::sender(
            "TooManyEntriesInBatchRequest",
            format!("Maximum number of entries per request are {MAX_BATCH}."),
        ))
    } else if distinct.len() < ids.len() {
        Err(Fault::sender(
            "BatchEntryIdsNotDistinct",
            "Two entries have one Id.",
        ))
    } else if !ids.iter().all(|id| is_name(id)) {
        Err(Fault::sender(
            "InvalidBatchEntryId",
            "An Id is not 1 to 80 letters, digits, hyphens and underscores.",
        ))
    } else {
        Ok(())
    }
}

fn failed_entry(id: &str, fault: &Fault) -> Value {
    json!({
        "Id": id,
        "SenderFault": fault.is_senders(),
        "Code": fault.code,
        "Message": fault.message,
    })
}
