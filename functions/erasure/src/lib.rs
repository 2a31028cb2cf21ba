//! Carries out what was decided about personal data: copies, corrections, the
//! end of restrictions, erasures; copies what legal holds name; and destroys what is due
//! (clauses 5.2, 5.8, 6.3, 6.7).
//!
//! [`handle`] takes the messages of the jobs' queue. Every job may come again,
//! late or at the same time as itself, and changes nothing more. It takes two
//! tasks beside them: after a restore, what was erased is destroyed again; every
//! night, what nobody owns is looked for.

mod carry_out;
mod correct;
mod due;
mod erase;
mod export;
mod holds;
mod intake;
mod lift;
mod objects;
mod reconcile;
mod replay;
mod transfer;

use aws_lambda_events::sqs::SqsMessage;
use domain::{consequence::Job, time::Timestamp};
use platform::{
    Clock, ConfigError, Env, House,
    lambda::InvalidEvent,
    objects::{ObjectError, Objects},
    signing::{Signer, SigningError},
};
use serde::Deserialize;
use serde_json::Value;
use store::{Db, StoreError, erasure::Census, personal::Gate, personal::GateError};

/// The function with what it reaches. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    db: Db,
    census: Census,
    gate: Gate,
    assets: Objects,
    exports: Objects,
    letters: Objects,
    proofs: Objects,
    signer: Signer,
    house: House,
    clock: Clock,
}

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
        let db = Db::new(aws, env.tables());
        Ok(Self {
            gate: Gate::new(aws, db.clone(), env.required("PERSONAL_DATA_KEY")?),
            census: Census::new(aws, env.tables()),
            assets: Objects::new(aws, env, "BUCKET_ASSETS")?,
            exports: Objects::new(aws, env, "BUCKET_EXPORTS")?,
            letters: Objects::new(aws, env, "BUCKET_MAIL")?,
            proofs: Objects::new(aws, env, "BUCKET_PROOFS")?,
            signer: Signer::new(aws, env)?,
            house: House::new(env)?,
            db,
            clock,
        })
    }
}

/// Why a job is not done yet; its message comes again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The event is of no kind that this function is connected to.
    #[error(transparent)]
    Invalid(#[from] InvalidEvent),
    /// The event is not a task.
    #[error("the event is not a task: {0}")]
    NotATask(String),
    /// The message is not a job.
    #[error("the message is not a job: {0}")]
    NotAJob(String),
    /// The person's data.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Object storage.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// The key service.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// Letters to the person are still on their way.
    #[error("letters to the person are still on their way")]
    LettersWaiting,
    /// After everything was destroyed, the probe found something.
    #[error("the probe found something in: {0}")]
    Left(&'static str),
    /// A proof that a replay rests on is not one.
    #[error("{0}: {1}")]
    Certificate(String, domain::certificate::Invalid),
    /// Something that is made here can't be written down.
    #[error("it can't be written: {0}")]
    Unwritable(String),
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        // the message may quote what was written
        Self::Unwritable(format!("JSON, {:?}", error.classify()))
    }
}

/// What is asked for by a schedule, or by an operator's hand.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", tag = "task")]
enum Task {
    /// Destroys again what a restored backup has brought back.
    ReplayTombstones {
        /// The moment that the backup is of.
        since: Timestamp,
        /// When it was back in the tables.
        restored_at: Timestamp,
    },
    /// Looks for what nobody owns.
    Reconcile,
}

/// Handles an SQS event, one job after the other, or a task.
///
/// # Errors
/// [`Error`] of a task, and of an event that is neither.
pub async fn handle(app: &App, event: Value) -> Result<Value, Error> {
    if event.get("task").is_none() {
        return Ok(platform::lambda::messages(event, 1, |message| work(app, message)).await?);
    }
    let task = Task::deserialize(&event).map_err(|error| Error::NotATask(error.to_string()))?;
    // boxed: their types nest deep
    match task {
        Task::ReplayTombstones { since, restored_at } => {
            Box::pin(replay::run(app, since, restored_at)).await
        }
        Task::Reconcile => Box::pin(reconcile::run(app)).await,
    }
}

async fn work(app: &App, message: SqsMessage) -> Result<(), Error> {
    let body = message.body.unwrap_or_default();
    let job: Job = serde_json::from_str(&body)
        .map_err(|error| Error::NotAJob(format!("{:?}", error.classify())))?;
    match job {
        Job::TakeRequest {
            login,
            request,
            kind,
            received_at,
            proven,
        } => intake::take(app, &login, request, kind, received_at, proven, None).await,
        Job::TakeExchange {
            login,
            request,
            kind,
            received_at,
            regulation,
            exchange,
        } => {
            let passed_on = Some((regulation, exchange));
            intake::take(app, &login, request, kind, received_at, false, passed_on).await
        }
        Job::CarryOut { subject, request } => carry_out::carry_out(app, subject, request).await,
        Job::Erase { subject } => erase::go_on(app, subject).await,
        Job::DestroyWorkspace { workspace } => due::workspace(app, workspace).await,
        Job::PurgeAsset { workspace, asset } => due::asset(app, workspace, asset).await,
        // boxed: its type nests deep
        Job::PassOn { transfer, revision } => {
            Box::pin(transfer::go_on(app, transfer, revision)).await
        }
        Job::PackAgain { transfer, page } => {
            Box::pin(transfer::pack_again(app, transfer, page)).await
        }
        Job::DestroySignUp { subject } => due::sign_up(app, subject).await,
        Job::FillHolds { subject } => holds::fill(app, subject).await,
    }
}
