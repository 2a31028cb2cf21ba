//! A letter as far as its writer's own words reach: who writes, the subject, the first text.

mod html;
mod quoted;
mod tame;

use domain::contact::EmailAddress;
use mail_parser::{
    Address, Header, HeaderName, Message, MessageParser, MessagePart, MimeHeaders, PartType,
};

/// How deep parts stand in parts that are read.
const MAX_DEPTH: usize = 16;
/// The longest message id that is answered to (RFC 5322 section 2.1.1 bounds a line).
const MAX_ID_CHARACTERS: usize = 250;

/// A letter that could be read.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Letter {
    /// The one address in its one `From` field.
    pub sender: Option<EmailAddress>,
    /// The subject, decoded; empty where there is none, or more than one.
    pub subject: String,
    /// The letter's own id.
    pub message_id: Option<String>,
    /// The id of the letter that began the thread; its own where it began one.
    pub thread: Option<String>,
    /// The first text, with what it quotes; `None` when there is none that can be read.
    pub text: Option<String>,
    /// The writer's own part of the first text, down to the signature.
    pub own: String,
    /// The first text without what it quotes.
    pub said: String,
    /// Every field of the header: its name in lower case, and its value as it came, unfolded.
    pub fields: Vec<(String, String)>,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Letter(…)")
    }
}

impl Letter {
    /// The values of a field, by its name in lower case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.fields.iter().filter(move |(known, _)| known == name);
        named.map(|(_, value)| value.as_str())
    }
}

/// Reads a letter; `None` for bytes that are none.
pub(crate) fn read(raw: &[u8]) -> Option<Letter> {
    let tame = tame::copy(raw);
    // the parser asserts what hostile bytes may break; no letter may come back for ever
    std::panic::catch_unwind(|| letter(&tame)).ok().flatten()
}

fn letter(raw: &[u8]) -> Option<Letter> {
    let message = MessageParser::default().parse(raw)?;
    let root = message.parts.first()?;
    let nested = |part: &MessagePart<'_>| matches!(part.body, PartType::Message(_));
    if root.headers.is_empty() || message.parts.iter().any(nested) {
        return None;
    }
    let fields: Vec<_> = root
        .headers
        .iter()
        .map(|header| (header.name.as_str().to_lowercase(), value(header, raw)))
        .collect();
    let mut letter = Letter {
        sender: sender(&root.headers, raw),
        subject: subject(&message).to_owned(),
        fields,
        ..Letter::default()
    };
    let id_in = |name: &'static str| letter.all(name).find_map(first_id);
    let message_id = id_in("message-id");
    let thread = id_in("references").or_else(|| id_in("in-reply-to"));
    letter.thread = thread.or_else(|| message_id.clone());
    letter.message_id = message_id;
    if let Some(body) = body(&message, 0, 0) {
        let text = body.shown();
        let unquoted = body.unquoted();
        letter.own = quoted::own(&unquoted);
        letter.said = quoted::said(&unquoted);
        letter.text = Some(text);
    }
    Some(letter)
}

/// A field's value as it came, without its folds.
fn value(header: &Header<'_>, raw: &[u8]) -> String {
    let place = header.offset_start as usize..header.offset_end as usize;
    let bytes = raw.get(place).unwrap_or_default();
    let text = String::from_utf8_lossy(bytes).replace(['\r', '\n'], "");
    text.trim().to_owned()
}

fn subject<'a>(message: &'a Message<'_>) -> &'a str {
    let mut subjects = message.header_values(HeaderName::Subject);
    match (subjects.next(), subjects.next()) {
        (Some(subject), None) => subject.as_text().unwrap_or_default(),
        _ => "",
    }
}

/// The one address of the one `From` field, as whoever checks DMARC reads it too: a field whose
/// name has white space inside is another one, and an address that was put together from pieces
/// is nobody's.
fn sender(headers: &[Header<'_>], raw: &[u8]) -> Option<EmailAddress> {
    let mut from = headers
        .iter()
        .filter(|header| header.name == HeaderName::From);
    let (Some(header), None) = (from.next(), from.next()) else {
        return None;
    };
    let name = raw.get(header.offset_field as usize..header.offset_start as usize)?;
    let name = String::from_utf8_lossy(name);
    let name = name.trim_end().strip_suffix(':')?.trim_end();
    let Address::List(addresses) = header.value.as_address()? else {
        return None;
    };
    let [single] = addresses.as_slice() else {
        return None;
    };
    let address = single.address.as_deref()?;
    let as_written = value(header, raw).contains(address);
    let sender = EmailAddress::new(address).ok()?;
    (as_written && name.eq_ignore_ascii_case("from")).then_some(sender)
}

/// The first `<id>` of a field that can be answered to.
fn first_id(value: &str) -> Option<String> {
    let bracketed = value.split('<').skip(1);
    let mut ids = bracketed.filter_map(|rest| rest.split_once('>').map(|(id, _)| id));
    let good = |id: &&str| {
        (1..=MAX_ID_CHARACTERS).contains(&id.len()) && id.chars().all(|c| c.is_ascii_graphic())
    };
    ids.find(good).map(str::to_owned)
}

/// The first text of a letter.
enum Body<'a> {
    Plain(&'a str),
    Html(&'a str),
}

impl Body<'_> {
    /// All of it, as a reader sees it.
    fn shown(&self) -> String {
        match self {
            Self::Plain(text) => (*text).to_owned(),
            Self::Html(text) => html::shown(text),
        }
    }

    /// Without what the markup says is quoted.
    fn unquoted(&self) -> String {
        match self {
            Self::Plain(text) => (*text).to_owned(),
            Self::Html(text) => html::unquoted(text),
        }
    }
}

/// The first text of a part and of the parts in it.
fn body<'a>(message: &'a Message<'_>, id: u32, depth: usize) -> Option<Body<'a>> {
    let part = message.parts.get(id as usize)?;
    let attached = part
        .content_disposition()
        .is_some_and(|disposition| disposition.is_attachment());
    if attached || depth > MAX_DEPTH {
        return None;
    }
    match &part.body {
        PartType::Text(text) if is_text(part, "plain") => said(text).map(Body::Plain),
        PartType::Html(text) if is_text(part, "html") => said(text).map(Body::Html),
        PartType::Multipart(inner) => {
            // a part stands after the one that holds it
            let inner = inner.iter().filter(|inner| **inner > id);
            let mut bodies = inner.filter_map(|inner| body(message, *inner, depth + 1));
            match part.content_type().and_then(|kind| kind.subtype()) {
                Some("x-none" | "report" | "encrypted") => None,
                Some("alternative") => plainest(bodies),
                _ => bodies.next(),
            }
        }
        _ => None,
    }
}

fn is_text(part: &MessagePart<'_>, subtype: &str) -> bool {
    part.content_type().map_or(subtype == "plain", |kind| {
        kind.ctype() == "text" && kind.subtype() == Some(subtype)
    })
}

fn said(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.trim().is_empty())
}

fn plainest<'a>(bodies: impl Iterator<Item = Body<'a>>) -> Option<Body<'a>> {
    let bodies: Vec<_> = bodies.collect();
    let plain = bodies
        .iter()
        .position(|body| matches!(body, Body::Plain(_)));
    bodies.into_iter().nth(plain.unwrap_or_default())
}
