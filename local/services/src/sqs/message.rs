//! A received message and its form in a Lambda event.

use std::collections::BTreeMap;

use jiff::Timestamp;
use md5::{Digest, Md5};
use serde_json::{Value, json};

/// A message as one receive gave it.
#[derive(Clone)]
pub struct Message {
    /// The id that sending gave it.
    pub id: String,
    /// What deletes this message or changes its visibility, until it is received again.
    pub receipt: String,
    /// The text that was sent.
    pub body: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it was first received from this queue.
    pub first_received_at: Timestamp,
    /// How often it has been received from this queue, this time included.
    pub receive_count: u32,
    /// In a dead-letter queue, the ARN of the queue that it came from.
    pub dead_letter_source: Option<String>,
    /// The account that sent it.
    pub(super) sender: String,
}

impl Message {
    /// The system attributes, as SQS and Lambda name and write them.
    #[must_use]
    pub fn attributes(&self) -> BTreeMap<&'static str, String> {
        let mut attributes = BTreeMap::from([
            ("ApproximateReceiveCount", self.receive_count.to_string()),
            ("SentTimestamp", self.sent_at.as_millisecond().to_string()),
            ("SenderId", self.sender.clone()),
            (
                "ApproximateFirstReceiveTimestamp",
                self.first_received_at.as_millisecond().to_string(),
            ),
        ]);
        if let Some(source) = &self.dead_letter_source {
            attributes.insert("DeadLetterQueueSourceArn", source.clone());
        }
        attributes
    }

    /// The MD5 of the body in lower-case hex, by which SDKs check what they received.
    #[must_use]
    pub fn md5_of_body(&self) -> String {
        md5_hex(&self.body)
    }

    /// One element of the `Records` of the event that Lambda makes from a queue
    /// (Lambda developer guide, "Using Lambda with Amazon SQS").
    #[must_use]
    pub fn to_lambda_record(&self, queue_arn: &str, region: &str) -> Value {
        json!({
            "messageId": self.id,
            "receiptHandle": self.receipt,
            "body": self.body,
            "attributes": self.attributes(),
            "messageAttributes": {},
            "md5OfBody": self.md5_of_body(),
            "eventSource": "aws:sqs",
            "eventSourceARN": queue_arn,
            "awsRegion": region,
        })
    }
}

pub(super) fn md5_hex(text: &str) -> String {
    hex::encode(Md5::digest(text.as_bytes()))
}
