//! What is destroyed by the clock (clause 5.2, 152-FZ art. 5(7)): uploads that
//! nobody finished, assets whose stay in the trash is over, sign-ups that
//! nobody confirmed, the evidence of consents that were withdrawn years ago.
//! Sessions, links and other short-lived items end by the clock at the request; the
//! table's TTL clears them.
//!
//! It guards the deadlines too ([`deadlines`]), and it tells people of new versions
//! of the documents (clause 9.2), and of a disclosure when the ban on telling them
//! of it ends (5.5). Once a day it lets what came since be copied for legal holds (5.8).

pub mod deadlines;
mod holds;
mod policies;

use domain::{
    asset::ObjectKind,
    ledger::Entry,
    processing::Actor,
    time::{SignedDuration, Timestamp},
};
use platform::{
    Clock, ConfigError, Env,
    objects::{ObjectError, ObjectVersion, Objects},
};
use serde_json::{Value, json};
use store::{
    Db, Key, StoreError,
    catalog::{Asset, Upload, UploadState},
    compliance,
    due::{Bounds, Worked},
    retention::{LOOK_AGAIN_AFTER, trash_queues, upload_queues},
};

/// What one run takes on: 400 uploads and 800 assets, below the timeout of
/// five minutes. The next run, 15 minutes later, goes on.
const UPLOADS: Bounds = Bounds {
    page: 50,
    per_queue: 100,
    step_back: LOOK_AGAIN_AFTER,
};
const TRASH: Bounds = Bounds {
    page: 100,
    per_queue: 200,
    step_back: SignedDuration::from_hours(1),
};
/// How many pages of 100 sign-ups one run takes on.
const SIGN_UP_PAGES: usize = 5;

/// The function with what it reaches. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    db: Db,
    assets: Objects,
    clock: Clock,
}

/// Why a run failed as a whole, or one item of it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bucket of assets.
    #[error(transparent)]
    Objects(#[from] ObjectError),
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
        Ok(Self {
            db: Db::new(aws, env.tables()),
            assets: Objects::new(aws, env, "BUCKET_ASSETS")?,
            clock,
        })
    }
}

/// Works off what is due, and looks at the deadlines. The event says
/// nothing: the clock decides. Returns `{"processed", "failed", "more"}` for each
/// kind, and `{"reminded", "at_risk", "overdue"}` for what each register's deadlines
/// are at; a kind whose queue can't be read does not keep the others from being worked off.
///
/// # Errors
/// [`Error`], after every kind was tried.
pub async fn handle(app: &App, _event: Value) -> Result<Value, Error> {
    let now = app.clock.now();
    let uploads = app
        .db
        .work_off(&upload_queues(), now, UPLOADS, |key| clean_up(app, key))
        .await;
    let trash = app
        .db
        .work_off(&trash_queues(), now, TRASH, |key| purge(app, key))
        .await;
    let sign_ups = sign_ups(app, now).await;
    let deadlines = deadlines::guard(&app.db, now).await;
    let withdrawals = app.db.order_uncancelled(now).await;
    let consents = consents(app, now).await;
    let holds = holds::order(&app.db, now).await;
    let policies = policies::tell(&app.db, now).await;
    let disclosures = compliance::tell_due(&app.db, now).await;
    let (uploads, trash, sign_ups) = (uploads?, trash?, sign_ups?);
    let consents = consents?;
    let batch = [
        ("uploads", uploads),
        ("trash", trash),
        ("sign_ups", sign_ups),
        ("consents", consents),
    ];
    record(app, &batch, now).await?;
    let deadlines = deadlines?;
    withdrawals?;
    let told = [
        ("told_of_policies", policies?),
        ("told_of_disclosures", disclosures?),
        ("held", holds?),
    ];
    let standings = deadlines.standings().map(|(register, standing)| {
        let counts = json!({
            "reminded": standing.reminded,
            "at_risk": standing.at_risk,
            "overdue": standing.overdue,
        });
        (register.to_owned(), counts)
    });
    Ok(batch
        .iter()
        .chain(&told)
        .map(|(kind, worked)| ((*kind).to_owned(), summary(*worked)))
        .chain([("deadlines".to_owned(), Value::from_iter(standings))])
        .collect())
}

fn summary(worked: Worked) -> Value {
    json!({"processed": worked.processed, "failed": worked.failed, "more": worked.more})
}

/// The ledger's entry about a batch (clause 5.2a); none about an empty one.
async fn record(app: &App, batch: &[(&str, Worked)], now: Timestamp) -> Result<(), StoreError> {
    if batch.iter().all(|(_, worked)| worked.processed == 0) {
        return Ok(());
    }
    let entry = Entry::new(now, Actor::System, "retention.batch", "5.2a");
    let entry = batch.iter().fold(entry, |entry, (kind, worked)| {
        entry.with_fact(kind, worked.processed)
    });
    app.db.record(entry).await
}

/// An upload is given up first, and its bytes are destroyed then: what was
/// finished at the last moment keeps them. It is looked at twice, because an
/// address that was given out before may still be used for an hour.
async fn clean_up(app: &App, key: Key) -> Result<(), Error> {
    let now = app.clock.now();
    let Some(upload) = app.db.get::<Upload>(&key).await? else {
        return Ok(());
    };
    match upload.state {
        UploadState::Open => {
            if app.db.expire_upload(&upload, now).await? {
                destroy_bytes(app, &upload).await?;
            }
        }
        UploadState::Aborted => {
            destroy_bytes(app, &upload).await?;
            app.db.leave_queue(&key).await?;
        }
        UploadState::Finished => app.db.leave_queue(&key).await?,
    }
    Ok(())
}

async fn destroy_bytes(app: &App, upload: &Upload) -> Result<(), ObjectError> {
    let object = upload.objects().key(ObjectKind::Original);
    if let Some(multipart) = &upload.multipart_id {
        app.assets.abort(&object, multipart).await?;
    }
    let versions: Vec<ObjectVersion> = app
        .assets
        .versions(&object)
        .await?
        .into_iter()
        .filter(|version| version.key == object)
        .collect();
    app.assets.destroy(&versions).await
}

async fn purge(app: &App, key: Key) -> Result<(), Error> {
    let now = app.clock.now();
    if let Some(asset) = app.db.get::<Asset>(&key).await? {
        app.db.order_purge(&asset, now).await?;
    }
    Ok(())
}

/// The evidence of consents that were withdrawn so long ago that nobody has to
/// prove them any more. A run takes on 100 withdrawals.
async fn consents(app: &App, now: Timestamp) -> Result<Worked, StoreError> {
    let mut worked = Worked::default();
    let old = app.db.old_withdrawals(now).await?;
    worked.more = old.len() == 100;
    for withdrawal in &old {
        match app.db.forget_consent(withdrawal, now).await {
            Ok(pieces) => worked.processed += pieces,
            Err(error) => {
                tracing::error!(%error, "the evidence of a consent could not be destroyed");
                worked.failed += 1;
            }
        }
    }
    Ok(worked)
}

async fn sign_ups(app: &App, now: Timestamp) -> Result<Worked, StoreError> {
    let mut worked = Worked::default();
    for _ in 0..SIGN_UP_PAGES {
        let mut ordered = 0;
        for subject in app.db.overdue_sign_ups(now).await? {
            match app.db.order_sign_up_destruction(subject, now).await {
                Ok(true) => ordered += 1,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%error, "an overdue sign-up failed");
                    worked.failed += 1;
                }
            }
        }
        worked.processed += ordered;
        if ordered == 0 {
            return Ok(worked);
        }
    }
    worked.more = true;
    Ok(worked)
}
