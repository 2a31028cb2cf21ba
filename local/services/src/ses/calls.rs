//! The wire format of SES's classic API, the AWS query protocol.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use uuid::Uuid;

use super::Mailbox;
use super::mail::{Envelope, HeaderAddresses, split_address};
use crate::fault::Fault;

const NAMESPACE: &str = "http://ses.amazonaws.com/doc/2010-12-01/";
/// SES's limits for one message.
const MAX_BYTES: usize = 40 * 1024 * 1024;
const MAX_DESTINATIONS: usize = 50;

/// Answers one call.
pub(crate) async fn answer(mailbox: &Mailbox, body: &[u8]) -> Response {
    let mut form = Form::parse(body);
    let action = form.take("Action").unwrap_or_default();
    match call(mailbox, &action, form).await {
        Ok(message_id) => xml(StatusCode::OK, success(&action, message_id)),
        Err(fault) => xml(fault.status, failure(&fault)),
    }
}

async fn call(mailbox: &Mailbox, action: &str, form: Form) -> Result<Uuid, Fault> {
    mailbox.failures.check()?;
    let (envelope, raw) = match action {
        "SendRawEmail" => raw_email(form)?,
        "SendEmail" => formatted_email(form)?,
        _ => {
            return Err(Fault::sender(
                "InvalidAction",
                format!("{action:?} is not served here"),
            ));
        }
    };
    check_size(&raw)?;
    Ok(mailbox.deliver(envelope, raw).await?)
}

fn raw_email(mut form: Form) -> Result<(Envelope, Vec<u8>), Fault> {
    let data = form.require("RawMessage.Data")?;
    let raw = BASE64_STANDARD
        .decode(data)
        .map_err(|_| invalid("RawMessage.Data is not base64."))?;
    let header = HeaderAddresses::parse(&raw);
    let from = header
        .from
        .ok_or_else(|| invalid("Missing required header 'From'."))?;
    let source = form.take("Source").unwrap_or(from);
    let destinations = match form.members("Destinations") {
        none if none.is_empty() => header.recipients,
        destinations => destinations,
    };
    Ok((envelope(form, &source, &destinations)?, raw))
}

fn formatted_email(mut form: Form) -> Result<(Envelope, Vec<u8>), Fault> {
    let source = form.require("Source")?;
    let to = form.members("Destination.ToAddresses");
    let cc = form.members("Destination.CcAddresses");
    let bcc = form.members("Destination.BccAddresses");
    let subject = form.require("Message.Subject.Data")?;
    if subject.chars().any(char::is_control) {
        return Err(invalid("Control characters not allowed in the subject."));
    }
    let mut message = MessageBuilder::new()
        .from(header_address(&source)?)
        .to(header_addresses(&to)?)
        .subject(subject);
    if !cc.is_empty() {
        message = message.cc(header_addresses(&cc)?);
    }
    let reply_to = form.members("ReplyToAddresses");
    if !reply_to.is_empty() {
        message = message.reply_to(header_addresses(&reply_to)?);
    }
    if let Some(text) = form.take("Message.Body.Text.Data") {
        message = message.text_body(text);
    }
    if let Some(html) = form.take("Message.Body.Html.Data") {
        message = message.html_body(html);
    }
    // What is written is UTF-8, whatever character set was asked for.
    for part in ["Subject", "Body.Text", "Body.Html"] {
        form.take(&format!("Message.{part}.Charset"));
    }
    let envelope = envelope(form, &source, &[to, cc, bcc].concat())?;
    let raw = message
        .write_to_vec()
        .map_err(|error| Fault::receiver("InternalFailure", error.to_string()))?;
    Ok((envelope, raw))
}

/// Reads what both calls have in common; a field that is left over was not understood.
fn envelope(mut form: Form, source: &str, destinations: &[String]) -> Result<Envelope, Fault> {
    if destinations.is_empty() {
        return Err(invalid("There is no destination."));
    }
    if destinations.len() > MAX_DESTINATIONS {
        return Err(invalid(format!(
            "Recipient count exceeds {MAX_DESTINATIONS}."
        )));
    }
    let destinations = destinations
        .iter()
        .map(|destination| Ok(address(destination)?.1))
        .collect::<Result<_, Fault>>()?;
    let envelope = Envelope {
        source: address(source)?.1,
        destinations,
        configuration_set: form.take("ConfigurationSetName"),
        tags: form.tags()?,
    };
    let names = envelope.configuration_set.iter();
    let values = envelope.tags.iter().flat_map(|(name, value)| [name, value]);
    if let Some(bad) = names.chain(values).find(|text| !is_tag(text)) {
        return Err(invalid(format!("{bad:?} is not a name SES takes.")));
    }
    form.finish()?;
    Ok(envelope)
}

/// SES `MessageTag` and `ConfigurationSetName`.
fn is_tag(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
    (1..=256).contains(&text.len()) && text.bytes().all(allowed)
}

fn address(text: &str) -> Result<(String, String), Fault> {
    split_address(text).ok_or_else(|| invalid("Missing final '@domain'"))
}

fn header_address(text: &str) -> Result<Address<'static>, Fault> {
    let (name, address) = address(text)?;
    Ok(if name.is_empty() {
        address.into()
    } else {
        (name, address).into()
    })
}

fn header_addresses(texts: &[String]) -> Result<Address<'static>, Fault> {
    let addresses: Vec<_> = texts
        .iter()
        .map(|text| header_address(text))
        .collect::<Result<_, _>>()?;
    Ok(Address::new_list(addresses))
}

fn check_size(raw: &[u8]) -> Result<(), Fault> {
    if raw.len() <= MAX_BYTES {
        return Ok(());
    }
    Err(invalid(format!(
        "Message length is more than {MAX_BYTES} bytes long: '{}'.",
        raw.len()
    )))
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::sender("InvalidParameterValue", message)
}

/// The fields of a request; each is taken out when it is read.
struct Form(BTreeMap<String, String>);

impl Form {
    fn parse(body: &[u8]) -> Self {
        let mut fields: BTreeMap<_, _> = form_urlencoded::parse(body).into_owned().collect();
        fields.remove("Version");
        Self(fields)
    }

    fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    fn require(&mut self, name: &str) -> Result<String, Fault> {
        self.take(name)
            .ok_or_else(|| Fault::sender("MissingParameter", format!("{name} is missing.")))
    }

    /// The list `name.member.1`, `name.member.2` and so on.
    fn members(&mut self, name: &str) -> Vec<String> {
        (1..)
            .map_while(|number| self.take(&format!("{name}.member.{number}")))
            .collect()
    }

    fn tags(&mut self) -> Result<Vec<(String, String)>, Fault> {
        let mut tags = vec![];
        while let Some(name) = self.take(&format!("Tags.member.{}.Name", tags.len() + 1)) {
            let value = self.require(&format!("Tags.member.{}.Value", tags.len() + 1))?;
            tags.push((name, value));
        }
        Ok(tags)
    }

    fn finish(self) -> Result<(), Fault> {
        match self.0.into_keys().next() {
            Some(field) => Err(invalid(format!("{field:?} is not served here."))),
            None => Ok(()),
        }
    }
}

fn success(action: &str, message_id: Uuid) -> String {
    let request_id = Uuid::new_v4();
    format!(
        "<{action}Response xmlns=\"{NAMESPACE}\"><{action}Result><MessageId>{message_id}</MessageId>\
         </{action}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\
         </{action}Response>"
    )
}

fn failure(fault: &Fault) -> String {
    let side = if fault.is_senders() {
        "Sender"
    } else {
        "Receiver"
    };
    let (code, message) = (escape(&fault.code), escape(&fault.message));
    let request_id = Uuid::new_v4();
    format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>{side}</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn xml(status: StatusCode, body: String) -> Response {
    (status, [(CONTENT_TYPE, "text/xml")], body).into_response()
}
