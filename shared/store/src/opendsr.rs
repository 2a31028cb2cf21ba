//! Exchanges with controllers (OpenDSR 2.0), as they are stored.
//!
//! An [`Exchange`] knows nothing of the person: neither whose request it became
//! nor whether there is anybody. What the request does is told to it by a
//! [`Move`] in the commit that did it, and to the controller by a [`Callback`] in
//! the commit that takes the move in. Both wait in due-queues of their own.

mod course;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ids::{MessageId, RequestId},
    opendsr::{
        ControllerId, ExchangeRef, KEPT_LENGTH, Outcome, PENDING_LENGTH, Standing, Status,
        SubjectRequestId, SubjectRequestType,
    },
    time::{Timestamp, shift},
};
use serde::{Deserialize, Serialize};

use crate::{
    db::{Entity, Key, Table, due, expires},
    lookup::LookupHash,
};

/// Where exchanges wait for word of their requests, or for their end.
pub const MOVES: &str = "OPENDSR";
/// Where callbacks wait for their time.
pub const CALLBACKS: &str = "OPENDSR-CALLBACKS";

const EXCHANGE: &str = "EXCHANGE";
const MOVE: &str = "MOVE#";
const CALLBACK: &str = "CALLBACK#";

/// What a controller asked, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Who asked.
    pub controller: ControllerId,
    /// What the controller calls it.
    pub request: SubjectRequestId,
    /// The request that it becomes here, if the person is known.
    pub here: RequestId,
    /// What was asked.
    pub asked: SubjectRequestType,
    /// The keyed hash of the body: the same body is the same request.
    pub fingerprint: LookupHash,
    /// When the person asked the controller.
    pub submitted_at: Timestamp,
    /// When we received it.
    pub received_at: Timestamp,
    /// When it is expected to be done, as the receipt promised.
    pub promised_at: Timestamp,
    /// When it is expected to be done, as it is known now.
    pub expected_at: Timestamp,
    /// Where changes are told, while there can be any.
    #[serde(default)]
    pub callbacks: Vec<String>,
    /// Where it stands.
    pub standing: Standing,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Counts changes.
    pub revision: u64,
}

fn partition(exchange: &ExchangeRef) -> String {
    format!("OPENDSR#{}#{}", exchange.controller, exchange.request)
}

fn move_key(partition: &str, status: Status) -> Key {
    Key::new(partition, format!("{MOVE}{}", status.as_str()))
}

fn exchange_key(exchange: &ExchangeRef) -> Key {
    Key::new(partition(exchange), EXCHANGE)
}

impl Entity for Exchange {
    const TABLE: Table = Table::Catalog;

    fn key(&self) -> Key {
        exchange_key(&self.exchange())
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        match (self.standing.status, self.ended_at) {
            (_, Some(ended)) => vec![expires(shift(ended, KEPT_LENGTH))],
            (Status::Pending, None) => due(MOVES, self.pending_until()),
            // its request has a deadline of its own
            _ => Vec::new(),
        }
    }
}

impl Exchange {
    /// Its name.
    #[must_use]
    pub fn exchange(&self) -> ExchangeRef {
        ExchangeRef {
            controller: self.controller.clone(),
            request: self.request.clone(),
        }
    }

    /// Until when it waits for the person.
    #[must_use]
    pub fn pending_until(&self) -> Timestamp {
        shift(self.received_at, PENDING_LENGTH)
    }

    /// It ended so long ago that it can't be asked about any more.
    fn is_over(&self, now: Timestamp) -> bool {
        self.ended_at
            .is_some_and(|ended| shift(ended, KEPT_LENGTH) <= now)
    }

    /// As it is after a move; `None` when the move changes nothing.
    fn after(&self, told: &Move) -> Option<Self> {
        let goes_on = told.standing.follows(self.standing);
        let is_late = self.standing.status.has_ended();
        let postponed = !is_late && told.expected_at.is_some_and(|at| at != self.expected_at);
        if !goes_on && !postponed {
            return None;
        }
        let standing = if goes_on {
            told.standing
        } else {
            self.standing
        };
        Some(Self {
            standing,
            expected_at: told.expected_at.unwrap_or(self.expected_at),
            ended_at: standing.status.has_ended().then_some(told.at),
            revision: self.revision + 1,
            ..self.clone()
        })
    }

    /// As it is when it ends at `now` in another way than by its request.
    fn ended(&self, outcome: Outcome, now: Timestamp) -> Self {
        Self {
            standing: Standing::cancelled(outcome),
            ended_at: Some(now),
            revision: self.revision + 1,
            ..self.clone()
        }
    }
}

/// Word of the request behind an exchange, committed with what happened to it. Of
/// words of the same status only the last waits: what it says holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Of which exchange.
    pub exchange: ExchangeRef,
    /// Its own id, by which it is known from a later one of its status.
    pub id: MessageId,
    /// Where the request stands.
    pub standing: Standing,
    /// When it must be done, where that is known.
    pub expected_at: Option<Timestamp>,
    /// When that happened.
    pub at: Timestamp,
}

impl Entity for Move {
    const TABLE: Table = Table::Catalog;

    fn key(&self) -> Key {
        move_key(&partition(&self.exchange), self.standing.status)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        due(MOVES, self.at)
    }
}

/// A callback that waits to be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// About which exchange.
    pub exchange: ExchangeRef,
    /// The revision of the exchange that it tells of.
    pub revision: u64,
    /// Which of the exchange's addresses it is for.
    pub position: usize,
    /// The address.
    pub url: String,
    /// What it tells.
    pub standing: Standing,
    /// When the request is expected to be done.
    pub expected_at: Timestamp,
    /// How often it was tried in vain.
    pub attempts: u32,
    /// When it is tried next.
    pub next_at: Timestamp,
}

impl Entity for Callback {
    const TABLE: Table = Table::Catalog;

    fn key(&self) -> Key {
        let sk = format!("{CALLBACK}{:04}#{:02}", self.revision, self.position);
        Key::new(partition(&self.exchange), sk)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        due(CALLBACKS, self.next_at)
    }
}

/// What is due at a key of the queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// An exchange has waited long enough for its person.
    End,
    /// A move is to be taken in.
    TakeIn,
    /// A callback is to be tried.
    Call,
}

impl Duty {
    /// Of a key.
    #[must_use]
    pub fn at(key: &Key) -> Option<Self> {
        match key.sk.as_str() {
            EXCHANGE => Some(Self::End),
            sk if sk.starts_with(MOVE) => Some(Self::TakeIn),
            sk if sk.starts_with(CALLBACK) => Some(Self::Call),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::lookup::LookupKey;
    use domain::time::SignedDuration;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn exchange() -> Exchange {
        Exchange {
            controller: "acme".parse().unwrap(),
            request: "a7551968-d5d6-44b2-9831-815ac9017798".parse().unwrap(),
            here: RequestId::new(NOW),
            asked: SubjectRequestType::Erasure,
            fingerprint: LookupKey::new("secret").network("203.0.113.7"),
            submitted_at: NOW,
            received_at: NOW,
            promised_at: NOW,
            expected_at: NOW,
            callbacks: Vec::new(),
            standing: Standing::PENDING,
            ended_at: None,
            revision: 1,
        }
    }

    fn word(standing: Standing, expected_at: Option<Timestamp>) -> Move {
        Move {
            exchange: exchange().exchange(),
            id: MessageId::new(NOW),
            standing,
            expected_at,
            at: NOW,
        }
    }

    const BUSY: Standing = Standing {
        status: Status::InProgress,
        outcome: None,
    };

    #[test]
    fn word_is_taken_in_once_and_nothing_follows_an_end() {
        let begun = exchange().after(&word(BUSY, Some(NOW))).unwrap();
        assert_eq!((begun.standing, begun.revision), (BUSY, 2));
        assert_eq!(begun.after(&word(BUSY, Some(NOW))), None);
        let later = shift(NOW, PENDING_LENGTH);
        let extended = begun.after(&word(BUSY, Some(later))).unwrap();
        assert_eq!(
            (extended.standing, extended.expected_at, extended.ended_at),
            (BUSY, later, None)
        );
        let done = Standing::completed(Outcome::Erased);
        let done = extended.after(&word(done, None)).unwrap();
        assert_eq!((done.ended_at, done.expected_at), (Some(NOW), later));
        assert_eq!(done.after(&word(BUSY, Some(NOW))), None);
        let withdrawn = exchange().ended(Outcome::Withdrawn, NOW);
        assert_eq!(withdrawn.after(&word(BUSY, Some(later))), None);
    }

    #[test]
    fn what_waits_is_found_and_what_has_ended_goes() {
        let names = |exchange: &Exchange| {
            let index = exchange.index().into_iter();
            index.map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names(&exchange()), ["due_queue", "due_at"]);
        let begun = exchange().after(&word(BUSY, None)).unwrap();
        assert!(names(&begun).is_empty());
        let ended = exchange().ended(Outcome::Unconfirmed, NOW);
        assert_eq!(names(&ended), ["expires_at_epoch"]);
        let end = shift(NOW, KEPT_LENGTH);
        assert!(ended.is_over(end) && !ended.is_over(shift(end, SignedDuration::from_secs(-1))));
        assert!(!exchange().is_over(end));
    }

    #[test]
    fn a_key_says_what_is_due() {
        let word = word(BUSY, None);
        assert_eq!(Duty::at(&exchange().key()), Some(Duty::End));
        assert_eq!(Duty::at(&word.key()), Some(Duty::TakeIn));
        let callback = Key::new("OPENDSR#a#b", "CALLBACK#0002#00");
        assert_eq!(Duty::at(&callback), Some(Duty::Call));
        assert_eq!(Duty::at(&Key::new("WSP#x", "META")), None);
    }
}
