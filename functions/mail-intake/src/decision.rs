//! What is to be done with a letter, decided from its bytes and its envelope alone.

use domain::{contact::EmailAddress, policy::Locale};
use store::people::Words;

use crate::{
    envelope::{Envelope, Verdict},
    guard::{self, Machine, Ours},
    letter::{self, Letter},
    note::{self, Note},
};

/// The largest letter that SES takes (40 MB).
pub const MAX_LETTER_BYTES: u64 = 40 * 1024 * 1024;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is infected: nobody opens it.
    Quarantine,
    /// A machine wrote it: it asks for nothing.
    File(Machine),
    /// It is as its note says.
    Act(Note),
    /// A person of the staff reads it.
    Person(Why),
}

/// Why a person must read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It has no note.
    NoNote,
    /// It has several notes.
    SeveralNotes,
    /// A machine wrote it, and yet it has a note.
    NoteByMachine(Machine),
    /// No single sender can be told.
    NoSender,
    /// Its text can't be read.
    Unreadable,
    /// It is larger than SES delivers.
    TooLarge,
}

impl Outcome {
    /// The name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quarantine => "quarantine",
            Self::File(machine) => machine.as_str(),
            Self::Act(note) => note.as_str(),
            Self::Person(Why::NoNote) => "no_note",
            Self::Person(Why::SeveralNotes) => "several_notes",
            Self::Person(Why::NoteByMachine(_)) => "note_by_machine",
            Self::Person(Why::NoSender) => "no_sender",
            Self::Person(Why::Unreadable) => "unreadable",
            Self::Person(Why::TooLarge) => "too_large",
        }
    }
}

/// What is to be done with a letter, and what is known of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Decision {
    /// What is to be done.
    pub outcome: Outcome,
    /// The one address in its one `From` field.
    pub sender: Option<EmailAddress>,
    /// DMARC passed for that address: from the address on file it is level L1.
    pub proven: bool,
    /// An automatic reply may go to the sender.
    pub may_reply: bool,
    /// The language to reply in.
    pub locale: Locale,
    /// The letter's own id, which a reply names.
    pub message_id: Option<String>,
    /// The id of the letter that began the thread.
    pub thread: Option<String>,
    /// What it says.
    pub words: Words,
}

impl std::fmt::Debug for Decision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (outcome, proven) = (self.outcome, self.proven);
        write!(f, "Decision({outcome:?}, proven: {proven}, …)")
    }
}

/// Decides what is to be done with a letter. Never fails: what can't be
/// understood is for a person.
#[must_use]
pub fn decide(bytes: &[u8], envelope: &Envelope, ours: &Ours) -> Decision {
    if envelope.verdicts.virus == Verdict::Fail {
        return unread(Outcome::Quarantine);
    }
    if bytes.len() as u64 > MAX_LETTER_BYTES {
        return too_large();
    }
    match letter::read(bytes) {
        Some(letter) => of(letter, envelope, ours),
        None => unread(Outcome::Person(Why::Unreadable)),
    }
}

/// What is to be done with a letter that is too large to be looked at.
#[must_use]
pub fn too_large() -> Decision {
    unread(Outcome::Person(Why::TooLarge))
}

fn unread(outcome: Outcome) -> Decision {
    Decision {
        outcome,
        sender: None,
        proven: false,
        may_reply: false,
        locale: Locale::En,
        message_id: None,
        thread: None,
        words: Words::default(),
    }
}

fn of(letter: Letter, envelope: &Envelope, ours: &Ours) -> Decision {
    let machine = guard::machine(&letter, envelope, ours);
    let proven = envelope.verdicts.dmarc == Verdict::Pass && letter.sender.is_some();
    let wanted = envelope.verdicts.spam != Verdict::Fail;
    Decision {
        outcome: outcome(&letter, machine),
        proven,
        // a reply to a sender who is not proven would reach somebody who never wrote
        may_reply: proven && wanted && machine.is_none(),
        locale: language(&letter),
        sender: letter.sender,
        message_id: letter.message_id,
        thread: letter.thread,
        words: Words {
            subject: letter.subject,
            text: letter.text.unwrap_or_default(),
            own: letter.said,
        },
    }
}

fn outcome(letter: &Letter, machine: Option<Machine>) -> Outcome {
    let notes = note::recognise(&letter.subject, &letter.own);
    let mut in_order = notes.iter().copied();
    let (first, second) = (in_order.next(), in_order.next());
    match (machine, first) {
        (Some(machine), None) => Outcome::File(machine),
        (Some(machine), Some(note)) => by_machine(letter, machine, note, second),
        (None, _) if letter.sender.is_none() => Outcome::Person(Why::NoSender),
        (None, Some(_)) if second.is_some() => Outcome::Person(Why::SeveralNotes),
        (None, Some(note)) => Outcome::Act(note),
        (None, None) if letter.text.is_none() => Outcome::Person(Why::Unreadable),
        (None, None) => Outcome::Person(Why::NoNote),
    }
}

/// A program may refuse news for its user, as one click in a mail program does; it withdraws and
/// changes nothing. What it reports, or what we wrote ourselves, it does not say.
fn by_machine(letter: &Letter, machine: Machine, note: Note, second: Option<Note>) -> Outcome {
    match machine {
        Machine::Ourselves | Machine::Report | Machine::Daemon => Outcome::File(machine),
        _ if note == Note::RefuseNews && second.is_none() && letter.sender.is_some() => {
            Outcome::Act(note)
        }
        _ => Outcome::Person(Why::NoteByMachine(machine)),
    }
}

fn language(letter: &Letter) -> Locale {
    let letters = || letter.subject.chars().chain(letter.own.chars());
    let cyrillic = letters().filter(|c| matches!(c, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё'));
    let latin = letters().filter(char::is_ascii_alphabetic);
    match cyrillic.count() > latin.count() {
        true => Locale::Ru,
        false => Locale::En,
    }
}
