//! Events as AWS sends them, for handing a function the same one twice, late or in another order.

use serde_json::{Value, json};

use crate::TestMachine;

/// An SQS event with one message for each body
/// (Lambda developer guide, "Using Lambda with Amazon SQS").
pub fn sqs(machine: &TestMachine, queue: &str, bodies: &[String]) -> Value {
    let arn = machine.services().sqs().queue_arn(&machine.name_of(queue));
    let records = bodies.iter().enumerate().map(|(index, body)| {
        json!({
            "messageId": format!("059f36b4-87a3-44ab-83d2-{index:012}"),
            "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": "1545082649183",
                "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                "ApproximateFirstReceiveTimestamp": "1545082649185",
            },
            "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
            "eventSource": "aws:sqs",
            "eventSourceARN": arn,
            "awsRegion": "eu-central-1",
        })
    });
    json!({"Records": records.collect::<Vec<_>>()})
}

/// The body in which a bucket tells of a new object
/// (S3 user guide, "Event message structure").
pub fn object_created(machine: &TestMachine, key: &str, sequencer: &str) -> String {
    let bucket = machine.name_of("AssetsBucket");
    json!({"Records": [{
        "eventVersion": "2.3",
        "eventSource": "aws:s3",
        "awsRegion": "eu-central-1",
        "eventTime": "2026-11-22T10:00:00.000Z",
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "AWS:AIDAJDPLRKLG7UEXAMPLE"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "originals",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": "A3NL1KOZZKExample"},
                "arn": format!("arn:aws:s3:::{bucket}"),
            },
            "object": {
                "key": form_urlencoded::byte_serialize(key.as_bytes()).collect::<String>(),
                "size": 1024,
                "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                "versionId": "096fKKXTRTtl3on89fVO.nfljtsv6qko",
                "sequencer": sequencer,
            },
        },
    }]})
    .to_string()
}

/// A schedule's event (EventBridge Scheduler without an `Input`).
pub fn scheduled() -> Value {
    json!({
        "version": "0",
        "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "000000000000",
        "time": "2026-11-22T10:00:00Z",
        "region": "eu-central-1",
        "resources": ["arn:aws:scheduler:eu-central-1:000000000000:schedule/default/tick"],
        "detail": "{}",
    })
}

/// The keys of an asset's objects.
pub fn object_key(kind: &str, workspace: &str, asset: &str) -> String {
    format!("{kind}/{workspace}/{asset}/1")
}
