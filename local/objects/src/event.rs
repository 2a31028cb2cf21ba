//! Notifications of changes.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Value, json};

/// The names of events, as S3 writes them in its notifications.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html>
pub(crate) mod name {
    pub const PUT: &str = "ObjectCreated:Put";
    pub const POST: &str = "ObjectCreated:Post";
    pub const COPY: &str = "ObjectCreated:Copy";
    pub const COMPLETE: &str = "ObjectCreated:CompleteMultipartUpload";
    pub const REMOVED: &str = "ObjectRemoved:Delete";
    pub const MARKED: &str = "ObjectRemoved:DeleteMarkerCreated";

    const ALL: [&str; 6] = [PUT, POST, COPY, COMPLETE, REMOVED, MARKED];

    /// The constant that equals `name`.
    pub fn find(name: &str) -> Option<&'static str> {
        ALL.into_iter().find(|known| *known == name)
    }
}

/// One committed change of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEvent {
    /// What happened: `ObjectCreated:Put`, `ObjectCreated:Post`, `ObjectCreated:Copy`,
    /// `ObjectCreated:CompleteMultipartUpload`, `ObjectRemoved:Delete` or
    /// `ObjectRemoved:DeleteMarkerCreated`.
    pub event_name: &'static str,
    /// The bucket.
    pub bucket: String,
    /// The object's key, not encoded.
    pub key: String,
    /// The size in bytes; 0 for a removal.
    pub size: u64,
    /// The entity tag without quotes; empty for a removal.
    pub etag: String,
    /// The version, in a bucket that keeps versions.
    pub version_id: Option<String>,
    /// Orders the events of one key: compare as strings of equal length.
    pub sequencer: String,
    /// When the change was committed.
    pub time: Timestamp,
}

/// What S3 gives as the entity tag of a delete marker: the MD5 of nothing.
const EMPTY_ETAG: &str = "d41d8cd98f00b204e9800998ecf8427e";

impl ObjectEvent {
    /// The message that S3 sends for this event: version 2.1 of
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html>.
    pub fn to_s3_notification(&self, region: &str) -> Value {
        json!({"Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": region,
            "eventTime": self.time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            "eventName": self.event_name,
            "userIdentity": {"principalId": "AWS:LOCAL"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {
                "x-amz-request-id": self.sequencer,
                "x-amz-id-2": self.sequencer,
            },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "local",
                "bucket": {
                    "name": self.bucket,
                    "ownerIdentity": {"principalId": "LOCAL"},
                    "arn": format!("arn:aws:s3:::{}", self.bucket),
                },
                "object": self.object(),
            },
        }]})
    }

    fn object(&self) -> Value {
        let mut object = json!({
            "key": percent_encode(&self.key, "+"),
            "sequencer": self.sequencer,
        });
        if self.event_name == name::MARKED {
            object["eTag"] = json!(EMPTY_ETAG);
        } else if self.event_name != name::REMOVED {
            object["size"] = json!(self.size);
            object["eTag"] = json!(self.etag);
        }
        if let Some(version) = &self.version_id {
            object["versionId"] = json!(version);
        }
        object
    }
}

/// Percent-encodes a key as S3 does in notifications, listings (`space` is `+`) and addresses
/// (`space` is `%20`): all but unreserved characters and the slash.
pub(crate) fn percent_encode(key: &str, space: &str) -> String {
    let mut encoded = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' | b'/' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push_str(space),
            // Writing to a string can't fail.
            _ => _ = write!(encoded, "%{byte:02X}"),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(event_name: &'static str) -> ObjectEvent {
        ObjectEvent {
            event_name,
            bucket: "pictures".to_owned(),
            key: "originals/a b/ü(1)+.png".to_owned(),
            size: 1024,
            etag: "900150983cd24fb0d6963f7d28e17f72".to_owned(),
            version_id: Some("v1".to_owned()),
            sequencer: "00000000000000002A".to_owned(),
            time: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_creation_is_the_message_of_s3() {
        let expected = json!({"Records": [{
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": "eu-central-1",
            "eventTime": "1970-01-01T00:00:00.000Z",
            "eventName": "ObjectCreated:Put",
            "userIdentity": {"principalId": "AWS:LOCAL"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {
                "x-amz-request-id": "00000000000000002A",
                "x-amz-id-2": "00000000000000002A",
            },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "local",
                "bucket": {
                    "name": "pictures",
                    "ownerIdentity": {"principalId": "LOCAL"},
                    "arn": "arn:aws:s3:::pictures",
                },
                "object": {
                    "key": "originals/a+b/%C3%BC%281%29%2B.png",
                    "size": 1024,
                    "eTag": "900150983cd24fb0d6963f7d28e17f72",
                    "versionId": "v1",
                    "sequencer": "00000000000000002A",
                },
            },
        }]});
        assert_eq!(
            event(name::PUT).to_s3_notification("eu-central-1"),
            expected
        );
    }

    #[test]
    fn a_removal_has_no_size() {
        let message = event(name::REMOVED).to_s3_notification("eu-central-1");
        let object = &message["Records"][0]["s3"]["object"];
        assert!(object.get("size").is_none());
        assert!(object.get("eTag").is_none());

        let message = event(name::MARKED).to_s3_notification("eu-central-1");
        let object = &message["Records"][0]["s3"]["object"];
        assert!(object.get("size").is_none());
        assert_eq!(object["eTag"], EMPTY_ETAG);
    }
}
