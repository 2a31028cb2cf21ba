//! What the machine wires itself from.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::document::Document;
use super::filter::Filters;
use super::resolve::{Place, Scope};
use super::roles::{Need, Role};
use super::schedule::Expression;
use super::{
    MailEvents, Receipt, TemplateError, buckets, functions, mail, queues, receipt, tables,
};

/// Everything that the machine runs, resolved.
#[derive(Debug, Clone)]
pub struct Model {
    /// The functions.
    pub functions: Vec<Function>,
    /// The HTTP API's routes.
    pub routes: Vec<Route>,
    /// The HTTP API's CORS settings, if it has any.
    pub cors: Option<Cors>,
    /// The tables.
    pub tables: Vec<Table>,
    /// The buckets.
    pub buckets: Vec<Bucket>,
    /// The queues, each after its dead-letter queue.
    pub queues: Vec<Queue>,
    /// Where it is told what comes back of mail.
    pub mail_events: Vec<MailEvents>,
    /// Where letters to the service arrive.
    pub receipt: Option<Receipt>,
    /// The KMS keys.
    pub keys: Vec<Key>,
    /// The secrets.
    pub secrets: Vec<Secret>,
}

/// A function (`AWS::Serverless::Function`).
#[derive(Debug, Clone)]
pub struct Function {
    /// Logical id.
    pub id: String,
    /// Physical name.
    pub name: String,
    /// After how long an invocation is ended.
    pub timeout: Duration,
    /// The environment variables.
    pub environment: BTreeMap<String, String>,
    /// What invokes it, besides routes.
    pub sources: Vec<Source>,
    /// What it may do.
    pub role: Role,
    /// What Lambda itself does under its role; the role allows all of it.
    pub lambda_needs: Vec<Need>,
}

/// A route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Upper-case method, `None` for `ANY`.
    pub method: Option<String>,
    /// The path with `{name}` and `{name+}` parts, `None` for `$default`.
    pub path: Option<String>,
    /// Logical id of the function.
    pub function: String,
}

/// CORS settings of the HTTP API (`CorsConfiguration`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cors {
    /// Origins, `*` for any.
    pub origins: Vec<String>,
    /// Methods, `*` for any.
    pub methods: Vec<String>,
    /// Request headers, `*` for any.
    pub headers: Vec<String>,
    /// Response headers that a page may read.
    pub expose: Vec<String>,
    /// Whether cookies may be sent.
    pub credentials: bool,
    /// Seconds for which a preflight answer holds.
    pub max_age_s: Option<u64>,
}

/// What invokes a function.
#[derive(Debug, Clone)]
pub enum Source {
    /// Batches of a queue's messages.
    Queue(QueueSource),
    /// Batches of a table's changes.
    Stream(StreamSource),
    /// Time.
    Schedule(Schedule),
}

/// An SQS event source mapping.
#[derive(Debug, Clone)]
pub struct QueueSource {
    /// The queue's physical name.
    pub queue: String,
    /// Most messages in a batch.
    pub batch_size: usize,
    /// Most batches at once (`MaximumConcurrency`).
    pub concurrency: usize,
    /// Whether the function names the messages that failed (`ReportBatchItemFailures`).
    pub reports_failures: bool,
}

/// A DynamoDB stream event source mapping.
#[derive(Debug, Clone)]
pub struct StreamSource {
    /// The table's physical name.
    pub table: String,
    /// The stream's ARN, as events name it.
    pub stream_arn: String,
    /// Most records in a batch.
    pub batch_size: usize,
    /// How often a failed batch is tried again; `None` is for ever.
    pub retries: Option<u32>,
    /// Whether a failed batch is tried again in halves.
    pub bisects: bool,
    /// Whether the function names the record from which to try again.
    pub reports_failures: bool,
    /// Records that no filter lets through are skipped.
    pub filters: Filters,
    /// Physical name of the queue that is told of a batch given up.
    pub on_failure: Option<String>,
    /// Whether a new mapping starts at the stream's beginning (`TRIM_HORIZON`).
    pub from_beginning: bool,
}

/// A schedule.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Unique name: the function's logical id and the event's.
    pub name: String,
    /// When it is due.
    pub expression: Expression,
    /// The event; `None` for EventBridge's own.
    pub input: Option<Value>,
    /// How often a failed invocation is repeated.
    pub retries: u32,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Logical id.
    pub id: String,
    /// Physical name.
    pub name: String,
    /// The primary key.
    pub key: TableKey,
    /// The types (`S`, `N`, `B`) of the attributes in keys.
    pub attributes: BTreeMap<String, String>,
    /// The global secondary indexes.
    pub indexes: Vec<TableIndex>,
    /// The stream's view type, if the table has a stream.
    pub stream: Option<String>,
    /// The attribute that holds the time of expiry.
    pub ttl_attribute: Option<String>,
}

/// A key of a table or index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableKey {
    /// The partition key's attribute.
    pub hash: String,
    /// The sort key's attribute.
    pub range: Option<String>,
}

/// A global secondary index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableIndex {
    /// Name.
    pub name: String,
    /// Key.
    pub key: TableKey,
    /// `ALL`, `KEYS_ONLY` or `INCLUDE`.
    pub projection: String,
    /// The attributes of `INCLUDE`.
    pub included: Vec<String>,
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Logical id.
    pub id: String,
    /// Physical name.
    pub name: String,
    /// Whether old versions are kept.
    pub versioned: bool,
    /// Object Lock, if the bucket has it.
    pub object_lock: ObjectLock,
    /// Origins that the CORS rules allow.
    pub cors_origins: Vec<String>,
    /// Where changes are told.
    pub notifications: Vec<Notification>,
}

/// A bucket's Object Lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectLock {
    /// None.
    Off,
    /// Default retention in days.
    Days(u32),
}

/// A bucket's notifications to a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// `s3:ObjectCreated:*`, `s3:ObjectCreated:Put` and the like.
    pub event: String,
    /// The queue's physical name.
    pub queue: String,
    /// What the key must begin with.
    pub prefix: String,
    /// What the key must end with.
    pub suffix: String,
}

impl Notification {
    /// Whether an event (`ObjectCreated:Put`) of this key is told.
    #[must_use]
    pub fn takes(&self, event_name: &str, key: &str) -> bool {
        let event = self.event.trim_start_matches("s3:");
        let of_event = match event.strip_suffix('*') {
            Some(family) => event_name.starts_with(family),
            None => event_name == event,
        };
        of_event && key.starts_with(&self.prefix) && key.ends_with(&self.suffix)
    }
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Logical id.
    pub id: String,
    /// Physical name.
    pub name: String,
    /// Seconds for which a received message is hidden.
    pub visibility_timeout_s: u32,
    /// Where messages go that fail too often.
    pub redrive: Option<Redrive>,
}

/// A queue's `RedrivePolicy`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    /// Physical name of the dead-letter queue.
    pub queue: String,
    /// After how many receives.
    pub max_receive_count: u32,
}

/// A KMS key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Logical id.
    pub id: String,
    /// The alias by which functions get it on one machine.
    pub alias: String,
    /// What it is for.
    pub key_use: KeyUse,
}

/// What a KMS key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// `SYMMETRIC_DEFAULT`, `ENCRYPT_DECRYPT`.
    Encrypt,
    /// `ECC_NIST_EDWARDS25519`, `SIGN_VERIFY`.
    SignEd25519,
}

/// A secret of Secrets Manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Logical id.
    pub id: String,
    /// Physical name.
    pub name: String,
}

/// Resources that change nothing on one machine: others' permissions, alarms and names.
/// Nested stacks hold only such resources; a test reads the product's.
const WITHOUT_EFFECT: &[&str] = &[
    "AWS::CloudFormation::Stack",
    "AWS::CloudWatch::",
    "AWS::CodeDeploy::",
    // Read with the function that has it.
    "AWS::IAM::Role",
    "AWS::KMS::Alias",
    "AWS::Lambda::Permission",
    "AWS::Logs::",
    "AWS::S3::BucketPolicy",
    "AWS::SES::ConfigurationSet",
    "AWS::SES::EmailIdentity",
    "AWS::SES::ReceiptRuleSet",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::ApiGatewayV2::",
    "AWS::CertificateManager::",
    "AWS::Route53::",
    "AWS::SSM::",
    "AWS::WAFv2::",
    "AWS::Budgets::",
    "AWS::XRay::",
];

pub(super) fn is_without_effect(kind: &str) -> bool {
    let mut prefixes = WITHOUT_EFFECT.iter();
    prefixes.any(|prefix| kind.starts_with(prefix))
}

impl Model {
    /// Resolves a document for a place, with the machine's values of parameters.
    ///
    /// # Errors
    /// Something that the machine would have to honour and doesn't understand.
    pub fn resolve(
        document: &Document,
        place: Place,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Self, TemplateError> {
        let scope = Scope::new(document, place, parameters)?;
        let mut model = Self {
            functions: Vec::new(),
            routes: Vec::new(),
            cors: None,
            tables: Vec::new(),
            buckets: Vec::new(),
            queues: Vec::new(),
            mail_events: Vec::new(),
            receipt: None,
            keys: Vec::new(),
            secrets: Vec::new(),
        };
        let mut ids: Vec<_> = document.resources().collect();
        ids.sort_by_key(|(id, _)| *id);
        for (id, resource) in ids {
            if scope.exists(id, resource)? {
                model.add(&scope, id, resource["Type"].as_str().unwrap_or_default())?;
            }
        }
        queues::put_dead_letter_queues_first(&mut model.queues);
        Ok(model)
    }

    fn add(&mut self, scope: &Scope<'_>, id: &str, kind: &str) -> Result<(), TemplateError> {
        match kind {
            "AWS::Serverless::Function" => {
                let (function, routes) = functions::read(scope, id)?;
                self.functions.push(function);
                self.routes.extend(routes);
            }
            "AWS::Serverless::HttpApi" => self.cors = functions::cors(scope, id)?,
            "AWS::DynamoDB::Table" => self.tables.push(tables::read(scope, id)?),
            "AWS::S3::Bucket" => self.buckets.push(buckets::read(scope, id)?),
            "AWS::SQS::Queue" => self.queues.push(queues::read(scope, id)?),
            "AWS::SES::ConfigurationSetEventDestination" => {
                self.mail_events.extend(mail::destination(scope, id)?);
            }
            "AWS::SES::ReceiptRule" => receipt::read(&mut self.receipt, scope, id)?,
            "AWS::SNS::Topic" => mail::topic(scope, id)?,
            "AWS::SNS::Subscription" => drop(mail::subscription(scope, id)?),
            "AWS::KMS::Key" => self.keys.push(queues::key(scope, id)?),
            "AWS::SecretsManager::Secret" => self.secrets.push(Secret {
                id: id.to_owned(),
                name: scope.physical_name(id)?,
            }),
            other if is_without_effect(other) => {}
            other => {
                let reason = format!("a resource of type {other} is not understood");
                return Err(TemplateError::new(id, reason));
            }
        }
        Ok(())
    }

    /// The function with this logical id.
    #[must_use]
    pub fn function(&self, id: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.id == id)
    }
}
