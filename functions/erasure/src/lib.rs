//! Carries out what was decided about personal data: copies, corrections, the
//! end of restrictions, erasures; and destroys what is due (clauses 5.2, 6.3, 6.7).
//!
//! [`handle`] takes the messages of the jobs' queue. Every job may come again,
//! late or at the same time as itself, and changes nothing more.

mod carry_out;
mod correct;
mod due;
mod erase;
mod export;
mod intake;
mod lift;
mod objects;

use aws_lambda_events::sqs::SqsMessage;
use domain::consequence::Job;
use platform::{
    Clock, ConfigError, Env, House,
    lambda::InvalidEvent,
    objects::{ObjectError, Objects},
    signing::{Signer, SigningError},
};
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

/// Handles an SQS event, one job after the other.
///
/// # Errors
/// [`InvalidEvent`] when it is none.
pub async fn handle(app: &App, event: Value) -> Result<Value, InvalidEvent> {
    platform::lambda::messages(event, 1, |message| work(app, message)).await
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
        } => intake::take(app, &login, request, kind, received_at).await,
        Job::CarryOut { subject, request } => carry_out::carry_out(app, subject, request).await,
        Job::Erase { subject } => erase::go_on(app, subject).await,
        Job::DestroyWorkspace { workspace } => due::workspace(app, workspace).await,
        Job::PurgeAsset { workspace, asset } => due::asset(app, workspace, asset).await,
        Job::DestroySignUp { subject } => due::sign_up(app, subject).await,
    }
}
