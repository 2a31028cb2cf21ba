//! What SES publishes of a letter that it has stored
//! (SES developer guide, "Contents of notifications for Amazon SES email receiving").

use domain::time::Timestamp;
use serde::Deserialize;

use crate::{
    Error,
    envelope::{Envelope, Verdict, Verdicts},
};

/// SES's own ids are shorter.
const MAX_ID_CHARACTERS: usize = 128;

/// A letter that lies in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Announced {
    /// SES's id of the letter: the same in every notification of it.
    pub id: String,
    /// The object that holds it.
    pub object: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// What came around it.
    pub envelope: Envelope,
}

#[derive(Deserialize)]
struct Notification {
    mail: Mail,
    receipt: Receipt,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
    source: String,
    timestamp: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    action: Action,
    spam_verdict: Option<Status>,
    virus_verdict: Option<Status>,
    spf_verdict: Option<Status>,
    dkim_verdict: Option<Status>,
    dmarc_verdict: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    object_key: String,
}

#[derive(Deserialize)]
struct Status {
    status: Verdict,
}

/// Reads a notification.
///
/// # Errors
/// [`Error::Notification`] for anything else, and for an id that SES does not give.
pub(crate) fn read(body: &str) -> Result<Announced, Error> {
    // the parser's message could quote the letter's header
    let read: Notification = serde_json::from_str(body).map_err(|_| Error::Notification)?;
    let Notification { mail, receipt } = read;
    let of_ses = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let length = 1..=MAX_ID_CHARACTERS;
    if !length.contains(&mail.message_id.len()) || !mail.message_id.chars().all(of_ses) {
        return Err(Error::Notification);
    }
    let verdict = |status: Option<Status>| status.map(|status| status.status).unwrap_or_default();
    Ok(Announced {
        id: mail.message_id,
        object: receipt.action.object_key,
        received_at: mail.timestamp,
        envelope: Envelope {
            source: mail.source,
            verdicts: Verdicts {
                spam: verdict(receipt.spam_verdict),
                virus: verdict(receipt.virus_verdict),
                spf: verdict(receipt.spf_verdict),
                dkim: verdict(receipt.dkim_verdict),
                dmarc: verdict(receipt.dmarc_verdict),
            },
        },
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[test]
    fn a_notification_of_ses_is_read_and_nothing_else() {
        let mut notification = json!({
            "notificationType": "Received",
            "receipt": {
                "timestamp": "2026-11-22T10:00:00.000Z",
                "recipients": ["privacy@assetbox.example"],
                "spamVerdict": {"status": "PASS"},
                "virusVerdict": {"status": "DISABLED"},
                "dmarcVerdict": {"status": "GRAY"},
                "action": {"type": "S3", "bucketName": "b", "objectKey": "incoming/abc"},
            },
            "mail": {
                "timestamp": "2026-11-22T10:00:00.000Z",
                "source": "",
                "messageId": "abc",
                "headersTruncated": true,
            },
        });
        let read_it = |value: &serde_json::Value| read(&value.to_string());
        let announced = read_it(&notification).unwrap();
        assert_eq!(announced.object, "incoming/abc");
        let verdicts = announced.envelope.verdicts;
        assert_eq!(
            (verdicts.spam, verdicts.dmarc),
            (Verdict::Pass, Verdict::Gray)
        );
        // what is not known, was not passed
        assert_eq!(
            (verdicts.virus, verdicts.spf),
            (Verdict::ProcessingFailed, Verdict::ProcessingFailed)
        );
        notification["mail"]["messageId"] = json!("a#b");
        assert!(read_it(&notification).is_err());
        assert!(read("{}").is_err());
    }
}
