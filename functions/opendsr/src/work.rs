//! What is ours to do, by a schedule: word of requests is taken in, what nobody has
//! confirmed ends, controllers are called back.
//!
//! The schedule sends what an HTTP API sends for `POST /exchanges`, because the
//! function takes nothing else. No route of the API leads there, and a request that
//! came through an API says so.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use axum::{Json, extract::State};
use domain::{
    opendsr::ControllerId,
    time::{SignedDuration, Timestamp},
};
use platform::http::{Problem, Scheduled};
use serde::Serialize;
use store::{
    Key, StoreError,
    due::Bounds,
    opendsr::{CALLBACKS, Callback, Duty, MOVES},
};
use tokio::sync::Mutex;

use crate::{
    App,
    callback::{self, Heard},
    party::Party,
};

/// What one run takes on of each queue. What fails steps back.
const BOUNDS: Bounds = Bounds {
    page: 25,
    per_queue: 50,
    step_back: SignedDuration::from_mins(15),
};

/// For how long a controller is left alone whom a run has found silent.
const SILENCE: SignedDuration = SignedDuration::from_mins(15);

/// No work begins later in a run than this: one callback may take three seconds, and
/// the function has 25.
const BEGUN_WITHIN: Duration = Duration::from_secs(12);

/// What a run did.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Summary {
    processed: usize,
    failed: usize,
    more: bool,
}

/// Does what is due: first what callbacks follow from, then these.
pub(crate) async fn run(State(app): State<App>, _: Scheduled) -> Result<Json<Summary>, Problem> {
    let summary = match &app.party {
        Some(party) => work_off(&app, party).await?,
        None => Summary::default(),
    };
    let Summary {
        processed,
        failed,
        more,
    } = summary;
    tracing::info!(processed, failed, more, "exchanges looked at");
    Ok(Json(summary))
}

async fn work_off(app: &App, party: &Party) -> Result<Summary, Problem> {
    let run = Run {
        now: app.clock.now(),
        started: Instant::now(),
        silent: Mutex::default(),
        left: AtomicUsize::new(0),
    };
    let queues = [MOVES, CALLBACKS].map(str::to_owned);
    let work = |key: Key| run.in_time(app, party, key);
    let worked = app.db.work_off(&queues, run.now, BOUNDS, work).await?;
    let left = run.left.load(Ordering::Relaxed);
    let processed = worked.processed.saturating_sub(left);
    Ok(Summary {
        processed,
        failed: worked.failed,
        more: worked.more || left > 0,
    })
}

/// One run.
struct Run {
    /// One time for all of it, so that callbacks are due in the run that they follow from.
    now: Timestamp,
    started: Instant,
    /// Who did not answer. Their other callbacks would take the time of everybody's.
    silent: Mutex<HashSet<ControllerId>>,
    /// How many items were left as they are.
    left: AtomicUsize,
}

impl Run {
    /// What comes too late waits for the next run.
    async fn in_time(&self, app: &App, party: &Party, key: Key) -> Result<(), StoreError> {
        if self.started.elapsed() >= BEGUN_WITHIN {
            self.left.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        match Duty::at(&key) {
            Some(Duty::End) => app.db.end_waiting(&key, self.now).await,
            Some(Duty::TakeIn) => app.db.take_move_in(&key, self.now).await,
            Some(Duty::Call) => match app.db.get::<Callback>(&key).await? {
                // the index may lag behind the item
                Some(waiting) if waiting.next_at <= self.now => {
                    self.call(app, party, &waiting).await
                }
                _ => Ok(()),
            },
            None => app.db.leave_queue(&key).await,
        }
    }

    /// Who was silent in this run is not called again in it, and that counts as no attempt.
    async fn call(&self, app: &App, party: &Party, waiting: &Callback) -> Result<(), StoreError> {
        let controller = &waiting.exchange.controller;
        if self.silent.lock().await.contains(controller) {
            let attempts = waiting.attempts;
            return app
                .db
                .postpone_callback(waiting, attempts, SILENCE, self.now)
                .await;
        }
        if callback::deliver(app, party, waiting, self.now).await? == Heard::Silent {
            self.silent.lock().await.insert(controller.clone());
        }
        Ok(())
    }
}
