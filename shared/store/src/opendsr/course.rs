//! The course of an exchange: what opens it, moves it and ends it.

use domain::{
    ids::MessageId,
    ledger::Entry,
    opendsr::{ExchangeRef, Outcome, Standing, Status},
    request::Progress,
    time::{SignedDuration, Timestamp, shift},
};

use super::{Callback, Exchange, MOVE, Move, exchange_key, move_key, partition};
use crate::{
    db::{Db, Entity, Key, StoreError, Table, Tx},
    expression::{Condition, Update},
};

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
        for (position, (exchange, standing)) in ended.iter().enumerate() {
            let before = &ended[..position];
            if before.iter().all(|(other, _)| other != exchange) {
                self.note_moves(std::slice::from_ref(exchange), *standing, None, at);
            }
        }
    }

    fn note_moves(
        &mut self,
        exchanges: &[ExchangeRef],
        standing: Standing,
        expected_at: Option<Timestamp>,
        at: Timestamp,
    ) {
        for (position, exchange) in exchanges.iter().enumerate() {
            // a job that came twice may have named it twice
            if exchanges[..position].contains(exchange) {
                continue;
            }
            let word = Move {
                exchange: exchange.clone(),
                id: MessageId::new(at),
                standing,
                expected_at,
                at,
            };
            self.put("move", &word);
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
        let mut moves: Vec<Move> = self.list_all(&partition(name), MOVE).await?;
        moves.sort_by_key(|told| told.at);
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
    /// does one to which word is on its way, or commits at the same moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_waiting(&self, key: &Key, now: Timestamp) -> Result<(), StoreError> {
        let stored: Option<Exchange> = self.get(key).await?;
        let waits = |one: &Exchange| one.standing == Standing::PENDING;
        let Some(exchange) = stored.filter(waits) else {
            return Ok(());
        };
        let mut tx = Tx::new();
        tx.move_exchange(&exchange, &exchange.ended(Outcome::Unconfirmed, now), now)?;
        for status in [Status::InProgress, Status::Completed, Status::Cancelled] {
            let word = move_key(&key.pk, status);
            // deletes nothing: it refuses to go on where there is word
            let none = Condition::item_absent();
            tx.delete("move", Table::Catalog, &word, Some(&none));
        }
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
        // not a later one that took its place meanwhile
        let this = Condition::equals("id", told.id)?;
        tx.delete("move", Table::Catalog, key, Some(&this));
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
