//! Exchanges with controllers (OpenDSR 2.0), as they are stored.
//!
//! An [`Exchange`] knows nothing of the person: neither whose request it became
//! nor whether there is anybody. What the request does is told to it by a
//! [`Move`] in the commit that did it, and to the controller by a [`Callback`] in
//! the commit that takes the move in. Both wait in due-queues of their own.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ids::{MessageId, RequestId},
    ledger::Entry,
    opendsr::{
        ControllerId, ExchangeRef, KEPT_LENGTH, Outcome, PENDING_LENGTH, Standing, Status,
        SubjectRequestId, SubjectRequestType,
    },
    request::Progress,
    time::{SignedDuration, Timestamp, shift},
};
use serde::{Deserialize, Serialize};

use crate::{
    db::{Db, Entity, Key, StoreError, Table, Tx, due, expires},
    expression::{Condition, Update},
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

/// Word of the request behind an exchange, committed with what happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    /// Of which exchange.
    pub exchange: ExchangeRef,
    /// Its own id.
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
        Key::new(partition(&self.exchange), format!("{MOVE}{}", self.id))
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

impl Tx {
    /// Stores a new exchange; refused under `exchange` when there is one of this name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_exchange(&mut self, exchange: &Exchange, now: Timestamp) -> Result<(), StoreError> {
        let over = Condition::at_most("expires_at_epoch", now.as_second())?;
        let free = Condition::item_absent().or(over);
        self.put_if("exchange", exchange, Some(&free));
        Ok(())
    }

    /// Lets the controllers' exchanges follow a request. While it waits for its
    /// person there is nothing to tell.
    pub fn tell_exchanges(&mut self, exchanges: &[ExchangeRef], progress: &Progress) {
        let standing = Standing::of(progress);
        if standing == Standing::PENDING {
            return;
        }
        let times = [
            progress.confirmed_at(),
            progress.extended_at(),
            progress.decided_at(),
            progress.closed_at(),
        ];
        let last = times.into_iter().flatten().max();
        let at = last.unwrap_or(progress.received_at());
        self.note_moves(exchanges, standing, Some(progress.due_at()), at);
    }

    /// Lets exchanges end whose person has been erased.
    pub fn end_exchanges(&mut self, ended: &[(ExchangeRef, Standing)], at: Timestamp) {
        for (exchange, standing) in ended {
            self.note_moves(std::slice::from_ref(exchange), *standing, None, at);
        }
    }

    fn note_moves(
        &mut self,
        exchanges: &[ExchangeRef],
        standing: Standing,
        expected_at: Option<Timestamp>,
        at: Timestamp,
    ) {
        for exchange in exchanges {
            let word = Move {
                exchange: exchange.clone(),
                id: MessageId::new(at),
                standing,
                expected_at,
                at,
            };
            self.create("move", &word);
        }
    }

    /// Stores the next revision of an exchange, with a callback to each of its
    /// addresses if it stands elsewhere now. Refused under `exchange` when it was
    /// changed meanwhile.
    fn move_exchange(
        &mut self,
        from: &Exchange,
        to: &Exchange,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let unchanged = Condition::equals("revision", from.revision)?;
        let mut stored = to.clone();
        if to.standing.status.has_ended() {
            // the last callbacks have them, and whatever stands in them goes with these
            stored.callbacks.clear();
        }
        self.put_if("exchange", &stored, Some(&unchanged));
        if to.standing == from.standing {
            return Ok(());
        }
        for (position, url) in to.callbacks.iter().enumerate() {
            let callback = Callback {
                exchange: to.exchange(),
                revision: to.revision,
                position,
                url: url.clone(),
                standing: to.standing,
                expected_at: to.expected_at,
                attempts: 0,
                next_at: now,
            };
            self.create("callback", &callback);
        }
        Ok(())
    }
}

impl Db {
    /// An exchange as it stands now, with what is on its way to it. One that ended
    /// long ago is not found.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn exchange(
        &self,
        name: &ExchangeRef,
        now: Timestamp,
    ) -> Result<Option<Exchange>, StoreError> {
        let stored: Option<Exchange> = self.get(&exchange_key(name)).await?;
        let Some(mut exchange) = stored.filter(|exchange| !exchange.is_over(now)) else {
            return Ok(None);
        };
        let moves: Vec<Move> = self.list_all(&partition(name), MOVE).await?;
        for told in &moves {
            if let Some(after) = exchange.after(told) {
                // not stored: what its revision is, is nobody's business
                exchange = after;
            }
        }
        Ok(Some(exchange))
    }

    /// Takes an exchange back for its controller. Refused under `exchange` when it
    /// was changed meanwhile.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn withdraw_exchange(
        &self,
        exchange: &Exchange,
        entry: Entry,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        tx.record(entry);
        tx.move_exchange(exchange, &exchange.ended(Outcome::Withdrawn, now), now)?;
        self.commit(tx).await
    }

    /// Ends an exchange that has waited long enough; one that went on stays, and so
    /// does one to which word is on its way.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_waiting(&self, key: &Key, now: Timestamp) -> Result<(), StoreError> {
        let stored: Option<Exchange> = self.get(key).await?;
        let waits = |one: &Exchange| one.standing == Standing::PENDING;
        let Some(exchange) = stored.filter(waits) else {
            return Ok(());
        };
        let moves: Vec<Move> = self.list_all(&key.pk, MOVE).await?;
        if !moves.is_empty() {
            return Ok(());
        }
        let mut tx = Tx::new();
        tx.move_exchange(&exchange, &exchange.ended(Outcome::Unconfirmed, now), now)?;
        changed_meanwhile(self.commit(tx).await)
    }

    /// Takes a move in: the exchange goes where it tells, its callbacks become due.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_move_in(&self, key: &Key, now: Timestamp) -> Result<(), StoreError> {
        let Some(told) = self.get::<Move>(key).await? else {
            return Ok(());
        };
        let exchange: Option<Exchange> = self.get(&exchange_key(&told.exchange)).await?;
        let mut tx = Tx::new();
        tx.delete("move", Table::Catalog, key, Some(&Condition::item_exists()));
        let after = exchange.as_ref().and_then(|exchange| exchange.after(&told));
        if let (Some(before), Some(after)) = (&exchange, &after) {
            tx.move_exchange(before, after, now)?;
        }
        changed_meanwhile(self.commit(tx).await)
    }

    /// Forgets a callback that was delivered, or given up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_callback(&self, callback: &Callback) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        tx.delete("callback", Table::Catalog, &callback.key(), None);
        self.commit(tx).await
    }

    /// Lets a callback wait until it is tried again, after so many attempts. One that
    /// another run has delivered meanwhile stays away.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn postpone_callback(
        &self,
        callback: &Callback,
        attempts: u32,
        by: SignedDuration,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let next = shift(now, by);
        let update = Update::new()
            .set("attempts", attempts)?
            .set("next_at", next)?
            .set("due_at", next)?
            .when(Condition::item_exists());
        let mut tx = Tx::new();
        tx.update("callback", Table::Catalog, &callback.key(), &update);
        match self.commit(tx).await {
            Err(error) if error.refused("callback") => Ok(()),
            other => other,
        }
    }
}

/// Another run came first: it, or the next one, does what is left.
fn changed_meanwhile(outcome: Result<(), StoreError>) -> Result<(), StoreError> {
    match outcome {
        Err(StoreError::Refused("exchange" | "move")) => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::lookup::LookupKey;

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
