//! A function's routes beside an in-process DynamoDB, KMS and Secrets Manager.
#![allow(
    dead_code,
    reason = "shared by the tests of sign-up and accounts, neither of which needs all"
)]

use aws_config::BehaviorVersion;
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use aws_types::{
    SdkConfig,
    region::Region,
    service_config::{LoadServiceConfig, ServiceConfigKey},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode},
};
use domain::{
    consent::ConsentPurpose,
    consequence::{Consequence, Letter},
    data_map::Field,
    ids::SubjectId,
    ledger::Entry,
    policy,
    policy::Locale,
    processing::{Actor, Category, Operation, Purpose},
};
use lambda_http::request::RequestContext;
use local_services::{KeyKind, Services};
use platform::{Clock, Env};
use serde_json::{Value, json};
use store::{
    Db, Entity, Key,
    ledger::StoredEntry,
    lookup::LookupKey,
    outbox::Message,
    personal::{Access, Gate},
};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tower::ServiceExt;

const LOOKUP_KEY: &str = "a lookup key of these tests, which is long enough for them";
pub const PASSWORD: &str = "orbit velvet cactus 77";

pub struct World {
    pub aws: SdkConfig,
    pub env: Env,
    pub clock: Clock,
    pub db: Db,
    pub gate: Gate,
    pub lookup: LookupKey,
    pub raw: aws_sdk_dynamodb::Client,
    _folder: TempDir,
}

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

fn sdk_config(endpoints: Endpoints) -> SdkConfig {
    let credentials = Credentials::new("test", "test", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .service_config(endpoints)
        .build()
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("services");
        let services = Services::open(root, "eu-central-1".into(), "000000000000".into()).unwrap();
        let key = services
            .kms()
            .ensure_key("personal-data", KeyKind::Symmetric);
        let secret = json!({"lookup_key": LOOKUP_KEY, "staff": []}).to_string();
        services.secrets().ensure_secret("app", || secret).unwrap();

        let (database_listener, database_url) = listen().await;
        let tables = dynoxide::Database::memory().unwrap();
        tokio::spawn(dynoxide::server::serve_on(database_listener, tables));
        let (listener, url) = listen().await;
        let router = services.router();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

        let aws = sdk_config(Endpoints {
            database: database_url,
            others: url,
        });
        let raw = aws_sdk_dynamodb::Client::new(&aws);
        create_tables(&raw).await;
        let env = Env::of(
            [
                ("TABLE_CATALOG", "catalog"),
                ("TABLE_PEOPLE", "people"),
                ("TABLE_KEYS", "keys"),
                ("TABLE_LEDGER", "ledger"),
                ("PERSONAL_DATA_KEY", &key.unwrap().arn),
                ("APP_SECRET", "app"),
                ("PUBLIC_URL", "https://assets.example"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let db = Db::new(&aws, env.tables());
        Self {
            gate: Gate::new(&aws, db.clone(), env.required("PERSONAL_DATA_KEY").unwrap()),
            lookup: LookupKey::new(LOOKUP_KEY),
            clock: Clock::system(),
            db,
            aws,
            env,
            raw,
            _folder: folder,
        }
    }

    /// Every item of every table, as text.
    pub async fn everything(&self) -> Vec<String> {
        let mut items = Vec::new();
        for table in ["catalog", "people", "keys", "ledger"] {
            let answer = self.raw.scan().table_name(table).send().await.unwrap();
            items.extend(
                answer
                    .items()
                    .iter()
                    .map(|item| format!("{table} {item:?}")),
            );
        }
        items
    }

    /// How many items there are beside the counters of limits.
    pub async fn stored(&self) -> usize {
        let items = self.everything().await;
        items.iter().filter(|item| !item.contains("LIMIT#")).count()
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

    /// The letters that wait, oldest first.
    pub async fn letters(&self) -> Vec<(Message, Letter)> {
        let mut letters = Vec::new();
        for key in self.keys("catalog", "OUT#").await {
            let message: Message = self.db.get(&key).await.unwrap().unwrap();
            if let Consequence::Mail { letter, .. } = message.consequence.clone() {
                letters.push((message, letter));
            }
        }
        letters
    }

    /// The secrets of the links in the waiting letters of one kind, oldest first.
    pub async fn mailed(&self, wanted: fn(&Letter) -> bool) -> Vec<String> {
        let mut secrets = Vec::new();
        for (message, letter) in self.letters().await {
            if let Some(sealed) = message.secret.as_ref().filter(|_| wanted(&letter)) {
                let store::outbox::Owner::Subject(subject) = message.owner else {
                    panic!("a link that belongs to nobody");
                };
                let access = Access {
                    purpose: Purpose::Identify,
                    operation: Operation::Use,
                    actor: Actor::System,
                    categories: &[Category::Correspondence],
                    clause: "3.3f",
                };
                let now = self.clock.now();
                let person = self.gate.open(subject, access, now).await.unwrap();
                let key = message.key();
                let secret = person.unseal::<Message>(Field::MailSecret, &key, sealed);
                secrets.push(secret.unwrap().to_string());
            }
        }
        secrets
    }

    /// The ledger's entries about this event.
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

#[derive(Debug)]
struct Endpoints {
    database: String,
    others: String,
}

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let url = match key.service_id() {
            "DynamoDB" => &self.database,
            _ => &self.others,
        };
        (key.env() == "AWS_ENDPOINT_URL").then(|| url.clone())
    }
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn etag(&self) -> String {
        self.headers["etag"].to_str().unwrap().to_owned()
    }
}

/// A request, as the gateway hands it over.
pub struct Call {
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

pub fn call(method: Method, path: &str) -> Call {
    Call {
        method,
        path: path.to_owned(),
        headers: Vec::new(),
        body: String::new(),
    }
}

impl Call {
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json")
            .body(&body.to_string())
    }

    pub fn body(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self
    }

    pub async fn to(self, router: &Router) -> Answer {
        let context = json!({
            "http": {"method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "198.51.100.23", "userAgent": "canary-agent"},
        });
        let context = RequestContext::ApiGatewayV2(serde_json::from_value(context).unwrap());
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.path)
            .header("user-agent", "canary-agent/1.0")
            .extension(context);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Body::from(self.body)).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (answer.status(), answer.headers().clone());
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer {
            status,
            headers,
            text,
        }
    }
}

/// A consent's box under the text that binds now.
pub fn consent_box(consent: ConsentPurpose, clock: &Clock) -> Value {
    let publication = policy::current(consent.document(), clock.now()).unwrap();
    json!({
        "document": consent.document(),
        "version": publication.version,
        "sha256": publication.text(Locale::En).unwrap().sha256,
        "locale": "en",
        "ticked": true,
    })
}

pub async fn subject_of(world: &World, email: &str) -> SubjectId {
    let address = domain::contact::EmailAddress::new(email).unwrap();
    let login = store::people::find_login(&world.db, &world.lookup.email(&address)).await;
    login.unwrap().unwrap().subject
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
                index = index.key_schema(key_part(range, KeyType::Range));
                request = request.attribute_definitions(attribute(range));
            }
            request = request.global_secondary_indexes(index.build().unwrap());
        }
        request.send().await.unwrap();
    }
}
