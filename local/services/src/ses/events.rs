//! What comes back of sent mail, in the words in which SES publishes it for a
//! configuration set
//! (<https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html>).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Mail;

/// The mailbox simulator, whose addresses each do one thing, also with a label
/// (`bounce+label@…`)
/// (<https://docs.aws.amazon.com/ses/latest/dg/send-an-email-from-console.html#send-email-simulator-how-to-use>).
const SIMULATOR: &str = "simulator.amazonses.com";
/// The header fields that a delivery puts before a message: they were not sent.
const OF_THE_ENVELOPE: [&str; 4] = [
    "Return-Path",
    "Delivered-To",
    "X-SES-CONFIGURATION-SET",
    "X-SES-MESSAGE-TAGS",
];

/// What a receiver makes of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feedback {
    /// There is no such mailbox.
    Bounce,
    /// SES did not try, because the address bounced before.
    Suppressed,
    /// It does not arrive now, or an automatic reply came.
    TransientBounce,
    /// The reader calls it spam.
    Complaint,
}

impl Feedback {
    /// What the mailbox simulator makes of mail to this address; nothing for any other
    /// address, and for the one of which nothing comes back.
    pub(super) fn simulated(address: &str) -> Option<Self> {
        let (local, domain) = address.rsplit_once('@')?;
        if !domain.eq_ignore_ascii_case(SIMULATOR) {
            return None;
        }
        let name = local.split('+').next().unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "bounce" => Some(Self::Bounce),
            "suppressionlist" => Some(Self::Suppressed),
            "ooto" => Some(Self::TransientBounce),
            "complaint" => Some(Self::Complaint),
            _ => None,
        }
    }

    fn event_type(self) -> &'static str {
        match self {
            Self::Complaint => "Complaint",
            Self::Bounce | Self::Suppressed | Self::TransientBounce => "Bounce",
        }
    }

    /// The member of the event that says what happened, with its name.
    fn object(self, recipients: &[String], at: Timestamp) -> (&'static str, Value) {
        let bounce = |kind: &str, sub_kind: &str, status: &str, diagnostic: &str| {
            let recipients = recipients.iter().map(|address| {
                json!({
                    "emailAddress": address,
                    "action": "failed",
                    "status": status,
                    "diagnosticCode": diagnostic,
                })
            });
            let object = json!({
                "bounceType": kind,
                "bounceSubType": sub_kind,
                "bouncedRecipients": recipients.collect::<Vec<_>>(),
                "timestamp": time(at),
                "feedbackId": Uuid::new_v4(),
                "reportingMTA": "dsn; localhost",
            });
            ("bounce", object)
        };
        match self {
            Self::Bounce => bounce(
                "Permanent",
                "General",
                "5.1.1",
                "smtp; 550 5.1.1 user unknown",
            ),
            Self::Suppressed => bounce(
                "Permanent",
                "Suppressed",
                "5.1.1",
                "Amazon SES has suppressed sending to this address because it has a recent history of bouncing as an invalid address.",
            ),
            Self::TransientBounce => bounce(
                "Transient",
                "General",
                "4.0.0",
                "smtp; 450 4.0.0 try again later",
            ),
            Self::Complaint => {
                let recipients = recipients
                    .iter()
                    .map(|address| json!({"emailAddress": address}));
                let object = json!({
                    "complainedRecipients": recipients.collect::<Vec<_>>(),
                    "timestamp": time(at),
                    "feedbackId": Uuid::new_v4(),
                    "complaintSubType": null,
                    "userAgent": "Amazon SES Mailbox Simulator",
                    "complaintFeedbackType": "abuse",
                    "arrivalDate": time(at),
                });
                ("complaint", object)
            }
        }
    }
}

/// An event of a configuration set.
#[derive(Clone, Debug)]
pub struct MailEvent {
    /// The configuration set that the message was sent with.
    pub configuration_set: String,
    /// `Bounce` or `Complaint`.
    pub event_type: &'static str,
    /// The event's JSON.
    pub body: String,
}

impl MailEvent {
    /// What comes back of a message from these of its recipients; nothing where it was
    /// sent without a configuration set.
    pub(super) fn of(mail: &Mail, feedback: Feedback, recipients: &[String]) -> Option<Self> {
        let configuration_set = mail.header("X-SES-CONFIGURATION-SET")?.to_owned();
        let (name, object) = feedback.object(recipients, Timestamp::now());
        let body = json!({
            "eventType": feedback.event_type(),
            name: object,
            "mail": mail_object(mail, &configuration_set),
        });
        Some(Self {
            configuration_set,
            event_type: feedback.event_type(),
            body: body.to_string(),
        })
    }
}

fn mail_object(mail: &Mail, configuration_set: &str) -> Value {
    let summary = &mail.summary;
    let headers = mail.headers.iter().filter(|(name, _)| was_sent(name));
    let headers = headers.map(|(name, value)| json!({"name": name, "value": value}));
    json!({
        "timestamp": time(summary.at),
        "messageId": summary.id,
        "source": summary.from,
        "destination": summary.to,
        "headersTruncated": false,
        "headers": headers.collect::<Vec<_>>(),
        "commonHeaders": {
            "from": [summary.from],
            "to": summary.to,
            "messageId": summary.id,
            "subject": summary.subject,
        },
        "tags": tags(mail, configuration_set),
    })
}

fn was_sent(name: &str) -> bool {
    let mut others = OF_THE_ENVELOPE.iter();
    !others.any(|other| other.eq_ignore_ascii_case(name))
}

/// Those of the sender, and those that SES adds.
fn tags(mail: &Mail, configuration_set: &str) -> BTreeMap<String, Vec<String>> {
    let own = "ses:configuration-set".to_owned();
    let mut tags = BTreeMap::from([(own, vec![configuration_set.to_owned()])]);
    for (name, field) in &mail.headers {
        if !name.eq_ignore_ascii_case("X-SES-MESSAGE-TAGS") {
            continue;
        }
        if let Some((name, value)) = field.split_once('=') {
            let values = tags.entry(name.to_owned()).or_default();
            values.push(value.to_owned());
        }
    }
    tags
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simulator_s_addresses_do_what_they_say_with_a_label_too() {
        for (address, expected) in [
            ("bounce@simulator.amazonses.com", Some(Feedback::Bounce)),
            ("Bounce+1@Simulator.amazonses.com", Some(Feedback::Bounce)),
            (
                "complaint+a+b@simulator.amazonses.com",
                Some(Feedback::Complaint),
            ),
            (
                "ooto@simulator.amazonses.com",
                Some(Feedback::TransientBounce),
            ),
            (
                "suppressionlist@simulator.amazonses.com",
                Some(Feedback::Suppressed),
            ),
            ("success@simulator.amazonses.com", None),
            ("bounce@example.com", None),
            ("bounce@simulator.amazonses.com.example.com", None),
            ("bounce", None),
        ] {
            assert_eq!(Feedback::simulated(address), expected, "{address}");
        }
    }
}
