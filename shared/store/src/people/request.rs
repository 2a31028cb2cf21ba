//! Data-subject requests as they are stored (clauses 6.3, 6.7).
//!
//! A request stands in its person's partition; the staff find it by id and by
//! deadline over sparse indexes that hold keys only. A second item per person
//! and kind makes that an open request absorbs its duplicates.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ids::{CaseId, RequestId, SubjectId},
    ledger::Hash,
    opendsr::ExchangeRef,
    request::{Progress, RequestKind, State},
    time::{SignedDuration, Timestamp, days},
};
use serde::{Deserialize, Serialize};

use super::{PersonRecord, partition, person_key, record::alive, uncancelled::queue};
use crate::{
    db::{Db, Entity, Key, StoreError, Table, Tx, expires},
    expression::{Condition, Update},
    personal::Sealed,
};

/// How long a request waits for the link in its letter to be used.
pub const CONFIRMATION_LENGTH: SignedDuration = days(7);
/// How long a copy is kept for download (data map: 7 days).
pub const EXPORT_LENGTH: SignedDuration = days(7);

const QUEUE: &str = "REQUESTS";
const PREFIX: &str = "DSR#";

/// A copy that is ready for download.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportCopy {
    /// When it was made.
    pub made_at: Timestamp,
    /// Until when it may be downloaded.
    pub expires_at: Timestamp,
    /// Its parts, by name: `json`, `html` and further ones for long lists.
    pub parts: Vec<String>,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Whose request.
    pub subject: SubjectId,
    /// The request.
    pub id: RequestId,
    /// Counts changes.
    pub revision: u64,
    /// Kind, state, deadline.
    pub progress: Progress,
    /// What the person wrote: [`domain::request::Details`] as JSON
    /// ([`domain::data_map::Field::RequestDetails`]).
    pub details: Option<Sealed>,
    /// What the staff wrote: [`super::Reasons`] as JSON
    /// ([`domain::data_map::Field::RequestReason`]).
    pub reason: Option<Sealed>,
    /// The case of an erasure, from its approval on.
    pub case: Option<CaseId>,
    /// The copy that an access was answered with.
    pub export: Option<ExportCopy>,
    /// When an unconfirmed request is forgotten.
    pub expires_at: Option<Timestamp>,
    /// The intake by address that mailed the last link; a repeat mails none.
    pub linked_by: Option<RequestId>,
    /// The exchanges of controllers that passed it on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<ExchangeRef>,
}

/// Where a request stands.
#[must_use]
pub fn request_key(subject: SubjectId, request: RequestId) -> Key {
    Key::new(partition(subject), format!("{PREFIX}{request}"))
}

/// The place that a part of a copy is sealed for. It stands in the exports
/// bucket and is bound to this key all the same.
#[must_use]
pub fn export_key(subject: SubjectId, request: RequestId, part: &str) -> Key {
    Key::new(partition(subject), format!("EXPORT#{request}#{part}"))
}

/// The object that holds a part of a copy.
#[must_use]
pub fn export_object(subject: SubjectId, request: RequestId, part: &str) -> String {
    format!("{}{request}/{part}", exports_prefix(subject))
}

/// What the keys of a person's copies begin with.
#[must_use]
pub fn exports_prefix(subject: SubjectId) -> String {
    format!("exports/{subject}/")
}

impl Entity for Request {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        request_key(self.subject, self.id)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        let text = |value: String| AttributeValue::S(value);
        let mut index = vec![("request_id", text(self.id.to_string()))];
        if self.progress.state().is_pending() {
            index.push(("queue", text(QUEUE.to_owned())));
            index.push(("queue_due", text(self.progress.due_at().to_string())));
        }
        index.extend(self.expires_at.map(expires));
        index
    }
}

impl Request {
    /// A request as it came in; one that awaits its confirmation is forgotten
    /// after [`CONFIRMATION_LENGTH`].
    #[must_use]
    pub fn new(subject: SubjectId, id: RequestId, progress: Progress) -> Self {
        let awaiting = progress.state() == State::AwaitingConfirmation;
        let end = domain::time::shift(progress.received_at(), CONFIRMATION_LENGTH);
        Self {
            subject,
            id,
            revision: 1,
            progress,
            details: None,
            reason: None,
            case: None,
            export: None,
            expires_at: awaiting.then_some(end),
            linked_by: None,
            exchanges: Vec::new(),
        }
    }

    /// It waited too long for its confirmation.
    #[must_use]
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// The next state of the request, under its next revision.
    #[must_use]
    pub fn with(mut self, progress: Progress) -> Self {
        if progress.state() != State::AwaitingConfirmation {
            self.expires_at = None;
        }
        self.progress = progress;
        self.revision += 1;
        self
    }

    fn slot(&self) -> Slot {
        Slot {
            subject: self.subject,
            kind: self.progress.kind(),
            request: self.id,
            expires_at: self.expires_at,
            document: self.progress.mandate().map(|mandate| mandate.document),
            destruction_at: self.progress.destruction_at(),
        }
    }
}

/// The one open request of a person and kind; of those that others make for the
/// person, the one that rests on a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Whose.
    pub subject: SubjectId,
    /// Of which kind.
    pub kind: RequestKind,
    /// The request.
    pub request: RequestId,
    /// Until when an unconfirmed request holds it.
    pub expires_at: Option<Timestamp>,
    /// The document that it rests on, where somebody else asks.
    #[serde(default)]
    pub document: Option<Hash>,
    /// When it is carried out unless it is cancelled before.
    #[serde(default)]
    pub destruction_at: Option<Timestamp>,
}

fn slot_key(subject: SubjectId, kind: RequestKind, document: Option<Hash>) -> Key {
    let kind = kind.as_str();
    let slot = match document {
        Some(document) => format!("DSRSLOT#{kind}#{document}"),
        None => format!("DSRSLOT#{kind}"),
    };
    Key::new(partition(subject), slot)
}

impl Entity for Slot {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        slot_key(self.subject, self.kind, self.document)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        let mut index = self.destruction_at.map(queue).unwrap_or_default();
        index.extend(self.expires_at.map(expires));
        index
    }
}

impl Tx {
    /// Stores a new request; refused under `open request` while another one of
    /// the same person and kind is open, which absorbs this one. One that its
    /// receipt carried out leaves the room free.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_request(&mut self, request: &Request, now: Timestamp) -> Result<(), StoreError> {
        let slot = request.slot();
        let free = Condition::item_absent().or(Condition::at_most("expires_at", now)?);
        if request.progress.state().is_closed() {
            self.check("open request", Table::People, &slot.key(), &free);
        } else {
            self.put_if("open request", &slot, Some(&free));
        }
        self.create("request", request);
        Ok(())
    }

    /// Stores the next state of a request, as [`Request::with`] made it; refused
    /// under `request` when somebody else changed it meanwhile. A closed request
    /// makes room for another of its kind.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn change_request(&mut self, request: &Request) -> Result<(), StoreError> {
        let unchanged = Condition::equals("revision", request.revision - 1)?;
        self.put_if("request", request, Some(&unchanged));
        self.tell_exchanges(&request.exchanges, &request.progress);
        let mine = Condition::equals("request", request.id)?;
        if request.progress.state().is_closed() {
            let gone = mine.or(Condition::item_absent());
            let key = request.slot().key();
            self.delete("open request", Table::People, &key, Some(&gone));
        } else {
            self.put_if("open request", &request.slot(), Some(&mine));
        }
        Ok(())
    }

    /// Restricts processing from `from` on, which may lie in the past: a
    /// request counts from its receipt (6.7). Demands, as [`Tx::alive`] does,
    /// that the person is not being erased; an earlier restriction stays. Each is
    /// counted, so that whoever ends another one meanwhile looks again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn restrict(&mut self, person: &PersonRecord, from: Timestamp) -> Result<(), StoreError> {
        let earlier = person
            .restricted_from
            .filter(|earlier| *earlier <= from)
            .unwrap_or(from);
        let update = Update::new()
            .set("restricted_from", earlier)?
            .add("restrictions", 1)
            .when(alive());
        self.update(
            "person",
            Table::People,
            &person_key(person.subject),
            &update,
        );
        Ok(())
    }

    /// Ends what a closed request has restricted, unless another one of the
    /// person ([`Db::requests_of`]) restricts it still; demands that the person
    /// is not being erased. Refused under `restriction` when another one began
    /// after the record was read, which must be read before the requests.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn end_restriction(
        &mut self,
        person: &PersonRecord,
        ended: &Request,
        all: &[Request],
    ) -> Result<(), StoreError> {
        let subject = ended.subject;
        let holds = |other: &Request| other.id != ended.id && other.progress.restricts();
        if all.iter().any(holds) {
            self.alive(subject);
            return Ok(());
        }
        let mut unchanged = Condition::equals("restrictions", person.restrictions)?;
        if person.restrictions == 0 {
            // a record from before they were counted
            unchanged = unchanged.or(Condition::lacks("restrictions"));
        }
        let update = Update::new()
            .remove("restricted_from")
            .when(alive().and(unchanged));
        let key = person_key(subject);
        self.update("restriction", Table::People, &key, &update);
        Ok(())
    }
}

impl Db {
    /// One request of a person; a forgotten one is not found.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn request(
        &self,
        subject: SubjectId,
        request: RequestId,
        now: Timestamp,
    ) -> Result<Option<Request>, StoreError> {
        let found: Option<Request> = self.get(&request_key(subject, request)).await?;
        Ok(found.filter(|request| !request.is_forgotten(now)))
    }

    /// A request by its id alone: the staff's way.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn request_by_id(
        &self,
        request: RequestId,
        now: Timestamp,
    ) -> Result<Option<Request>, StoreError> {
        let id = request.to_string();
        let keys = self.people_index("requests", "request_id", &id, 1).await?;
        let Some(key) = keys.first() else {
            return Ok(None);
        };
        let found: Option<Request> = self.get(key).await?;
        Ok(found.filter(|request| !request.is_forgotten(now)))
    }

    /// Every request of a person, oldest first, without the forgotten ones.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn requests_of(
        &self,
        subject: SubjectId,
        now: Timestamp,
    ) -> Result<Vec<Request>, StoreError> {
        let mut all: Vec<Request> = self.list_all(&partition(subject), PREFIX).await?;
        all.retain(|request| !request.is_forgotten(now));
        Ok(all)
    }

    /// The open request of this kind that a person made themselves.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_request(
        &self,
        subject: SubjectId,
        kind: RequestKind,
        now: Timestamp,
    ) -> Result<Option<Request>, StoreError> {
        let slot: Option<Slot> = self.get(&slot_key(subject, kind, None)).await?;
        match slot {
            Some(slot) => self.request(subject, slot.request, now).await,
            None => Ok(None),
        }
    }

    /// How many of the [requests that the staff have to see](Db::request_queue) must be
    /// answered by `at`, or should have been.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn requests_due_by(&self, at: Timestamp) -> Result<usize, StoreError> {
        let waiting = self.request_queue().await?;
        let due = waiting.iter().filter(|one| one.progress.due_at() <= at);
        Ok(due.count())
    }

    /// Up to 100 requests that the staff have to see, by deadline.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn request_queue(&self) -> Result<Vec<Request>, StoreError> {
        let mut requests = self.queued::<Request>(QUEUE).await?;
        // the index may lag behind the item
        requests.retain(|request| request.progress.state().is_pending());
        Ok(requests)
    }
}
