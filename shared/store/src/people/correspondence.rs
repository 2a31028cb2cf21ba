//! Letters to the privacy address as they are stored (clause 3.3f).
//!
//! [`Intake`] says that a letter was taken in. It holds no personal data and nobody's id, so that
//! it tells a repeated event even after its writer was erased. [`Correspondence`] is a letter in
//! its proven writer's partition, sealed with their key: it is exported and erased with them. A
//! letter whose writer is not proven belongs to nobody's file and stays where SES put it; where its
//! sender's address is somebody's on file, an [`UnprovenLetter`] lets it go with them.

use domain::{
    data_map::Field,
    ids::SubjectId,
    time::{SignedDuration, Timestamp, days, shift},
};
use serde::{Deserialize, Serialize};

use super::partition;
use crate::{
    db::{Db, Entity, Key, StoreError, Table},
    expression::{Condition, Update},
    personal::{GateError, Person, Sealed},
};

/// How long a letter is kept (policy, section 5.2: correspondence, one year).
const KEPT: SignedDuration = days(365);
/// How long a letter is remembered that nobody has to read.
const REMEMBERED: SignedDuration = days(30);
/// What letters wait in that a person of the staff has to read, in the index by deadline.
const QUEUE: &str = "MAILBOX";
/// What the sort keys of a person's letters begin with.
const PREFIX: &str = "MAIL#";
/// What those of letters begin with that name them as the sender without proof.
const UNPROVEN_PREFIX: &str = "LETTER#";
/// How much of a letter's text its item holds; the object holds all of it. An item has at most
/// 400 KB, and a character may take two in JSON.
const MAX_TEXT_BYTES: usize = 64 * 1024;
/// How much of its subject.
const MAX_SUBJECT_BYTES: usize = 4 * 1024;
/// What a letter is sealed as, in its item and in its object.
const CONTENT: Field = Field::Letter;

/// A letter that was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intake {
    /// SES's id of the letter.
    pub id: String,
    /// What was done with it, as the mailbox names it.
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

impl Entity for Intake {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        intake_key(&self.id)
    }
}

impl Intake {
    /// A letter with this outcome, which nobody has to read yet.
    #[must_use]
    pub fn new(id: &str, outcome: &str, received_at: Timestamp) -> Self {
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
    #[must_use]
    pub fn keeping(mut self, object: &str) -> Self {
        self.object = Some(object.to_owned());
        self
    }

    /// A person of the staff answers the letter by then.
    #[must_use]
    pub fn read_by(mut self, due_at: Timestamp) -> Self {
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

/// What a letter says.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// The subject; at most 4 KiB of it are kept.
    pub subject: String,
    /// The first text, with what it quotes; at most 64 KiB of it are kept.
    pub text: String,
    /// The first text without what it quotes of others; likewise.
    pub own: String,
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Words(…)")
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
    /// The [`Words`], sealed JSON.
    pub content: Sealed,
    queue: Option<String>,
    queue_due: Option<Timestamp>,
    expires_at_epoch: i64,
}

/// Where a letter stands in its writer's file.
#[must_use]
pub fn correspondence_key(subject: SubjectId, received_at: Timestamp, id: &str) -> Key {
    Key::new(partition(subject), format!("{PREFIX}{received_at}#{id}"))
}

/// What the objects of all letters in somebody's file begin with.
pub const LETTERS: &str = "letters/";

/// What the objects begin with that hold a person's letters.
#[must_use]
pub fn letters_prefix(subject: SubjectId) -> String {
    format!("{LETTERS}{subject}/")
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
    pub fn new(
        person: &Person,
        id: &str,
        received_at: Timestamp,
        thread: Option<String>,
        words: &Words,
    ) -> Result<Self, GateError> {
        let key = correspondence_key(person.subject(), received_at, id);
        let kept = Words {
            subject: cut(&words.subject, MAX_SUBJECT_BYTES),
            text: cut(&words.text, MAX_TEXT_BYTES),
            own: cut(&words.own, MAX_TEXT_BYTES),
        };
        // the error may quote what was written
        let json = serde_json::to_string(&kept)
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
    #[must_use]
    pub fn read_by(mut self, due_at: Timestamp) -> Self {
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
    pub fn seal_raw(&self, person: &Person, base64: &str) -> Result<Sealed, GateError> {
        person.seal::<Self>(CONTENT, &raw_key(self), base64)
    }

    /// What it says.
    ///
    /// # Errors
    /// [`GateError`] when the access does not reach it, or it was changed.
    pub fn open(&self, person: &Person) -> Result<Words, GateError> {
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

/// A letter that names a person's address as its sender and proves nothing: it is in nobody's
/// file, and is destroyed with the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnprovenLetter {
    /// Whose address.
    pub subject: SubjectId,
    /// SES's id of the letter.
    pub id: String,
    /// The object, as it came.
    pub object: String,
    expires_at_epoch: i64,
}

impl Entity for UnprovenLetter {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        let id = &self.id;
        Key::new(partition(self.subject), format!("{UNPROVEN_PREFIX}{id}"))
    }
}

impl UnprovenLetter {
    /// A letter that is kept as it came.
    #[must_use]
    pub fn new(subject: SubjectId, id: &str, object: &str, received_at: Timestamp) -> Self {
        Self {
            subject,
            id: id.to_owned(),
            object: object.to_owned(),
            expires_at_epoch: shift(received_at, KEPT).as_second(),
        }
    }
}

/// The place that the object is sealed for. It stands in a bucket and is bound to this key all
/// the same.
fn raw_key(letter: &Correspondence) -> Key {
    let key = letter.key();
    Key::new(key.pk, format!("{}#RAW", key.sk))
}

/// At most so much, to a whole character, without control characters: JSON writes six for one.
fn cut(text: &str, most: usize) -> String {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let shown = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    text[..end]
        .chars()
        .map(|c| if shown(c) { c } else { ' ' })
        .collect()
}

impl Db {
    /// The letters in a person's file, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn correspondence_of(
        &self,
        subject: SubjectId,
    ) -> Result<Vec<Correspondence>, StoreError> {
        self.list_all(&partition(subject), PREFIX).await
    }

    /// The letters that name a person as their sender without proof.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unproven_letters(
        &self,
        subject: SubjectId,
    ) -> Result<Vec<UnprovenLetter>, StoreError> {
        self.list_all(&partition(subject), UNPROVEN_PREFIX).await
    }

    /// Changes what is known of a letter that was taken in.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with `mail` when it is not known any more.
    pub async fn change_intake(&self, id: &str, update: Update) -> Result<(), StoreError> {
        let update = update.when(Condition::item_exists());
        self.update::<Intake>("mail", &intake_key(id), &update)
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_kept_of_a_text_fits_into_an_item(text in "(\\PC|\\x01|\"|\n){0,64}", most in 0usize..64) {
            let kept = cut(&text, most);
            prop_assert!(kept.len() <= most);
            let json = serde_json::to_string(&kept).unwrap_or_default();
            prop_assert!(json.len() <= 2 * most + 2, "{json}");
            let whole = text.chars().filter(|c| !c.is_control()).count();
            prop_assert!(most < text.len() || kept.chars().count() >= whole);
        }
    }
}
