//! The services of AWS, in this process: DynamoDB, S3, SQS, SES, KMS, Secrets Manager and
//! Rekognition, each on an address of its own on the loopback interface.

mod calls;
mod client;
mod expiry;
mod faults;
mod needs;
mod operation;
mod refusal;
mod roles;
mod sdk;
mod storm;
mod streams;
mod tables;

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use dynoxide::Database;
use jiff::Timestamp;
use local_objects::{BucketOptions, ObjectStore, StoreOptions};
use local_services::{KeyKind, QueueOptions, Services};
use local_vision::Vision;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::activity::Shutdown;
use crate::state::StateFile;
use crate::template::{Bucket, Key, KeyUse, Model, ObjectLock, Queue, StreamSource, Table};

pub use calls::{Call, Calls};
pub use faults::{Failure, Fault, Faults, Injected, Moment};
pub use roles::{Roles, Use};
pub use storm::Storm;
pub(crate) use streams::Stream;

/// The region of one machine.
pub const REGION: &str = "eu-central-1";
/// The account of one machine.
pub const ACCOUNT: &str = "000000000000";
/// The tables' file in the data folder.
pub(crate) const DATABASE_FILE: &str = "dynamodb.sqlite";

/// A stand-in for a service that doesn't start or work.
#[derive(Debug, thiserror::Error)]
pub enum CloudError {
    /// A port can't be had.
    #[error("no port for {0}: {1}")]
    Port(&'static str, std::io::Error),
    /// The machine's own file can't be read or written.
    #[error("the machine's settings: {0}")]
    Settings(std::io::Error),
    /// The operating system gives no random bytes.
    #[error("no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// The database.
    #[error("the database: {0}")]
    Database(String),
    /// A table of the data folder that the template's can't be made of.
    #[error("the table {0} {1} than template.yaml says; start with another --data folder")]
    Table(String, &'static str),
    /// The object store.
    #[error("the object store: {0}")]
    Objects(#[from] local_objects::Error),
    /// Queues, mailbox, keys or secrets.
    #[error("the services: {0}")]
    Services(#[from] local_services::Error),
    /// The folder into which letters are dropped.
    #[error("the folder of letters: {0}")]
    Letters(std::io::Error),
    /// A task was ended.
    #[error("interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl From<dynoxide::errors::DynoxideError> for CloudError {
    fn from(error: dynoxide::errors::DynoxideError) -> Self {
        Self::Database(error.to_string())
    }
}

/// Listeners that are bound before the template is resolved, which names their addresses.
pub(crate) struct Listeners {
    database: TcpListener,
    objects: TcpListener,
    services: TcpListener,
    vision: TcpListener,
    settings: Settings,
}

/// What presigned addresses depend on: they outlive a restart.
#[derive(Clone, Serialize, Deserialize)]
struct Settings {
    objects_port: u16,
    secret_key: String,
}

impl Listeners {
    /// Binds all, S3 on the port that it had last if that is free.
    pub(crate) async fn bind(data: &Path) -> Result<Self, CloudError> {
        let file = StateFile::<Settings>::at(data.join("objects.json"));
        let last = file.load().map_err(CloudError::Settings)?;
        let objects = bind_objects(last.as_ref().map(|last| last.objects_port)).await?;
        let settings = Settings {
            objects_port: port(&objects, "S3")?,
            secret_key: last.map_or_else(new_secret_key, |last| Ok(last.secret_key))?,
        };
        file.save(&settings).map_err(CloudError::Settings)?;
        Ok(Self {
            database: bind("DynamoDB", 0).await?,
            objects,
            services: bind("SQS, SES, KMS and Secrets Manager", 0).await?,
            vision: bind("Rekognition", 0).await?,
            settings,
        })
    }

    /// The base of queue URLs.
    pub(crate) fn queue_base(&self) -> Result<String, CloudError> {
        Ok(format!("http://127.0.0.1:{}", port(&self.services, "SQS")?))
    }
}

async fn bind_objects(last_port: Option<u16>) -> Result<TcpListener, CloudError> {
    if let Some(last_port) = last_port {
        match bind("S3", last_port).await {
            Ok(listener) => return Ok(listener),
            Err(error) => tracing::warn!(%error, "addresses presigned before won't work"),
        }
    }
    bind("S3", 0).await
}

async fn bind(service: &'static str, port: u16) -> Result<TcpListener, CloudError> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| CloudError::Port(service, error))
}

fn port(listener: &TcpListener, service: &'static str) -> Result<u16, CloudError> {
    let address = listener.local_addr();
    Ok(address
        .map_err(|error| CloudError::Port(service, error))?
        .port())
}

fn new_secret_key() -> Result<String, CloudError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(hex::encode(bytes))
}

/// The access key of the one account.
const ACCESS_KEY: &str = "ASSETBOX";

/// The running services.
pub(crate) struct Cloud {
    pub(crate) objects: ObjectStore,
    pub(crate) services: Services,
    pub(crate) vision: Vision,
    database: Database,
    tables: Vec<Table>,
    wire: client::Wire,
    endpoints: sdk::Endpoints,
    secret_key: String,
}

/// The tasks that serve.
pub(crate) type Servers = JoinSet<()>;

impl Cloud {
    /// Opens what the data folder holds, makes what the template says, and subscribes
    /// `to_objects` to the object store. Nothing is served yet.
    pub(crate) async fn open(
        data: &Path,
        model: &Model,
        listeners: &Listeners,
        secret: impl Fn(&str) -> String,
    ) -> Result<Self, CloudError> {
        let objects = ObjectStore::open(StoreOptions {
            root: data.join("objects"),
            region: REGION.to_owned(),
            credentials: (ACCESS_KEY.to_owned(), listeners.settings.secret_key.clone()),
        })?;
        for bucket in &model.buckets {
            objects.ensure_bucket(&bucket_options(bucket))?;
        }
        let services = open_services(data, model, secret).await?;
        let path = data.join(DATABASE_FILE);
        let database = Database::new(&path.to_string_lossy())?;
        for table in &model.tables {
            tables::ensure(&database, table)?;
        }
        let wire = client::Wire::new(Roles::of(model));
        let endpoints = sdk::Endpoints::new(
            port(&listeners.database, "DynamoDB")?,
            listeners.settings.objects_port,
            port(&listeners.services, "SQS")?,
            port(&listeners.vision, "Rekognition")?,
        );
        let secret_key = listeners.settings.secret_key.clone();
        let vision_config = sdk::config("vision", &wire, &endpoints, (ACCESS_KEY, &secret_key));
        Ok(Self {
            objects,
            services,
            vision: Vision::start(sdk::fetch_with(&vision_config)),
            database,
            tables: model.tables.clone(),
            wire,
            endpoints,
            secret_key,
        })
    }

    /// Serves until the shutdown.
    pub(crate) fn serve(&self, listeners: Listeners, shutdown: &Shutdown, servers: &mut Servers) {
        let off = || {
            let shutdown = shutdown.clone();
            async move { shutdown.begun().await }
        };
        let database = self.database.clone();
        let until = off();
        servers.spawn(async move {
            let listener = listeners.database;
            log_end(dynoxide::server::serve_with_shutdown(listener, database, until).await);
        });
        let objects = self.objects.clone();
        let until = off();
        servers.spawn(async move { log_end(objects.serve(listeners.objects, until).await) });
        for (listener, router) in [
            (listeners.services, self.services.router()),
            (listeners.vision, self.vision.router()),
        ] {
            let until = off();
            servers.spawn(async move {
                log_end(
                    axum::serve(listener, router)
                        .with_graceful_shutdown(until)
                        .await,
                );
            });
        }
    }

    /// The SDK configuration of a caller.
    pub(crate) fn sdk_config(&self, caller: &str) -> aws_types::SdkConfig {
        sdk::config(
            caller,
            &self.wire,
            &self.endpoints,
            (ACCESS_KEY, &self.secret_key),
        )
    }

    pub(crate) fn calls(&self) -> &Calls {
        &self.wire.calls
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.wire.faults
    }

    pub(crate) fn roles(&self) -> &Roles {
        &self.wire.roles
    }

    /// Told of every write to a table that a function made.
    pub(crate) fn table_written(&self) -> Arc<Notify> {
        Arc::clone(&self.wire.table_written)
    }

    pub(crate) fn stream(&self, source: &StreamSource) -> Stream {
        Stream::new(
            self.database.clone(),
            &source.table,
            REGION,
            &source.stream_arn,
        )
    }

    /// Deletes items whose time is up and returns how many there were.
    pub(crate) async fn sweep_expired(&self, now: Timestamp) -> Result<usize, CloudError> {
        let (database, tables) = (self.database.clone(), self.tables.clone());
        tokio::task::spawn_blocking(move || {
            let counts = tables
                .iter()
                .map(|table| expiry::sweep(&database, table, now));
            counts.sum()
        })
        .await?
    }

    /// The number of items in a table.
    pub(crate) async fn item_count(&self, table: &str) -> Result<u64, CloudError> {
        let (database, table) = (self.database.clone(), table.to_owned());
        tokio::task::spawn_blocking(move || {
            let stats = database.table_stats()?;
            let found = stats.into_iter().find(|stats| stats.table_name == table);
            Ok(found.map_or(0, |stats| u64::try_from(stats.item_count).unwrap_or(0)))
        })
        .await?
    }
}

fn log_end(result: Result<(), impl std::fmt::Display>) {
    if let Err(error) = result {
        tracing::error!(%error, "a service has ended");
    }
}

fn bucket_options(bucket: &Bucket) -> BucketOptions {
    BucketOptions {
        name: bucket.name.clone(),
        versioned: bucket.versioned,
        object_lock_days: match bucket.object_lock {
            ObjectLock::Off => None,
            ObjectLock::Days(days) => Some(days),
        },
        cors_origins: bucket.cors_origins.clone(),
    }
}

async fn open_services(
    data: &Path,
    model: &Model,
    secret: impl Fn(&str) -> String,
) -> Result<Services, CloudError> {
    let root = data.join("services");
    let services = Services::open(root, REGION.to_owned(), ACCOUNT.to_owned())?;
    for queue in &model.queues {
        services.sqs().ensure_queue(queue_options(queue)).await?;
    }
    for key in &model.keys {
        services.kms().ensure_key(&key.alias, key_kind(key))?;
    }
    for declared in &model.secrets {
        services
            .secrets()
            .ensure_secret(&declared.name, || secret(&declared.id))?;
    }
    Ok(services)
}

fn queue_options(queue: &Queue) -> QueueOptions {
    let redrive = queue.redrive.as_ref();
    QueueOptions {
        name: queue.name.clone(),
        visibility_timeout_s: queue.visibility_timeout_s,
        redrive: redrive.map(|redrive| (redrive.queue.clone(), redrive.max_receive_count)),
    }
}

fn key_kind(key: &Key) -> KeyKind {
    match key.key_use {
        KeyUse::Encrypt => KeyKind::Symmetric,
        KeyUse::SignEd25519 => KeyKind::Ed25519,
    }
}
