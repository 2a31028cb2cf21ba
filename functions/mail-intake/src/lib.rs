//! The privacy mailbox (clauses 3.3f, 4.10, 5.2b, 5.3): letters are read, their notes acted on,
//! and the rest is for the staff.
//!
//! [`decide`] says what is to be done with a letter, of its bytes and its envelope alone;
//! [`handle`] takes SES's notifications, which come through a queue, at least once and in any
//! order, and does it.

mod decision;
mod envelope;
mod guard;
mod intake;
mod letter;
mod limits;
mod note;
mod notification;
mod reply;

use aws_types::SdkConfig;
use platform::{
    Clock, ConfigError, Env, House,
    lambda::{self, InvalidEvent},
    mail::{MailError, Mailer},
    objects::{ObjectError, Objects},
    secret::AppSecret,
};
use serde_json::Value;
use store::{
    Db, StoreError,
    lookup::LookupKey,
    personal::{Gate, GateError},
};

pub use decision::{Decision, MAX_LETTER_BYTES, Outcome, Why, decide, too_large};
pub use envelope::{Envelope, Verdict, Verdicts};
pub use guard::{Machine, Ours};
pub use note::Note;

/// How many letters are read at a time: one may have 40 MB.
const AT_ONCE: usize = 1;

/// What the handler needs. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    db: Db,
    gate: Gate,
    letters: Objects,
    mailer: Mailer,
    lookup: LookupKey,
    house: House,
    ours: Ours,
    clock: Clock,
}

impl App {
    /// Of the environment, in the init phase.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub async fn new(aws: &SdkConfig, env: &Env, clock: Clock) -> Result<Self, ConfigError> {
        let db = Db::new(aws, env.tables());
        let house = House::new(env)?;
        let ours = [env.required("MAIL_FROM")?, house.privacy_address.clone()];
        Ok(Self {
            gate: Gate::new(aws, db.clone(), env.required("PERSONAL_DATA_KEY")?),
            letters: Objects::new(aws, env, "BUCKET_MAIL")?,
            mailer: Mailer::new(aws, env)?,
            lookup: AppSecret::load(aws, env).await?.lookup,
            ours: Ours::new(ours),
            house,
            db,
            clock,
        })
    }
}

/// Why a letter is not taken in yet; its message comes again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The message is not what SES publishes.
    #[error("the message is no notification of a letter")]
    Notification,
    /// The writer's data.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bucket of letters.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// The reply.
    #[error(transparent)]
    Mail(#[from] MailError),
}

/// Handles an SQS event whose messages are SES's notifications; answers which
/// of them must come again.
///
/// # Errors
/// [`InvalidEvent`] when it is no SQS event.
pub async fn handle(app: &App, event: Value) -> Result<Value, InvalidEvent> {
    lambda::messages(event, AT_ONCE, |message| async move {
        let announced = notification::read(message.body.as_deref().unwrap_or_default())?;
        intake::take(app, &announced).await
    })
    .await
}
