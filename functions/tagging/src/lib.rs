//! Preview to labels, text and moderation (clause 4.3; design: AI serves the
//! customer's own assets only, no face or identity recognition).
//!
//! Rekognition sees the preview, never the original. A message whose picture
//! could not be looked at comes again; one that was handled changes nothing more.

use aws_types::SdkConfig;
use domain::{
    asset::{ObjectKeys, ObjectKind, TaggingState},
    compliance::processor::{Processor, Transfer, Unregistered},
    ids::SubjectId,
    processing::{Actor, Category, Operation, Purpose, decide},
    workspace::Features,
};
use platform::{
    Clock, ConfigError, Env,
    lambda::{self, InvalidEvent},
    vision::{Vision, VisionError},
};
use serde_json::Value;
use store::{
    Db, StoreError, Table,
    catalog::{
        Asset, Workspace,
        asset::{Seen, asset_key, trash_key},
        workspace::workspace_key,
    },
    people::{PersonRecord, person_key},
};

/// How many previews are looked at a time; the queue bounds how many functions run.
const AT_ONCE: usize = 2;

/// What the handler needs.
#[derive(Debug, Clone)]
pub struct App {
    db: Db,
    vision: Vision,
    bucket: String,
    clock: Clock,
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
            vision: Vision::new(aws),
            bucket: env.required("BUCKET_ASSETS")?,
            clock,
        })
    }
}

/// Why a message must come again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Rekognition.
    #[error(transparent)]
    Vision(#[from] VisionError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What would be passed on, the register does not name.
    #[error(transparent)]
    Unregistered(#[from] Unregistered),
    /// The message is not what the bucket sends.
    #[error("the message is not an event of the bucket: {0}")]
    Message(#[from] serde_json::Error),
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
                Some((ObjectKind::Preview, keys)) => tag(app, &keys).await?,
                _ => tracing::warn!("an object that is no preview was announced"),
            }
        }
        Ok::<(), Error>(())
    })
    .await
}

async fn tag(app: &App, keys: &ObjectKeys) -> Result<(), Error> {
    let Some((asset, features)) = find(&app.db, keys).await? else {
        return Ok(());
    };
    if asset.tagging != TaggingState::Pending || asset.version != keys.version() {
        return Ok(());
    }
    let preview = keys.key(ObjectKind::Preview);
    let wanted = features.labels || features.text || features.moderation;
    let (state, seen) = if wanted && may_look(app, asset.uploaded_by).await? {
        note(app, &asset).await?;
        (TaggingState::Done, look(app, &preview, features).await?)
    } else {
        (TaggingState::Off, Seen::default())
    };
    match app.db.tagged(&asset, state, &seen, app.clock.now()).await {
        // moved into or out of the trash meanwhile: the next delivery finds it there
        Err(StoreError::Refused(_)) if still_pending(&app.db, keys).await? => {
            Err(StoreError::Unavailable("the asset has moved".to_owned()).into())
        }
        Err(StoreError::Refused(_)) => Ok(()),
        other => Ok(other?),
    }
}

/// A withdrawn consent, an objection to the service's processing, a restriction
/// and an erasure stop the AI at what the person has uploaded (clauses 5.2b, 6.7):
/// nothing is passed to Rekognition. What somebody has left to the company who is
/// gone is the company's (1.4).
async fn may_look(app: &App, uploader: Option<SubjectId>) -> Result<bool, StoreError> {
    let Some(uploader) = uploader else {
        return Ok(true);
    };
    let Some(record) = app.db.get::<PersonRecord>(&person_key(uploader)).await? else {
        return Ok(true);
    };
    let may = decide(
        &[Category::Authorship],
        Purpose::ProvideService,
        Operation::Use,
        Actor::System,
        record.stance(app.clock.now()),
    );
    Ok(may.is_ok() && record.erasing_since.is_none())
}

/// What is passed to Rekognition is noted before it is: a picture of the customer's,
/// and no data of a user's (clause 5.6).
async fn note(app: &App, asset: &Asset) -> Result<(), Error> {
    let transfer = Transfer {
        to: Processor::AwsVision,
        purpose: Purpose::ProvideService,
        categories: &[],
    };
    let entry = transfer.entry(app.clock.now())?;
    let entry = entry.with_workspace(asset.workspace);
    Ok(app.db.record(entry.with_fact("asset", asset.id)).await?)
}

async fn find(db: &Db, keys: &ObjectKeys) -> Result<Option<(Asset, Features)>, StoreError> {
    let (workspace, asset) = (keys.workspace(), keys.asset());
    let wanted = [
        (Table::Catalog, workspace_key(workspace)),
        (Table::Catalog, asset_key(workspace, asset)),
        (Table::Catalog, trash_key(workspace, asset)),
    ];
    let mut found = db.get_many(&wanted).await?;
    let workspace: Option<Workspace> = found.take(&wanted[0].1)?;
    let live: Option<Asset> = found.take(&wanted[1].1)?;
    let asset = match live {
        Some(asset) => Some(asset),
        None => found.take(&wanted[2].1)?,
    };
    Ok(asset
        .zip(workspace)
        .map(|(asset, workspace)| (asset, workspace.features)))
}

async fn still_pending(db: &Db, keys: &ObjectKeys) -> Result<bool, StoreError> {
    let found = find(db, keys).await?;
    Ok(found.is_some_and(|(asset, _)| asset.tagging == TaggingState::Pending))
}

/// One call for each feature that is switched on.
async fn look(app: &App, preview: &str, features: Features) -> Result<Seen, VisionError> {
    let mut seen = Seen::default();
    if features.labels {
        seen.labels = there(app.vision.labels(&app.bucket, preview).await)?;
    }
    if features.text {
        seen.text = there(app.vision.text(&app.bucket, preview).await)?;
    }
    if features.moderation {
        seen.moderation = there(app.vision.moderation(&app.bucket, preview).await)?;
    }
    Ok(seen)
}

/// A picture that is refused, and a feature that is off where the service
/// runs, yield nothing; anything else must be tried again.
fn there<T>(answer: Result<Vec<T>, VisionError>) -> Result<Vec<T>, VisionError> {
    match answer {
        Err(VisionError::Refused(code)) => {
            tracing::warn!(code, "the picture was refused");
            Ok(Vec::new())
        }
        Err(VisionError::Off(reason)) => {
            tracing::info!(reason, "the feature is off");
            Ok(Vec::new())
        }
        other => other,
    }
}
