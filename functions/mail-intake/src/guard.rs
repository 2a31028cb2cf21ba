//! Letters that no person wrote, and that are never answered (RFC 3834).

use crate::{envelope::Envelope, letter::Letter};

/// Why a letter is taken for a machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Machine {
    /// It comes from one of our own addresses.
    Ourselves,
    /// It reports what became of another letter.
    Report,
    /// A bounce of it would go nowhere.
    NullReturnPath,
    /// It says itself that it was sent automatically.
    AutoSubmitted,
    /// A mailing list brought it.
    List,
    /// It went to many, or says that no answer is wanted.
    Bulk,
    /// The sender is a program's address.
    Daemon,
}

impl Machine {
    /// The name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ourselves => "ourselves",
            Self::Report => "report",
            Self::NullReturnPath => "null_return_path",
            Self::AutoSubmitted => "auto_submitted",
            Self::List => "list",
            Self::Bulk => "bulk",
            Self::Daemon => "daemon",
        }
    }
}

/// The addresses that are ours.
#[derive(Clone, Default)]
pub struct Ours(Vec<String>);

impl std::fmt::Debug for Ours {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ours({})", self.0.len())
    }
}

impl Ours {
    /// Letters from these addresses, with any tag after a `+`, are our own.
    #[must_use]
    pub fn new(addresses: impl IntoIterator<Item = String>) -> Self {
        Self(addresses.into_iter().map(|a| untagged(&a)).collect())
    }

    fn has(&self, address: &str) -> bool {
        self.0.contains(&untagged(address))
    }
}

fn untagged(address: &str) -> String {
    let address = address.trim_matches(['<', '>', ' ']).to_lowercase();
    match address.split_once('@') {
        Some((local, domain)) => {
            let person = local.split('+').next().unwrap_or_default();
            format!("{person}@{domain}")
        }
        None => address,
    }
}

/// Fields that only lists send (RFC 2369, RFC 2919).
const LIST_FIELDS: [&str; 4] = ["list-id", "list-post", "list-unsubscribe", "list-help"];
/// Fields that only programs send that answer by themselves.
const AUTOMATIC_FIELDS: [&str; 4] = [
    "x-autoreply",
    "x-autorespond",
    "x-autoresponse",
    "x-auto-response-suppress",
];
/// Values of `Precedence` (RFC 3834 section 3.1.8 calls it unreliable, and all the same a sign).
const BULK: [&str; 4] = ["bulk", "list", "junk", "auto_reply"];
/// Local parts of programs (RFC 2142, RFC 3834 section 2, RFC 5321 section 4.5.1).
const DAEMONS: [&str; 10] = [
    "mailer-daemon",
    "postmaster",
    "daemon",
    "root",
    "majordomo",
    "listserv",
    "noreply",
    "no-reply",
    "donotreply",
    "do-not-reply",
];

/// The sign by which a letter is a machine's, if it has one.
pub(crate) fn machine(letter: &Letter, envelope: &Envelope, ours: &Ours) -> Option<Machine> {
    let source = envelope.source.trim_matches(['<', '>', ' ']);
    let sender = letter.sender.as_ref().map(|sender| sender.reveal());
    let senders = || sender.into_iter().chain([source]);
    let signs = [
        (
            senders().any(|address| ours.has(address)),
            Machine::Ourselves,
        ),
        (is_report(letter), Machine::Report),
        (has_null_path(letter, source), Machine::NullReturnPath),
        (is_auto_submitted(letter), Machine::AutoSubmitted),
        (has_one_of(letter, &LIST_FIELDS), Machine::List),
        (is_bulk(letter), Machine::Bulk),
        (senders().any(is_daemon), Machine::Daemon),
    ];
    let mut shown = signs.into_iter().filter(|(shows, _)| *shows);
    shown.next().map(|(_, machine)| machine)
}

fn is_report(letter: &Letter) -> bool {
    letter.all("content-type").any(|value| {
        let value = value.to_lowercase();
        value.starts_with("multipart/report") || value.starts_with("message/d")
    })
}

fn has_null_path(letter: &Letter, source: &str) -> bool {
    source.is_empty() || letter.all("return-path").any(|path| path == "<>")
}

fn is_auto_submitted(letter: &Letter) -> bool {
    letter.all("auto-submitted").any(|value| {
        let keyword = value.split([';', '(', ' ']).next().unwrap_or_default();
        !keyword.eq_ignore_ascii_case("no")
    })
}

fn has_one_of(letter: &Letter, names: &[&str]) -> bool {
    let mut fields = letter.fields.iter();
    fields.any(|(name, _)| names.contains(&name.as_str()))
}

fn is_bulk(letter: &Letter) -> bool {
    let precedence = letter.all("precedence").any(|value| {
        let value = value.to_lowercase();
        BULK.contains(&value.as_str())
    });
    precedence || has_one_of(letter, &AUTOMATIC_FIELDS)
}

fn is_daemon(address: &str) -> bool {
    let local = address.split(['@', '+']).next().unwrap_or_default();
    let local = local.to_lowercase();
    DAEMONS.contains(&local.as_str())
        || local.starts_with("bounce")
        || local.starts_with("owner-")
        || local.ends_with("-request")
        || local.ends_with("-bounces")
}
