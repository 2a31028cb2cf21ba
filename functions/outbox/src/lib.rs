//! Delivers committed consequences, seals the ledger and signs its roots
//! (invariant 6, clauses 4.8 and 5.10).
//!
//! - [`handle`] takes records of the catalog's stream (mail and jobs), of the
//!   ledger's stream (entries to be chained), what receivers report of letters
//!   (a queue) and the schedules' tasks.
//! - [`verify`] checks the ledger: chains, roots and signatures.

mod deliver;
mod letters;
mod notices;
mod post;
mod reports;
mod roots;
mod stream;
pub mod verify;

use futures::FutureExt;
use platform::{
    Clock, ConfigError, Env, House,
    lambda::InvalidEvent,
    mail::Mailer,
    objects::{ObjectError, Objects},
    queue::Jobs,
    signing::{Signer, SigningError},
};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Db, StoreError, Tables, personal::Gate};

/// The function with what it reaches. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    db: Db,
    gate: Gate,
    mailer: Mailer,
    jobs: Jobs,
    signer: Signer,
    proofs: Objects,
    house: House,
    tables: Tables,
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
            db,
            mailer: Mailer::new(aws, env)?,
            jobs: Jobs::new(aws, env)?,
            signer: Signer::new(aws, env)?,
            proofs: Objects::new(aws, env, "BUCKET_PROOFS")?,
            house: House::new(env)?,
            tables: env.tables(),
            clock,
        })
    }
}

/// Why an event could not be handled; Lambda gives it again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is of no kind that this function is connected to.
    #[error("the event is neither of a known stream or queue nor a known task")]
    UnknownEvent,
    /// It can't be read.
    #[error(transparent)]
    Invalid(#[from] InvalidEvent),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key service.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The bucket of proofs.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// A root can't be written as JSON.
    #[error("a root can't be written: {0}")]
    Malformed(#[from] serde_json::Error),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case", tag = "task")]
enum Task {
    /// Deliver and chain what the streams did not bring.
    Sweep,
    /// Sign what was chained since the last time.
    SealRoots,
}

/// Handles one event: stream records and reports are answered with those that failed,
/// a task with what it did.
///
/// # Errors
/// [`Error`].
pub async fn handle(app: &App, event: Value) -> Result<Value, Error> {
    // boxed: its type nests deeper than the compiler looks
    dispatch(app, event).boxed().await
}

async fn dispatch(app: &App, event: Value) -> Result<Value, Error> {
    if event["Records"][0]["eventSource"] == "aws:sqs" {
        return Ok(reports::handle(app, event).await?);
    }
    if event.get("Records").is_some() {
        return stream::records(app, event).await;
    }
    match Task::deserialize(&event).map_err(|_| Error::UnknownEvent)? {
        Task::Sweep => {
            // one that can't be read does not keep the other from being swept
            let delivered = deliver::sweep(app).await;
            let chained = app.db.seal_overdue(app.clock.now()).await;
            let (delivered, chained) = (delivered?, chained?);
            Ok(json!({
                "processed": delivered.processed,
                "chained": chained.processed,
                "failed": delivered.failed + chained.failed,
                "more": delivered.more || chained.more,
            }))
        }
        Task::SealRoots => {
            let roots = roots::seal(app).await?;
            Ok(json!({ "roots": roots }))
        }
    }
}
