//! Original to preview, thumbnail and technical metadata.
//!
//! The bucket's event comes through a queue, at least once and in any order.
//! An original that has arrived also finishes its upload here, so that no
//! file is lost when a browser goes away before it says that it is done.

mod arrival;
mod describe;

use aws_types::SdkConfig;
use domain::asset::{ObjectKeys, ObjectKind};
use platform::{
    Clock, ConfigError, Env,
    lambda::{self, InvalidEvent},
    objects::{ObjectError, Objects},
};
use serde_json::Value;
use store::{Db, StoreError};

/// How many pictures are decoded at a time: a picture may take much memory.
const AT_ONCE: usize = 1;

/// What the handler needs.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) db: Db,
    pub(crate) objects: Objects,
    pub(crate) clock: Clock,
}

impl App {
    /// Of the environment, in the init phase.
    ///
    /// # Errors
    /// [`ConfigError`].
    #[expect(clippy::unused_async, reason = "every function's App is made alike")]
    pub async fn new(aws: &SdkConfig, env: &Env, clock: Clock) -> Result<Self, ConfigError> {
        Ok(Self {
            db: Db::new(aws, env.tables()),
            objects: Objects::new(aws, env, "BUCKET_ASSETS")?,
            clock,
        })
    }
}

/// Why a message must come again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Object storage.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The message is not what the bucket sends.
    #[error("the message is not an event of the bucket: {0}")]
    Message(#[from] serde_json::Error),
    /// The decoder's thread broke off.
    #[error("the picture's work broke off")]
    Broken,
}

/// Handles an SQS event whose messages are the bucket's events; answers which
/// of them must come again.
///
/// # Errors
/// [`InvalidEvent`] when it is no SQS event.
pub async fn handle(app: &App, event: Value) -> Result<Value, InvalidEvent> {
    lambda::messages(event, AT_ONCE, |message| async move {
        for key in lambda::created_keys(message.body.as_deref().unwrap_or_default())? {
            match ObjectKeys::parse(&key) {
                Some((ObjectKind::Original, keys)) => arrival::arrived(app, &keys).await?,
                _ => tracing::warn!("an object that is no original was announced"),
            }
        }
        Ok::<(), Error>(())
    })
    .await
}
