//! Schedules, on the machine's clock: whenever the clock is moved, each schedule that has
//! become due fires once.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use super::{Delivery, backoff};
use crate::cloud::{ACCOUNT, REGION};
use crate::state::StateFile;
use crate::template::Schedule;

/// Fires schedules.
pub(super) struct Scheduler {
    schedules: Vec<(String, Schedule)>,
    delivery: Delivery,
    file: StateFile<BTreeMap<String, Timestamp>>,
    /// When each fired last, or was first seen.
    last: Mutex<BTreeMap<String, Timestamp>>,
    moves: watch::Receiver<u64>,
    /// How many moves of the clock have been followed.
    followed: Mutex<u64>,
    begun: AtomicBool,
}

impl Scheduler {
    pub(super) fn open(
        schedules: Vec<(String, Schedule)>,
        delivery: &Delivery,
        file: StateFile<BTreeMap<String, Timestamp>>,
    ) -> io::Result<Self> {
        let known = file.load()?.unwrap_or_default();
        let now = delivery.clock.now();
        let seen = |(_, schedule): &(String, Schedule)| {
            let last = known.get(&schedule.name).copied().unwrap_or(now);
            (schedule.name.clone(), last)
        };
        let last: BTreeMap<_, _> = schedules.iter().map(seen).collect();
        file.save(&last)?;
        Ok(Self {
            last: Mutex::new(last),
            schedules,
            delivery: delivery.clone(),
            file,
            moves: delivery.clock.moves(),
            followed: Mutex::new(0),
            begun: AtomicBool::new(false),
        })
    }

    /// Fires what is due until the machine ends.
    pub(super) async fn run(&self) {
        let mut moves = self.moves.clone();
        loop {
            let move_seen = *moves.borrow_and_update();
            let worked = self.delivery.shutdown.or(self.follow());
            if worked.await.is_none() {
                return;
            }
            *lock(&self.followed) = move_seen;
            self.begun.store(true, Ordering::SeqCst);
            let rest = tokio::time::timeout(self.until_next(), moves.changed());
            if self.delivery.shutdown.or(rest).await.is_none() {
                return;
            }
        }
    }

    /// Whether every move of the clock has been followed and nothing is due.
    pub(super) fn is_settled(&self) -> bool {
        let now = self.delivery.clock.now();
        self.begun.load(Ordering::SeqCst)
            && *lock(&self.followed) == *self.moves.borrow()
            && self.due(now).is_empty()
    }

    /// Removes what has expired and fires what is due, all at once.
    async fn follow(&self) {
        let _work = self.delivery.activity.begin();
        let now = self.delivery.clock.now();
        match self.delivery.cloud.sweep_expired(now).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "expired items are gone"),
            Err(error) => tracing::error!(%error, "expired items stay"),
        }
        let due = self.due(now);
        for (_, schedule) in &due {
            lock(&self.last).insert(schedule.name.clone(), now);
        }
        join_all(
            due.iter()
                .map(|(function, schedule)| self.fire(function, schedule, now)),
        )
        .await;
        let last = lock(&self.last).clone();
        // Without the file, schedules fire again after a restart, which handlers must bear.
        if let Err(error) = self.file.save(&last) {
            tracing::warn!(%error, "the schedules' times were not kept");
        }
    }

    fn due(&self, now: Timestamp) -> Vec<&(String, Schedule)> {
        let is_due = |schedule: &Schedule| self.next(schedule).is_some_and(|next| next <= now);
        let schedules = self.schedules.iter();
        schedules.filter(|(_, schedule)| is_due(schedule)).collect()
    }

    fn next(&self, schedule: &Schedule) -> Option<Timestamp> {
        let last = lock(&self.last).get(&schedule.name).copied()?;
        schedule.expression.next_after(last)
    }

    fn until_next(&self) -> Duration {
        const LONGEST: Duration = Duration::from_secs(3_600);
        let now = self.delivery.clock.now();
        let next = self
            .schedules
            .iter()
            .filter_map(|(_, schedule)| self.next(schedule))
            .min();
        let wait = next.and_then(|next| Duration::try_from(next.duration_since(now)).ok());
        match next {
            Some(_) => wait.unwrap_or_default().min(LONGEST),
            None => LONGEST,
        }
    }

    /// Invokes a schedule's function, again if it fails, as often as the schedule says.
    async fn fire(&self, function: &str, schedule: &Schedule, now: Timestamp) {
        for attempt in 0..=schedule.retries {
            let event = schedule
                .input
                .clone()
                .unwrap_or_else(|| own_event(schedule, now));
            if self
                .delivery
                .functions
                .invoke(function, event)
                .await
                .is_ok()
            {
                return;
            }
            if attempt < schedule.retries {
                tokio::time::sleep(backoff(attempt)).await;
            }
        }
        tracing::error!(
            schedule = schedule.name,
            "a schedule's work was given up until the next time"
        );
    }
}

/// What a schedule without an `Input` sends.
fn own_event(schedule: &Schedule, now: Timestamp) -> Value {
    let seconds = Timestamp::from_second(now.as_second()).unwrap_or(now);
    json!({
        "version": "0",
        "id": Uuid::new_v4(),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": seconds,
        "region": REGION,
        "resources": [format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{}", schedule.name)],
        "detail": "{}",
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
