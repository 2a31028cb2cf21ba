//! Reads, queries and transactions over the four tables.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{
        AttributeValue, ConditionCheck, Delete, DeleteRequest, KeysAndAttributes, Put,
        TransactWriteItem, WriteRequest,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::expression::{Condition, Placeholders, Update};

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
    fn name(&self, table: Table) -> &str {
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

    fn of(item: &Item) -> Option<Self> {
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

fn failure<E, R>(error: SdkError<E, R>) -> StoreError
where
    E: aws_sdk_dynamodb::error::ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    match error.as_service_error() {
        Some(service) => {
            let code = service.code().unwrap_or("unknown").to_owned();
            if RETRYABLE.contains(&code.as_str()) {
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

fn from_item<E: Entity>(item: Item) -> Result<E, StoreError> {
    Ok(serde_dynamo::from_item(item)?)
}

/// A page of a listing.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// What the page holds.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
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

    /// Reads one item, strongly consistent.
    ///
    /// # Errors
    /// [`StoreError`]; a missing item is `None`.
    pub async fn get<E: Entity>(&self, key: &Key) -> Result<Option<E>, StoreError> {
        let answer = self
            .client
            .get_item()
            .table_name(self.table(E::TABLE))
            .set_key(Some(key.item()))
            .consistent_read(true)
            .send()
            .await
            .map_err(failure)?;
        answer.item.map(from_item).transpose()
    }

    /// Reads up to 100 items of any tables in one call, strongly consistent.
    ///
    /// # Errors
    /// [`StoreError`]; missing items are missing from the answer.
    pub async fn get_many(&self, keys: &[(Table, Key)]) -> Result<Found, StoreError> {
        let mut wanted: HashMap<String, KeysAndAttributes> = HashMap::new();
        for table in [Table::Catalog, Table::People, Table::Keys, Table::Ledger] {
            let items: Vec<Item> = keys
                .iter()
                .filter(|(t, _)| *t == table)
                .map(|(_, key)| key.item())
                .collect();
            if items.is_empty() {
                continue;
            }
            let request = KeysAndAttributes::builder()
                .set_keys(Some(items))
                .consistent_read(true)
                .build()
                .map_err(|e| StoreError::Rejected(e.to_string()))?;
            wanted.insert(self.table(table).to_owned(), request);
        }
        let mut found = HashMap::new();
        let mut pause = Duration::from_millis(20);
        while !wanted.is_empty() {
            let answer = self
                .client
                .batch_get_item()
                .set_request_items(Some(wanted))
                .send()
                .await
                .map_err(failure)?;
            for (table, items) in answer.responses.unwrap_or_default() {
                for item in items {
                    if let Some(key) = Key::of(&item) {
                        found.insert((table.clone(), key), item);
                    }
                }
            }
            wanted = answer.unprocessed_keys.unwrap_or_default();
            if !wanted.is_empty() {
                if pause > Duration::from_secs(2) {
                    return Err(StoreError::Unavailable("unprocessed keys".to_owned()));
                }
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
        Ok(Found {
            tables: self.tables.clone(),
            items: found,
        })
    }

    /// Lists a partition's items whose sort key begins with `prefix`, page by page.
    ///
    /// # Errors
    /// [`StoreError`]; a foreign cursor is [`StoreError::InvalidCursor`].
    pub async fn list<E: Entity>(&self, range: &Range<'_>) -> Result<Page<E>, StoreError> {
        let start = match range.cursor {
            Some(cursor) => Some(read_cursor(cursor, range)?.item()),
            None => None,
        };
        let answer = self
            .client
            .query()
            .table_name(self.table(E::TABLE))
            .key_condition_expression("#pk = :pk AND begins_with(#sk, :sk)")
            .expression_attribute_names("#pk", "pk")
            .expression_attribute_names("#sk", "sk")
            .expression_attribute_values(":pk", AttributeValue::S(range.pk.to_owned()))
            .expression_attribute_values(":sk", AttributeValue::S(range.prefix.to_owned()))
            .scan_index_forward(!range.newest_first)
            .set_limit(Some(range.limit))
            .consistent_read(true)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(failure)?;
        let next = answer
            .last_evaluated_key
            .as_ref()
            .and_then(Key::of)
            .map(|key| URL_SAFE_NO_PAD.encode(&key.sk[range.prefix.len()..]));
        let items = answer.items.unwrap_or_default();
        let items = items.into_iter().map(from_item).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }

    /// Every item of a partition whose sort key begins with `prefix`. For
    /// partitions of bounded size.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_all<E: Entity>(&self, pk: &str, prefix: &str) -> Result<Vec<E>, StoreError> {
        let mut all = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let range = Range {
                pk,
                prefix,
                newest_first: false,
                limit: 1000,
                cursor: cursor.as_deref(),
            };
            let page = self.list(&range).await?;
            all.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                return Ok(all);
            }
        }
    }

    /// The keys of a partition, whatever the items are: what erasure walks over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keys(&self, table: Table, pk: &str, limit: i32) -> Result<Vec<Key>, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(self.table(table))
            .key_condition_expression("#pk = :pk")
            .expression_attribute_names("#pk", "pk")
            .expression_attribute_names("#sk", "sk")
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
            .projection_expression("#pk, #sk")
            .consistent_read(true)
            .limit(limit)
            .send()
            .await
            .map_err(failure)?;
        Ok(answer
            .items
            .unwrap_or_default()
            .iter()
            .filter_map(Key::of)
            .collect())
    }

    /// The keys that are due in one queue of the sparse `due` index, oldest first.
    /// Index reads are eventually consistent: whoever acts checks the item itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn due(
        &self,
        queue: &str,
        until: domain::time::Timestamp,
        limit: i32,
    ) -> Result<Vec<Key>, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(self.table(Table::Catalog))
            .index_name("due")
            .key_condition_expression("#q = :q AND #at <= :at")
            .expression_attribute_names("#q", "due_queue")
            .expression_attribute_names("#at", "due_at")
            .expression_attribute_values(":q", AttributeValue::S(queue.to_owned()))
            .expression_attribute_values(":at", AttributeValue::S(until.to_string()))
            .limit(limit)
            .send()
            .await
            .map_err(failure)?;
        Ok(answer
            .items
            .unwrap_or_default()
            .iter()
            .filter_map(Key::of)
            .collect())
    }

    /// The keys of an index partition of the people table, in the index's order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn people_index(
        &self,
        index: &str,
        attribute: &str,
        value: &str,
        limit: i32,
    ) -> Result<Vec<Key>, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(self.table(Table::People))
            .index_name(index)
            .key_condition_expression("#a = :a")
            .expression_attribute_names("#a", attribute)
            .expression_attribute_values(":a", AttributeValue::S(value.to_owned()))
            .limit(limit)
            .send()
            .await
            .map_err(failure)?;
        Ok(answer
            .items
            .unwrap_or_default()
            .iter()
            .filter_map(Key::of)
            .collect())
    }

    /// Puts an entity, whatever stood there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn put<E: Entity>(&self, entity: &E) -> Result<(), StoreError> {
        self.client
            .put_item()
            .table_name(self.table(E::TABLE))
            .set_item(Some(to_item(entity)?))
            .send()
            .await
            .map_err(failure)?;
        Ok(())
    }

    /// Updates one item and returns it as it is afterwards.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with `action` when the condition did not hold.
    pub async fn update<E: Entity>(
        &self,
        action: &'static str,
        key: &Key,
        update: &Update,
    ) -> Result<E, StoreError> {
        let mut p = Placeholders::default();
        let (expression, condition) = update.write(&mut p);
        let answer = self
            .client
            .update_item()
            .table_name(self.table(E::TABLE))
            .set_key(Some(key.item()))
            .update_expression(expression)
            .set_condition_expression(condition)
            .set_expression_attribute_names(p.names())
            .set_expression_attribute_values(p.values())
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew)
            .send()
            .await;
        match answer {
            Ok(answer) => from_item(answer.attributes.unwrap_or_default()),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Err(StoreError::Refused(action))
            }
            Err(error) => Err(failure(error)),
        }
    }

    /// Deletes items, 25 a call, until all are gone.
    ///
    /// # Errors
    /// [`StoreError`]; what was deleted before stays deleted.
    pub async fn delete_all(&self, table: Table, keys: &[Key]) -> Result<(), StoreError> {
        for chunk in keys.chunks(25) {
            let mut requests = Vec::with_capacity(chunk.len());
            for key in chunk {
                let delete = DeleteRequest::builder()
                    .set_key(Some(key.item()))
                    .build()
                    .map_err(|e| StoreError::Rejected(e.to_string()))?;
                requests.push(WriteRequest::builder().delete_request(delete).build());
            }
            let mut left = HashMap::from([(self.table(table).to_owned(), requests)]);
            let mut pause = Duration::from_millis(20);
            while !left.is_empty() {
                let answer = self
                    .client
                    .batch_write_item()
                    .set_request_items(Some(left))
                    .send()
                    .await
                    .map_err(failure)?;
                left = answer.unprocessed_items.unwrap_or_default();
                if !left.is_empty() {
                    if pause > Duration::from_secs(2) {
                        return Err(StoreError::Unavailable("unprocessed items".to_owned()));
                    }
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
            }
        }
        Ok(())
    }

    /// Does everything of the transaction, or nothing.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with the name of the first action whose
    /// condition did not hold; conflicts with other transactions are tried again.
    pub async fn commit(&self, tx: Tx) -> Result<(), StoreError> {
        let (names, mut items) = (tx.names, tx.items);
        if let Some(error) = tx.error {
            return Err(error);
        }
        for item in &mut items {
            name_tables(item, &self.tables);
        }
        let token = uuid_token();
        let mut pause = Duration::from_millis(10);
        for _ in 0..CONFLICT_ATTEMPTS {
            let answer = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .client_request_token(&token)
                .send()
                .await;
            match answer.map_err(|error| cancellation(error, &names)) {
                Ok(_) => return Ok(()),
                Err(Cancelled::Conflict) => {
                    tokio::time::sleep(jitter(pause)).await;
                    pause = (pause * 2).min(Duration::from_millis(500));
                }
                Err(Cancelled::Failed(error)) => return Err(error),
            }
        }
        Err(StoreError::Unavailable("transaction conflict".to_owned()))
    }

    /// Counts every item of a table whose text holds one of `needles`, reading
    /// all of it: what a probe after an erasure does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn scan_for(&self, table: Table, needles: &[String]) -> Result<u64, StoreError> {
        let mut hits = 0;
        let mut start = None;
        loop {
            let answer = self
                .client
                .scan()
                .table_name(self.table(table))
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(failure)?;
            for item in answer.items() {
                if item.values().any(|value| mentions(value, needles)) {
                    hits += 1;
                }
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(hits);
            }
        }
    }
}

fn mentions(value: &AttributeValue, needles: &[String]) -> bool {
    let hit = |text: &str| needles.iter().any(|needle| text.contains(needle));
    match value {
        AttributeValue::S(text) => hit(text),
        AttributeValue::L(list) => list.iter().any(|v| mentions(v, needles)),
        AttributeValue::M(map) => map.iter().any(|(k, v)| hit(k) || mentions(v, needles)),
        AttributeValue::Ss(set) => set.iter().any(|text| hit(text)),
        AttributeValue::B(bytes) => hit(&String::from_utf8_lossy(bytes.as_ref())),
        _ => false,
    }
}

const CONFLICT_ATTEMPTS: u32 = 12;

fn jitter(pause: Duration) -> Duration {
    let mut byte = [0; 1];
    // without entropy the full pause is as good
    let _ = getrandom::fill(&mut byte);
    pause / 2 + pause * u32::from(byte[0]) / 510
}

fn uuid_token() -> String {
    let mut bytes = [0; 16];
    let _ = getrandom::fill(&mut bytes);
    hex::encode(bytes)
}

enum Cancelled {
    Conflict,
    Failed(StoreError),
}

fn cancellation<R: std::fmt::Debug>(
    error: SdkError<TransactWriteItemsError, R>,
    names: &[&'static str],
) -> Cancelled {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) =
        error.as_service_error()
    else {
        return match failure(error) {
            StoreError::Unavailable(code) if code.starts_with("Transaction") => Cancelled::Conflict,
            other => Cancelled::Failed(other),
        };
    };
    let codes: Vec<&str> = cancelled
        .cancellation_reasons()
        .iter()
        .map(|reason| reason.code().unwrap_or("None"))
        .collect();
    let refused = codes
        .iter()
        .position(|code| *code == "ConditionalCheckFailed");
    if let Some(name) = refused.and_then(|position| names.get(position)) {
        return Cancelled::Failed(StoreError::Refused(name));
    }
    if codes
        .iter()
        .any(|code| *code == "TransactionConflict" || *code == "ThrottlingError")
    {
        return Cancelled::Conflict;
    }
    Cancelled::Failed(StoreError::Rejected(codes.join(",")))
}

/// What [`Db::get_many`] found.
#[derive(Debug)]
pub struct Found {
    tables: Tables,
    items: HashMap<(String, Key), Item>,
}

impl Found {
    /// Takes the entity at this key out of the answer.
    ///
    /// # Errors
    /// An item that is not of this type.
    pub fn take<E: Entity>(&mut self, key: &Key) -> Result<Option<E>, StoreError> {
        let table = self.tables.name(E::TABLE).to_owned();
        let item = self.items.remove(&(table, key.clone()));
        item.map(from_item).transpose()
    }
}

/// What to list.
#[derive(Debug, Clone, Copy)]
pub struct Range<'a> {
    /// The partition.
    pub pk: &'a str,
    /// What the sort keys begin with.
    pub prefix: &'a str,
    /// Descending order.
    pub newest_first: bool,
    /// The most items of a page.
    pub limit: i32,
    /// Where to go on, as the page before said.
    pub cursor: Option<&'a str>,
}

fn read_cursor(cursor: &str, range: &Range<'_>) -> Result<Key, StoreError> {
    let bytes = URL_SAFE_NO_PAD
        .decode(cursor)
        .map_err(|_| StoreError::InvalidCursor)?;
    let rest = String::from_utf8(bytes).map_err(|_| StoreError::InvalidCursor)?;
    if rest.is_empty() || rest.len() > 512 {
        return Err(StoreError::InvalidCursor);
    }
    Ok(Key::new(range.pk, format!("{}{rest}", range.prefix)))
}

/// A transaction under construction: at most 100 actions, each named for the
/// caller who wants to know which one was refused.
#[derive(Debug, Default)]
pub struct Tx {
    names: Vec<&'static str>,
    items: Vec<TransactWriteItem>,
    error: Option<StoreError>,
}

/// Until the commit, an action carries its table's kind as the table's name.
fn marker(table: Table) -> &'static str {
    match table {
        Table::Catalog => "catalog",
        Table::People => "people",
        Table::Keys => "keys",
        Table::Ledger => "ledger",
    }
}

fn name_tables(item: &mut TransactWriteItem, tables: &Tables) {
    let rename = |name: &mut String| {
        for table in [Table::Catalog, Table::People, Table::Keys, Table::Ledger] {
            if name == marker(table) {
                tables.name(table).clone_into(name);
                return;
            }
        }
    };
    if let Some(put) = &mut item.put {
        rename(&mut put.table_name);
    }
    if let Some(update) = &mut item.update {
        rename(&mut update.table_name);
    }
    if let Some(delete) = &mut item.delete {
        rename(&mut delete.table_name);
    }
    if let Some(check) = &mut item.condition_check {
        rename(&mut check.table_name);
    }
}

impl Tx {
    /// Does nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many actions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// There is no action yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    fn push(&mut self, name: &'static str, item: Result<TransactWriteItem, StoreError>) {
        match item {
            Ok(item) => {
                self.names.push(name);
                self.items.push(item);
            }
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
    }

    /// Puts an entity where there must be none.
    pub fn create<E: Entity>(&mut self, name: &'static str, entity: &E) {
        self.put_if(name, entity, Some(&Condition::item_absent()));
    }

    /// Puts an entity, whatever stands there.
    pub fn put<E: Entity>(&mut self, name: &'static str, entity: &E) {
        self.put_if(name, entity, None);
    }

    /// Puts an entity under a condition on what stands there.
    pub fn put_if<E: Entity>(
        &mut self,
        name: &'static str,
        entity: &E,
        condition: Option<&Condition>,
    ) {
        let action = to_item(entity).and_then(|item| {
            let mut p = Placeholders::default();
            let condition = condition.map(|condition| condition.write(&mut p));
            let put = Put::builder()
                .table_name(marker(E::TABLE))
                .set_item(Some(item))
                .set_condition_expression(condition)
                .set_expression_attribute_names(p.names())
                .set_expression_attribute_values(p.values())
                .build()
                .map_err(|e| StoreError::Rejected(e.to_string()))?;
            Ok(TransactWriteItem::builder().put(put).build())
        });
        self.push(name, action);
    }

    /// Changes some attributes of one item.
    pub fn update(&mut self, name: &'static str, table: Table, key: &Key, update: &Update) {
        let mut p = Placeholders::default();
        let (expression, condition) = update.write(&mut p);
        let action = aws_sdk_dynamodb::types::Update::builder()
            .table_name(marker(table))
            .set_key(Some(key.item()))
            .update_expression(expression)
            .set_condition_expression(condition)
            .set_expression_attribute_names(p.names())
            .set_expression_attribute_values(p.values())
            .build()
            .map(|update| TransactWriteItem::builder().update(update).build())
            .map_err(|e| StoreError::Rejected(e.to_string()));
        self.push(name, action);
    }

    /// Deletes one item, under a condition if one is given.
    pub fn delete(
        &mut self,
        name: &'static str,
        table: Table,
        key: &Key,
        condition: Option<&Condition>,
    ) {
        let mut p = Placeholders::default();
        let condition = condition.map(|condition| condition.write(&mut p));
        let action = Delete::builder()
            .table_name(marker(table))
            .set_key(Some(key.item()))
            .set_condition_expression(condition)
            .set_expression_attribute_names(p.names())
            .set_expression_attribute_values(p.values())
            .build()
            .map(|delete| TransactWriteItem::builder().delete(delete).build())
            .map_err(|e| StoreError::Rejected(e.to_string()));
        self.push(name, action);
    }

    /// Demands that a condition holds on an item that the transaction leaves alone.
    pub fn check(&mut self, name: &'static str, table: Table, key: &Key, condition: &Condition) {
        let mut p = Placeholders::default();
        let condition = condition.write(&mut p);
        let action = ConditionCheck::builder()
            .table_name(marker(table))
            .set_key(Some(key.item()))
            .condition_expression(condition)
            .set_expression_attribute_names(p.names())
            .set_expression_attribute_values(p.values())
            .build()
            .map(|check| TransactWriteItem::builder().condition_check(check).build())
            .map_err(|e| StoreError::Rejected(e.to_string()));
        self.push(name, action);
    }
}
