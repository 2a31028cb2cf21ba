//! Reading and writing the files of the mailbox.

use std::fmt::Write;

use jiff::Timestamp;
use linkify::{LinkFinder, LinkKind};
use mail_parser::{Address, HeaderName, HeaderValue, Message, MessageParser, PartType};
use serde::Serialize;
use uuid::Uuid;

/// The envelope of one delivery.
pub(super) struct Envelope {
    pub(super) source: String,
    pub(super) destinations: Vec<String>,
    pub(super) configuration_set: Option<String>,
    pub(super) tags: Vec<(String, String)>,
}

impl Envelope {
    /// The header fields that a delivery puts before the message: the envelope as in
    /// RFC 5321 section 4.4 and RFC 9228, and SES's own.
    pub(super) fn to_header(&self) -> String {
        let mut header = format!("Return-Path: <{}>\r\n", self.source);
        for destination in &self.destinations {
            push_field(&mut header, "Delivered-To", destination);
        }
        if let Some(configuration_set) = &self.configuration_set {
            push_field(&mut header, "X-SES-CONFIGURATION-SET", configuration_set);
        }
        for (name, value) in &self.tags {
            let tag = format!("{name}={value}");
            push_field(&mut header, "X-SES-MESSAGE-TAGS", &tag);
        }
        header
    }
}

fn push_field(header: &mut String, name: &str, value: &str) {
    // Writing to a string can't fail.
    let _ = write!(header, "{name}: {value}\r\n");
}

/// One line of the mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MailSummary {
    /// SES's message id, a UUIDv7, which sorts by time.
    pub id: String,
    /// When it was sent, by the system's clock.
    pub at: Timestamp,
    /// The envelope's recipients, hidden ones included.
    pub to: Vec<String>,
    /// The sender as the message shows it, `Name <address>` or the address alone.
    pub from: String,
    /// The subject, decoded; empty where there is none.
    pub subject: String,
}

/// One message, decoded.
#[derive(Clone, Debug, Serialize)]
pub struct Mail {
    /// Its line in the mailbox.
    pub summary: MailSummary,
    /// The header fields in their order, unfolded but not decoded, the envelope's first.
    pub headers: Vec<(String, String)>,
    /// The text part.
    pub text: Option<String>,
    /// The HTML part.
    pub html: Option<String>,
    /// The `http` and `https` addresses in the text part, in their order.
    pub links: Vec<String>,
    /// The file's bytes.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

impl Mail {
    /// The value of the first header field of this name, whatever its case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// `None` for bytes without one header field.
    pub(super) fn parse(id: Uuid, raw: Vec<u8>) -> Option<Self> {
        let message = MessageParser::default().parse(&raw)?;
        let text = part(&message, &message.text_body, "plain").map(str::to_owned);
        let html = part(&message, &message.html_body, "html").map(str::to_owned);
        Some(Self {
            summary: MailSummary::new(id, &message),
            headers: message
                .headers_raw()
                .map(|(name, value)| (name.to_owned(), unfold(value)))
                .collect(),
            links: text.as_deref().map(links).unwrap_or_default(),
            text,
            html,
            raw,
        })
    }
}

impl MailSummary {
    /// Reads the beginning of a message that has at least its header; `None` for bytes
    /// without one header field.
    pub(super) fn parse(id: Uuid, raw: &[u8]) -> Option<Self> {
        Some(Self::new(id, &MessageParser::default().parse_headers(raw)?))
    }

    fn new(id: Uuid, message: &Message<'_>) -> Self {
        Self {
            id: id.to_string(),
            at: sent_at(id),
            to: message
                .headers_raw()
                .filter(|(name, _)| name.eq_ignore_ascii_case("Delivered-To"))
                .map(|(_, value)| unfold(value))
                .collect(),
            from: message.from().map(display).unwrap_or_default(),
            subject: message.subject().unwrap_or_default().to_owned(),
        }
    }
}

/// The recipients and the sender that a message's own header names.
#[derive(Default)]
pub(super) struct HeaderAddresses {
    pub(super) from: Option<String>,
    pub(super) recipients: Vec<String>,
}

impl HeaderAddresses {
    pub(super) fn parse(raw: &[u8]) -> Self {
        let Some(message) = MessageParser::default().parse_headers(raw) else {
            return Self::default();
        };
        let recipients = [HeaderName::To, HeaderName::Cc, HeaderName::Bcc];
        Self {
            from: message
                .from()
                .and_then(Address::first)
                .and_then(|from| from.address())
                .map(str::to_owned),
            recipients: recipients
                .into_iter()
                .flat_map(|name| message.header_values(name).cloned().collect::<Vec<_>>())
                .flat_map(bare_addresses)
                .collect(),
        }
    }
}

fn bare_addresses(value: HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Address(addresses) => addresses
            .iter()
            .filter_map(|address| address.address().map(str::to_owned))
            .collect(),
        _ => vec![],
    }
}

/// Splits `Name <address>` or a bare address; `None` for what names no mailbox.
pub(super) fn split_address(text: &str) -> Option<(String, String)> {
    if text.chars().any(char::is_control) {
        return None;
    }
    let field = format!("To: {text}\r\n\r\n");
    let message = MessageParser::default().parse_headers(&field)?;
    let mailbox = message.to()?.first()?;
    let address = mailbox.address()?;
    let (local, domain) = address.rsplit_once('@')?;
    let is_whole = !local.is_empty() && !domain.is_empty() && !address.contains([' ', '<', '>']);
    is_whole.then(|| {
        (
            mailbox.name().unwrap_or_default().to_owned(),
            address.to_owned(),
        )
    })
}

fn display(addresses: &Address<'_>) -> String {
    let Some(first) = addresses.first() else {
        return String::new();
    };
    let address = first.address().unwrap_or_default();
    match first.name() {
        Some(name) => format!("{name} <{address}>"),
        None => address.to_owned(),
    }
}

/// The first body part that is itself of this subtype, not one converted from the other.
fn part<'m>(message: &'m Message<'_>, bodies: &[u32], subtype: &str) -> Option<&'m str> {
    bodies
        .iter()
        .filter_map(|index| message.part(*index))
        .find(|part| match &part.body {
            PartType::Text(_) => subtype == "plain",
            PartType::Html(_) => subtype == "html",
            _ => false,
        })
        .and_then(|part| part.text_contents())
}

fn links(text: &str) -> Vec<String> {
    LinkFinder::new()
        .kinds(&[LinkKind::Url])
        .links(text)
        .map(|link| link.as_str())
        .filter(|link| link.starts_with("http://") || link.starts_with("https://"))
        .map(str::to_owned)
        .collect()
}

/// RFC 5322 section 2.2.3.
fn unfold(value: &str) -> String {
    value
        .replace("\r\n", "")
        .replace('\n', "")
        .trim()
        .to_owned()
}

fn sent_at(id: Uuid) -> Timestamp {
    id.get_timestamp()
        .and_then(|time| {
            let (seconds, nanoseconds) = time.to_unix();
            Timestamp::new(
                i64::try_from(seconds).ok()?,
                i32::try_from(nanoseconds).ok()?,
            )
            .ok()
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert, proptest};

    use super::*;

    #[test]
    fn an_address_is_split_from_its_name() {
        let split = |text| split_address(text).map(|(name, address)| name + "|" + &address);
        assert_eq!(split("ada@example.org").unwrap(), "|ada@example.org");
        assert_eq!(
            split("\"Lovelace, Ada\" <ada@example.org>").unwrap(),
            "Lovelace, Ada|ada@example.org"
        );
        for bad in ["", "ada", "@example.org", "ada@", "a@b\r\nBcc: c@d", "<>"] {
            assert!(split(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn links_end_where_the_sentence_goes_on() {
        let text =
            "See http://127.0.0.1:3000/verify?t=a_b-c. Or (https://a.example/x), not ftp://b/c.";
        assert_eq!(
            links(text),
            [
                "http://127.0.0.1:3000/verify?t=a_b-c",
                "https://a.example/x"
            ]
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(raw in vec(any::<u8>(), 0..200)) {
            let _ = Mail::parse(Uuid::now_v7(), raw.clone());
            let _ = HeaderAddresses::parse(&raw);
        }

        #[test]
        fn no_address_brings_a_header_line_with_it(text in "[a-z@<>\r\n: ,;\"]{0,20}") {
            if let Some((name, address)) = split_address(&text) {
                prop_assert!(!(name + &address).contains(['\r', '\n']));
            }
        }
    }
}
