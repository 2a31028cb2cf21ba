//! Letters as they are stored (clause 3.3f).
//!
//! [`Intake`] says that a letter was taken in. It holds no personal data and nobody's id, so that
//! it tells a repeated event even after its writer was erased. [`Correspondence`] is a letter in
//! its proven writer's partition, sealed with their key: it is exported and erased with them. A
//! letter whose writer is not proven belongs to nobody's file and stays where SES put it.

use domain::{
    data_map::Field,
    ids::SubjectId,
    time::{SignedDuration, Timestamp, days, shift},
};
use serde::{Deserialize, Serialize};
use store::{
    Condition, Db, Entity, Key, StoreError, Table, Update,
    people::partition,
    personal::{GateError, Person, Sealed},
};

use crate::decision::Words;

/// How long a letter is kept (policy, section 5.2: correspondence, one year).
const KEPT: SignedDuration = days(365);
/// How long a letter is remembered that nobody has to read.
const REMEMBERED: SignedDuration = days(30);
/// What letters wait in that a person of the staff has to read, in the index by deadline.
const QUEUE: &str = "MAILBOX";
/// How much of a letter's text its item holds; the object holds all of it.
const MAX_TEXT_BYTES: usize = 64 * 1024;
/// What a letter is sealed as, in its item and in its object.
const CONTENT: Field = Field::Letter;

/// A letter that was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intake {
    /// SES's id of the letter.
    pub id: String,
    /// What was done with it, as [`crate::Outcome::as_str`] says.
    pub outcome: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// The object, where the letter belongs to nobody's file and is kept.
    pub object: Option<String>,
    /// A reply is due.
    pub replies: bool,
    /// Nothing is left to do.
    pub done: bool,
    queue: Option<String>,
    queue_due: Option<Timestamp>,
    expires_at_epoch: i64,
}

/// Where a letter's intake stands.
#[must_use]
pub fn intake_key(id: &str) -> Key {
    Key::new(format!("MAILBOX#{id}"), "INTAKE")
}

/// Changes what is known of a letter that was taken in.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn change(db: &Db, id: &str, update: Update) -> Result<(), StoreError> {
    let update = update.when(Condition::item_exists());
    db.update::<Intake>("mail", &intake_key(id), &update)
        .await?;
    Ok(())
}

impl Entity for Intake {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        intake_key(&self.id)
    }
}

impl Intake {
    pub(crate) fn new(id: &str, outcome: &str, received_at: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            outcome: outcome.to_owned(),
            received_at,
            object: None,
            replies: false,
            done: false,
            queue: None,
            queue_due: None,
            expires_at_epoch: shift(received_at, REMEMBERED).as_second(),
        }
    }

    /// The letter stays where it is.
    pub(crate) fn keeping(mut self, object: &str) -> Self {
        self.object = Some(object.to_owned());
        self
    }

    /// A person of the staff answers the letter by then.
    pub(crate) fn read_by(mut self, due_at: Timestamp) -> Self {
        self.queue = Some(QUEUE.to_owned());
        self.queue_due = Some(due_at);
        self.expires_at_epoch = shift(self.received_at, KEPT).as_second();
        self
    }

    /// By when a person of the staff has to answer it, if one has to.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        self.queue_due
    }
}

/// A letter in its writer's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correspondence {
    /// Who wrote it.
    pub subject: SubjectId,
    /// SES's id of the letter.
    pub id: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// Letters of one thread have the same: a hash of the first one's id and the writer.
    pub thread: Option<String>,
    /// The object that holds the letter as it came, sealed.
    pub object: String,
    /// The subject and the first text, sealed JSON.
    pub content: Sealed,
    queue: Option<String>,
    queue_due: Option<Timestamp>,
    expires_at_epoch: i64,
}

/// The sealed content of a [`Correspondence`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The subject.
    pub subject: String,
    /// The first text, at most 64 KiB of it.
    pub text: String,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Content(…)")
    }
}

/// Where a letter stands in its writer's file.
#[must_use]
pub fn correspondence_key(subject: SubjectId, received_at: Timestamp, id: &str) -> Key {
    Key::new(partition(subject), format!("MAIL#{received_at}#{id}"))
}

/// What the objects begin with that hold a person's letters.
#[must_use]
pub fn letters_prefix(subject: SubjectId) -> String {
    format!("letters/{subject}/")
}

impl Entity for Correspondence {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        correspondence_key(self.subject, self.received_at, &self.id)
    }
}

impl Correspondence {
    /// A letter that its proven writer's file takes in.
    ///
    /// # Errors
    /// [`GateError`] when the access does not reach correspondence.
    pub(crate) fn new(
        person: &Person,
        id: &str,
        received_at: Timestamp,
        thread: Option<String>,
        words: &Words,
    ) -> Result<Self, GateError> {
        let key = correspondence_key(person.subject(), received_at, id);
        let content = Content {
            subject: cut(&words.subject),
            text: cut(&words.text),
        };
        // the error may quote what was written
        let json = serde_json::to_string(&content)
            .map_err(|_| StoreError::Rejected("a letter that is no JSON".to_owned()))?;
        Ok(Self {
            subject: person.subject(),
            id: id.to_owned(),
            received_at,
            thread,
            object: format!("{}{id}", letters_prefix(person.subject())),
            content: person.seal::<Self>(CONTENT, &key, &json)?,
            queue: None,
            queue_due: None,
            expires_at_epoch: shift(received_at, KEPT).as_second(),
        })
    }

    /// A person of the staff answers the letter by then.
    pub(crate) fn read_by(mut self, due_at: Timestamp) -> Self {
        self.queue = Some(QUEUE.to_owned());
        self.queue_due = Some(due_at);
        self
    }

    /// By when a person of the staff has to answer it, if one has to.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        self.queue_due
    }

    /// The letter as it came, sealed for its object.
    ///
    /// # Errors
    /// As [`Correspondence::new`].
    pub(crate) fn seal_raw(&self, person: &Person, base64: &str) -> Result<Sealed, GateError> {
        person.seal::<Self>(CONTENT, &raw_key(self), base64)
    }

    /// What it says.
    ///
    /// # Errors
    /// [`GateError`] when the access does not reach it, or it was changed.
    pub fn open(&self, person: &Person) -> Result<Content, GateError> {
        let text = person.unseal::<Self>(CONTENT, &self.key(), &self.content)?;
        serde_json::from_str(&text).map_err(|_| GateError::Tampered("content"))
    }

    /// The letter as it came, base64, from the bytes of its object.
    ///
    /// # Errors
    /// As [`Correspondence::open`].
    pub fn open_raw(&self, person: &Person, object: Vec<u8>) -> Result<String, GateError> {
        let sealed = Sealed::from_bytes(object);
        let text = person.unseal::<Self>(CONTENT, &raw_key(self), &sealed)?;
        Ok(text.to_string())
    }
}

/// The place that the object is sealed for. It stands in a bucket and is bound to this key all
/// the same.
fn raw_key(letter: &Correspondence) -> Key {
    let key = letter.key();
    Key::new(key.pk, format!("{}#RAW", key.sk))
}

/// At most as much as an item holds, to a whole character.
fn cut(text: &str) -> String {
    let mut end = text.len().min(MAX_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
