//! What comes back of letters: bounces, complaints and the like, as SES publishes them
//! for a configuration set (<https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>),
//! through a topic with raw delivery and a queue.
//!
//! A report names addresses. They are neither read nor kept: every letter carries, as
//! tags of its message, who it went to and the keyed hash of their address.
//!
//! - A permanent bounce: the address can't be reached; nothing is sent there for a while.
//! - A complaint: the consent to marketing is withdrawn, the address suppressed for it.
//! - Anything else is counted, and a letter that SES took for a virus is an alarm.

use aws_lambda_events::sqs::SqsMessage;
use domain::{consequence::Recipient, ids::SubjectId, ledger::Entry, processing::Actor};
use futures::FutureExt;
use platform::{
    lambda::{self, InvalidEvent},
    metrics::{self, Metric},
};
use serde::Deserialize;
use serde_json::Value;
use store::{
    StoreError,
    lookup::LookupHash,
    people::{MailReport, note_complaint, note_undeliverable},
    personal::{GateError, Person},
};

use crate::App;

/// How many reports are handled at a time.
const AT_ONCE: usize = 5;
/// What SES publishes once, when it is connected to a topic: no JSON, and no letter's.
const CONNECTED: &str = "Successfully validated SNS topic for Amazon SES event publishing.";
/// SES has sent nothing, because the address is on its own list of the whole account.
const ON_ACCOUNT_LIST: &str = "OnAccountSuppressionList";

/// Why a report must come again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not what SES publishes. What is wrong with it is not said: that could
    /// quote an address.
    #[error("the message is not an event of SES")]
    NotAReport,
    /// The person's data.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

#[derive(Deserialize)]
#[serde(tag = "eventType")]
enum Report {
    Bounce {
        bounce: Bounce,
        mail: Mail,
    },
    Complaint {
        complaint: Complaint,
        mail: Mail,
    },
    Reject {
        mail: Mail,
    },
    /// What may come when somebody switches more types of events on: deliveries, delays.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: BounceType,
    #[serde(default)]
    bounce_sub_type: String,
    feedback_id: String,
}

#[derive(Deserialize, PartialEq, Eq)]
enum BounceType {
    Permanent,
    /// `Transient`, or `Undetermined`: SES can't tell.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    feedback_id: String,
    complaint_sub_type: Option<String>,
    complaint_feedback_type: Option<String>,
}

impl Complaint {
    /// The reader complains about this letter. Not so when they take a complaint back,
    /// or when SES only repeats what it has on its list.
    fn is_one(&self) -> bool {
        self.complaint_feedback_type.as_deref() != Some("not-spam")
            && self.complaint_sub_type.as_deref() != Some(ON_ACCOUNT_LIST)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
    #[serde(default)]
    tags: Tags,
}

/// The tags of [`tags`]; SES gives each a list of values, and adds some of its own.
#[derive(Deserialize, Default)]
struct Tags {
    #[serde(default)]
    person: Vec<SubjectId>,
    #[serde(default)]
    address: Vec<LookupHash>,
}

/// What a letter carries, so that a report of it needs no look-up by address. Nothing
/// for an address that is not, or no longer, the person's own: there is nothing to keep
/// about it.
pub fn tags(person: &Person, to: Recipient) -> Vec<(&'static str, String)> {
    match to {
        Recipient::OnFile => vec![
            ("person", person.subject().to_string()),
            ("address", person.record().login.to_string()),
        ],
        Recipient::Pending | Recipient::Former => Vec::new(),
    }
}

/// Handles an SQS event, each report by itself.
///
/// # Errors
/// [`InvalidEvent`] when it is none.
pub async fn handle(app: &App, event: Value) -> Result<Value, InvalidEvent> {
    lambda::messages(event, AT_ONCE, |message| async move {
        // boxed: its type nests deeper than the compiler looks
        take(app, message).boxed().await
    })
    .await
}

async fn take(app: &App, message: SqsMessage) -> Result<(), Error> {
    let body = message.body.unwrap_or_default();
    if body == CONNECTED {
        return Ok(());
    }
    let report: Report = serde_json::from_str(&body).map_err(|_| Error::NotAReport)?;
    match report {
        Report::Bounce { bounce, mail } => bounced(app, bounce, mail).await,
        Report::Complaint { complaint, mail } => complained(app, complaint, mail).await,
        Report::Reject { mail } => {
            let letter = mail.message_id;
            platform::alarm!(
                "mail_rejected",
                letter,
                "SES found a virus in a letter of ours"
            );
            Ok(())
        }
        Report::Other => Ok(()),
    }
}

async fn bounced(app: &App, bounce: Bounce, mail: Mail) -> Result<(), Error> {
    let (letter, kind) = (mail.message_id.clone(), bounce.bounce_sub_type);
    let permanent = bounce.bounce_type == BounceType::Permanent;
    let entry = entry(app, "letter.bounced", "4.5", &mail).with_fact("kind", &kind);
    if permanent && let Some(report) = report(mail, bounce.feedback_id, entry) {
        note_undeliverable(&app.db, &report, app.clock.now()).await?;
    }
    metrics::record(Metric::MailBounced, 1);
    tracing::info!(letter, permanent, kind, "a letter came back");
    Ok(())
}

async fn complained(app: &App, complaint: Complaint, mail: Mail) -> Result<(), Error> {
    let letter = mail.message_id.clone();
    if !complaint.is_one() {
        tracing::info!(letter, "a report that is no complaint");
        return Ok(());
    }
    let entry = entry(app, "letter.complained_about", "4.10", &mail);
    if let Some(report) = report(mail, complaint.feedback_id, entry) {
        note_complaint(&app.db, &app.gate, &report, app.clock.now()).await?;
    }
    metrics::record(Metric::MailComplained, 1);
    tracing::info!(letter, "a letter was complained about");
    Ok(())
}

/// The ledger names the letter as its entry `letter.sent` does.
fn entry(app: &App, event: &str, clause: &str, mail: &Mail) -> Entry {
    Entry::new(app.clock.now(), Actor::System, event, clause)
        .with_fact("ses_message_id", &mail.message_id)
}

fn report(mail: Mail, id: String, entry: Entry) -> Option<MailReport> {
    Some(MailReport {
        id,
        subject: mail.tags.person.first().copied()?,
        login: mail.tags.address.into_iter().next()?,
        entry,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use proptest::prelude::{any, proptest};

    use super::*;

    /// The documentation's example of a bounce, with our tags
    /// (<https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html>).
    const BOUNCE: &str = r#"{
        "eventType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [{
                "emailAddress": "recipient@example.com",
                "action": "failed",
                "status": "5.1.1",
                "diagnosticCode": "smtp; 550 5.1.1 user unknown"
            }],
            "timestamp": "2017-08-05T00:41:02.669Z",
            "feedbackId": "01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000",
            "reportingMTA": "dsn; mta.example.com"
        },
        "mail": {
            "timestamp": "2017-08-05T00:40:02.012Z",
            "source": "Sender Name <sender@example.com>",
            "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
            "destination": ["recipient@example.com"],
            "headersTruncated": false,
            "tags": {
                "ses:configuration-set": ["ConfigSet"],
                "person": ["usr_07070707070707070707070707070707"],
                "address": ["5a"]
            }
        }
    }"#;

    #[test]
    fn a_bounce_is_read_as_it_is_documented() {
        let Report::Bounce { bounce, mail } = serde_json::from_str(BOUNCE).unwrap() else {
            panic!("no bounce");
        };
        assert!(bounce.bounce_type == BounceType::Permanent);
        assert_eq!(mail.tags.address[0].to_string(), "5a");
        assert_eq!(mail.tags.person.len(), 1);
    }

    #[test]
    fn types_that_nobody_asked_for_are_passed_over_and_what_is_not_clear_is_not_permanent() {
        let report: Report = serde_json::from_str(r#"{"eventType": "Open", "open": {}}"#).unwrap();
        assert!(matches!(report, Report::Other));
        let unknown = BOUNCE.replace("\"Permanent\"", "\"Undetermined\"");
        let Report::Bounce { bounce, .. } = serde_json::from_str(&unknown).unwrap() else {
            panic!("no bounce");
        };
        assert!(bounce.bounce_type == BounceType::Other);
    }

    #[test]
    fn a_complaint_that_is_taken_back_or_repeated_is_none() {
        let complaint = |more: &str| -> Complaint {
            serde_json::from_str(&format!(r#"{{"feedbackId": "f"{more}}}"#)).unwrap()
        };
        assert!(complaint("").is_one());
        assert!(complaint(r#", "complaintFeedbackType": "abuse""#).is_one());
        assert!(complaint(r#", "complaintSubType": null"#).is_one());
        assert!(!complaint(r#", "complaintFeedbackType": "not-spam""#).is_one());
        assert!(!complaint(r#", "complaintSubType": "OnAccountSuppressionList""#).is_one());
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(
            cut in 0usize..BOUNCE.len(),
            noise in any::<String>(),
        ) {
            let _ = serde_json::from_str::<Report>(&noise);
            let _ = serde_json::from_str::<Report>(&format!("{}{noise}", &BOUNCE[..cut]));
        }
    }
}
