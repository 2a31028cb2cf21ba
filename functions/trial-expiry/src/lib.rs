//! Trials and plans that end, and the notices (clause 3.2b; terms 3.3, 3.6, 4.5):
//! three days and one day before the end, at the end, and before the data of a
//! workspace that nobody pays for is destroyed.
//!
//! No right depends on this job having run: what a workspace may do is decided
//! by the clock at the request. After days of silence only the latest notice
//! is given.

use domain::time::SignedDuration;
use platform::{Clock, ConfigError, Env};
use serde_json::{Value, json};
use store::{
    Db, Key, StoreError,
    catalog::{
        Workspace,
        ending::{plan_queues, trial_queues},
    },
    due::Bounds,
};

/// What one run takes on: 2,000 workspaces of a few calls each, below the timeout
/// of five minutes. The next run, 15 minutes later, goes on.
const BOUNDS: Bounds = Bounds {
    page: 100,
    per_queue: 250,
    step_back: SignedDuration::from_hours(1),
};

/// The function with what it reaches. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    db: Db,
    clock: Clock,
}

/// Why a run failed as a whole: the queue itself can't be read.
#[derive(Debug, thiserror::Error)]
#[error("a queue of endings can't be read: {0}")]
pub struct Error(#[from] StoreError);

impl App {
    /// Of the environment.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub async fn new(
        aws: &aws_types::SdkConfig,
        env: &Env,
        clock: Clock,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            db: Db::new(aws, env.tables()),
            clock,
        })
    }
}

/// Gives every notice that is due, each workspace by itself. The event says
/// nothing: the clock decides. Returns `{"processed", "failed", "more"}`.
///
/// # Errors
/// [`Error`].
pub async fn handle(app: &App, _event: Value) -> Result<Value, Error> {
    let now = app.clock.now();
    let queues = [trial_queues(), plan_queues()].concat();
    let worked = app
        .db
        .work_off(&queues, now, BOUNDS, |key| look_at(app, key))
        .await?;
    tracing::info!(
        processed = worked.processed,
        failed = worked.failed,
        more = worked.more,
        "endings looked at"
    );
    Ok(json!({
        "processed": worked.processed,
        "failed": worked.failed,
        "more": worked.more,
    }))
}

async fn look_at(app: &App, key: Key) -> Result<(), StoreError> {
    let now = app.clock.now();
    let Some(workspace) = app.db.get::<Workspace>(&key).await? else {
        return Ok(());
    };
    // `false` means that a payment or another run came first: it has put the
    // workspace where it belongs
    match workspace.due_notice(now) {
        Some(notice) => app.db.give_notice(&workspace, notice, now).await?,
        None => app.db.requeue_ending(&workspace).await?,
    };
    Ok(())
}
