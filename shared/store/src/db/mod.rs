//! Reads, queries and transactions over the four tables.

mod read;
mod tx;
mod write;

use std::collections::HashMap;

use aws_sdk_dynamodb::{Client, error::SdkError, types::AttributeValue};
use serde::{Serialize, de::DeserializeOwned};

pub(crate) use read::cursor_after;
pub use read::{Found, Page, Range};
pub use tx::Tx;
pub(crate) use tx::unique;

/// An item as DynamoDB holds it.
pub type Item = HashMap<String, AttributeValue>;

/// The tables, by what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Workspaces, members, assets, uploads, billing, outbox.
    Catalog,
    /// Persons: sealed data, sign-in, sessions, consents, requests.
    People,
    /// Wrapped data keys; no point-in-time recovery.
    Keys,
    /// Ledger entries and their chains.
    Ledger,
}

/// The tables' names, from the environment.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    /// Name of [`Table::Catalog`].
    pub catalog: String,
    /// Name of [`Table::People`].
    pub people: String,
    /// Name of [`Table::Keys`].
    pub keys: String,
    /// Name of [`Table::Ledger`].
    pub ledger: String,
}

impl Tables {
    pub(crate) fn name(&self, table: Table) -> &str {
        match table {
            Table::Catalog => &self.catalog,
            Table::People => &self.people,
            Table::Keys => &self.keys,
            Table::Ledger => &self.ledger,
        }
    }
}

/// An item's primary key. Made by the entities only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Partition key.
    pub pk: String,
    /// Sort key.
    pub sk: String,
}

impl Key {
    /// A key of these two parts.
    #[must_use]
    pub fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self {
            pk: pk.into(),
            sk: sk.into(),
        }
    }

    fn item(&self) -> Item {
        HashMap::from([
            ("pk".to_owned(), AttributeValue::S(self.pk.clone())),
            ("sk".to_owned(), AttributeValue::S(self.sk.clone())),
        ])
    }

    pub(crate) fn of(item: &Item) -> Option<Self> {
        let part = |name| item.get(name)?.as_s().ok().cloned();
        Some(Self {
            pk: part("pk")?,
            sk: part("sk")?,
        })
    }
}

/// Something stored as one item.
pub trait Entity: Serialize + DeserializeOwned {
    /// The table that holds it.
    const TABLE: Table;

    /// Where it stands.
    fn key(&self) -> Key;

    /// Further attributes that only indexes and TTL use: sparse index keys
    /// (`due_queue`, `due_at`, …) and `expires_at_epoch`.
    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        Vec::new()
    }
}

/// A due-queue entry for [`Entity::index`]: the queue's shard and the time.
#[must_use]
pub fn due(queue: &str, at: domain::time::Timestamp) -> Vec<(&'static str, AttributeValue)> {
    vec![
        ("due_queue", AttributeValue::S(queue.to_owned())),
        ("due_at", AttributeValue::S(at.to_string())),
    ]
}

/// A TTL entry for [`Entity::index`]. Deletion is late; readers go by the clock.
#[must_use]
pub fn expires(at: domain::time::Timestamp) -> (&'static str, AttributeValue) {
    (
        "expires_at_epoch",
        AttributeValue::N(at.as_second().to_string()),
    )
}

/// Why the store could not do as it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A condition did not hold; the name is the action's, as the caller gave it.
    #[error("the condition of `{0}` did not hold")]
    Refused(&'static str),
    /// The continuation of a listing is not one that we gave.
    #[error("this cursor is not one that this list has given")]
    InvalidCursor,
    /// An item is not as its type says.
    #[error("an item can't be read or written: {0}")]
    Malformed(#[from] serde_dynamo::Error),
    /// DynamoDB is busy or away; the same call may succeed later.
    #[error("DynamoDB can't answer now: {0}")]
    Unavailable(String),
    /// DynamoDB refused the call itself.
    #[error("DynamoDB refused the call: {0}")]
    Rejected(String),
}

impl StoreError {
    /// The named action's condition did not hold.
    #[must_use]
    pub fn refused(&self, action: &str) -> bool {
        matches!(self, Self::Refused(name) if *name == action)
    }
}

const RETRYABLE: [&str; 8] = [
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "InternalServerError",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ServiceUnavailable",
    "LimitExceededException",
];

fn failure<E>(error: SdkError<E>) -> StoreError
where
    E: aws_sdk_dynamodb::error::ProvideErrorMetadata + std::error::Error + 'static,
{
    // what stands before the service may answer in words of its own
    let is_its_fault = error
        .raw_response()
        .is_some_and(|raw| raw.status().is_server_error());
    match error.as_service_error() {
        Some(service) => {
            let code = service.code().unwrap_or("unknown").to_owned();
            if is_its_fault || RETRYABLE.contains(&code.as_str()) {
                StoreError::Unavailable(code)
            } else {
                // the message may quote item content, the code never does
                StoreError::Rejected(code)
            }
        }
        None => StoreError::Unavailable("no answer".to_owned()),
    }
}

fn to_item<E: Entity>(entity: &E) -> Result<Item, StoreError> {
    let mut item: Item = serde_dynamo::to_item(entity)?;
    item.extend(entity.key().item());
    for (name, value) in entity.index() {
        item.insert(name.to_owned(), value);
    }
    item.retain(|_, value| !matches!(value, AttributeValue::Null(true)));
    Ok(item)
}

fn keys_of(items: &[Item]) -> Vec<Key> {
    items.iter().filter_map(Key::of).collect()
}

fn from_item<E: Entity>(item: Item) -> Result<E, StoreError> {
    Ok(serde_dynamo::from_item(item)?)
}

/// The tables through one client. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Db {
    client: Client,
    tables: Tables,
}

impl Db {
    /// Over the tables of these names.
    #[must_use]
    pub fn new(aws: &aws_types::SdkConfig, tables: Tables) -> Self {
        Self {
            client: Client::new(aws),
            tables,
        }
    }

    pub(crate) fn table(&self, table: Table) -> &str {
        self.tables.name(table)
    }
}
