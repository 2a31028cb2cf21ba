//! The services that a function reaches, in this process, each test its own.
#![allow(
    dead_code,
    reason = "shared by the tests of several functions, none of which needs all"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use domain::ledger::Entry;
use domain::time::Timestamp;
use local_objects::{BucketOptions, ObjectStore, StoreOptions};
use local_services::{KeyKind, Mail, QueueOptions, Services};
use platform::{Clock, Env};
use store::ledger::StoredEntry;
use store::{Db, Key};
use tempfile::TempDir;
use tokio::net::TcpListener;

pub const REGION: &str = "eu-central-1";
const CREDENTIALS: (&str, &str) = ("ASSETBOX", "a secret key of a test");

#[derive(Debug)]
struct Endpoints(BTreeMap<&'static str, String>);

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let asks_for_endpoint = key.env() == "AWS_ENDPOINT_URL";
        self.0
            .get(key.service_id())
            .filter(|_| asks_for_endpoint)
            .cloned()
    }
}

pub struct Cloud {
    pub aws: SdkConfig,
    pub env: Env,
    pub clock: Clock,
    pub db: Db,
    pub raw: aws_sdk_dynamodb::Client,
    pub services: Services,
    _folder: TempDir,
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    (listener, address)
}

impl Cloud {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (listening, database) = listener().await;
        let tables = dynoxide::Database::memory().unwrap();
        tokio::spawn(dynoxide::server::serve_on(listening, tables));

        let services = Services::open(
            folder.path().join("services"),
            REGION.into(),
            "000000000000".into(),
        )
        .unwrap();
        let (listening, service) = listener().await;
        let router = services.router();
        tokio::spawn(async move { axum::serve(listening, router).await.unwrap() });

        let (listening, objects) = listener().await;
        let store = object_store(folder.path().join("objects"));
        tokio::spawn(store.serve(listening, std::future::pending()));

        let aws = sdk_config(Endpoints(BTreeMap::from([
            ("DynamoDB", database),
            ("S3", objects),
            ("SQS", service.clone()),
            ("SES", service.clone()),
            ("KMS", service.clone()),
        ])));
        let raw = aws_sdk_dynamodb::Client::new(&aws);
        create_tables(&raw).await;
        let env = environment(&services, &service).await;
        Self {
            db: Db::new(&aws, env.tables()),
            clock: Clock::system(),
            aws,
            env,
            raw,
            services,
            _folder: folder,
        }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub async fn mails(&self) -> Vec<Mail> {
        let mailbox = self.services.mailbox();
        let mut mails = Vec::new();
        for summary in mailbox.list().await.unwrap() {
            mails.push(mailbox.read(&summary.id).await.unwrap());
        }
        mails
    }

    pub async fn jobs(&self) -> Vec<String> {
        let sqs = self.services.sqs();
        let messages = sqs.receive("jobs", 10, Duration::ZERO).await.unwrap();
        messages.into_iter().map(|message| message.body).collect()
    }

    /// The keys of a table whose partitions begin so, oldest first.
    pub async fn keys(&self, table: &str, prefix: &str) -> Vec<Key> {
        let answer = self.raw.scan().table_name(table).send().await.unwrap();
        let mut keys: Vec<Key> = answer
            .items()
            .iter()
            .map(|item| Key::new(item["pk"].as_s().unwrap(), item["sk"].as_s().unwrap()))
            .filter(|key| key.pk.starts_with(prefix))
            .collect();
        keys.sort_by(|a, b| a.sk.cmp(&b.sk));
        keys
    }

    /// Every entry of the ledger about this event.
    pub async fn entries(&self, event: &str) -> Vec<Entry> {
        let mut entries = Vec::new();
        for key in self.keys("ledger", "EVT#").await {
            let stored: StoredEntry = self.db.get(&key).await.unwrap().unwrap();
            entries.push(stored.entry);
        }
        entries.retain(|entry| entry.event == event);
        entries
    }
}

fn object_store(root: std::path::PathBuf) -> ObjectStore {
    let store = ObjectStore::open(StoreOptions {
        root,
        region: REGION.into(),
        credentials: (CREDENTIALS.0.into(), CREDENTIALS.1.into()),
    })
    .unwrap();
    for (name, object_lock_days) in [("assets", None), ("proofs", Some(1))] {
        store
            .ensure_bucket(&BucketOptions {
                name: name.into(),
                versioned: true,
                object_lock_days,
                cors_origins: Vec::new(),
            })
            .unwrap();
    }
    store
}

fn sdk_config(endpoints: Endpoints) -> SdkConfig {
    let credentials = Credentials::new(CREDENTIALS.0, CREDENTIALS.1, None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        // a call that a test lets fail fails at once
        .retry_config(RetryConfig::disabled())
        .service_config(endpoints)
        .build()
}

async fn environment(services: &Services, service: &str) -> Env {
    let sqs = services.sqs();
    sqs.ensure_queue(QueueOptions {
        name: "jobs".into(),
        visibility_timeout_s: 30,
        redrive: None,
    })
    .await
    .unwrap();
    let key = |alias, kind| services.kms().ensure_key(alias, kind).unwrap().arn;
    let vars = [
        ("TABLE_CATALOG", "catalog".to_owned()),
        ("TABLE_PEOPLE", "people".to_owned()),
        ("TABLE_KEYS", "keys".to_owned()),
        ("TABLE_LEDGER", "ledger".to_owned()),
        ("BUCKET_ASSETS", "assets".to_owned()),
        ("BUCKET_PROOFS", "proofs".to_owned()),
        ("S3_FORCE_PATH_STYLE", "true".to_owned()),
        (
            "PERSONAL_DATA_KEY",
            key("personal-data", KeyKind::Symmetric),
        ),
        ("LEDGER_KEY", key("ledger", KeyKind::Ed25519)),
        ("QUEUE_JOBS", sqs.queue_url(service, "jobs")),
        ("PUBLIC_URL", "https://assets.example".to_owned()),
        ("MAIL_FROM", "no-reply@assets.example".to_owned()),
        ("PRIVACY_ADDRESS", "privacy@assets.example".to_owned()),
        ("OPERATOR_NAME", "Example & Co".to_owned()),
    ];
    Env::of(vars.map(|(name, value)| (name.to_owned(), value)))
}

fn attribute(name: &str) -> AttributeDefinition {
    AttributeDefinition::builder()
        .attribute_name(name)
        .attribute_type(ScalarAttributeType::S)
        .build()
        .unwrap()
}

fn key_part(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder()
        .attribute_name(name)
        .key_type(kind)
        .build()
        .unwrap()
}

async fn create_tables(client: &aws_sdk_dynamodb::Client) {
    type Index = (&'static str, &'static str, Option<&'static str>);
    let tables: [(&str, &[Index]); 4] = [
        ("catalog", &[("due", "due_queue", Some("due_at"))]),
        (
            "people",
            &[
                ("queue", "queue", Some("queue_due")),
                ("requests", "request_id", None),
            ],
        ),
        ("keys", &[]),
        ("ledger", &[]),
    ];
    for (table, indexes) in tables {
        let mut request = client
            .create_table()
            .table_name(table)
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(attribute("pk"))
            .attribute_definitions(attribute("sk"))
            .key_schema(key_part("pk", KeyType::Hash))
            .key_schema(key_part("sk", KeyType::Range));
        for (name, hash, range) in indexes {
            let projection = Projection::builder()
                .projection_type(ProjectionType::KeysOnly)
                .build();
            let mut index = GlobalSecondaryIndex::builder()
                .index_name(*name)
                .projection(projection)
                .key_schema(key_part(hash, KeyType::Hash));
            request = request.attribute_definitions(attribute(hash));
            if let Some(range) = range {
                request = request.attribute_definitions(attribute(range));
                index = index.key_schema(key_part(range, KeyType::Range));
            }
            request = request.global_secondary_indexes(index.build().unwrap());
        }
        request.send().await.unwrap();
    }
}
