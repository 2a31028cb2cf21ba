//! Single reads, batch reads, queries and listings.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{Db, Entity, Item, Key, StoreError, Table, Tables, failure, from_item, keys_of};
use crate::expression::Placeholders;

/// A page of a listing.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// What the page holds.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<String>,
}

impl Db {
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
            // DynamoDB refuses a call that names an item twice
            let distinct: HashSet<&Key> = keys
                .iter()
                .filter(|(t, _)| *t == table)
                .map(|(_, key)| key)
                .collect();
            let items: Vec<Item> = distinct.into_iter().map(Key::item).collect();
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
        let mut p = Placeholders::default();
        let pk = p.value(AttributeValue::S(range.pk.to_owned()));
        let mut condition = format!("{} = {pk}", p.name("pk"));
        // DynamoDB compares no key with an empty text
        if !range.prefix.is_empty() {
            let prefix = p.value(AttributeValue::S(range.prefix.to_owned()));
            condition += &format!(" AND begins_with({}, {prefix})", p.name("sk"));
        }
        let answer = self
            .client
            .query()
            .table_name(self.table(E::TABLE))
            .key_condition_expression(condition)
            .set_expression_attribute_names(p.names())
            .set_expression_attribute_values(p.values())
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
            .map(|key| cursor_after(&key.sk[range.prefix.len()..]));
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
        Ok(keys_of(&answer.items.unwrap_or_default()))
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
        self.due_in(Table::Catalog, queue, until, limit).await
    }

    /// As [`Db::due`], of a table that has the index: catalog or ledger.
    pub(crate) async fn due_in(
        &self,
        table: Table,
        queue: &str,
        until: domain::time::Timestamp,
        limit: i32,
    ) -> Result<Vec<Key>, StoreError> {
        let until = until.to_string();
        let conditions = [("due_queue", "=", queue), ("due_at", "<=", until.as_str())];
        self.index_keys(table, "due", &conditions, limit).await
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
        let conditions = [(attribute, "=", value)];
        self.index_keys(Table::People, index, &conditions, limit)
            .await
    }

    /// The keys of an index whose attributes compare so, in the index's order.
    async fn index_keys(
        &self,
        table: Table,
        index: &str,
        conditions: &[(&str, &str, &str)],
        limit: i32,
    ) -> Result<Vec<Key>, StoreError> {
        let mut p = Placeholders::default();
        let conditions: Vec<String> = conditions
            .iter()
            .map(|(attribute, compares, value)| {
                let value = p.value(AttributeValue::S((*value).to_owned()));
                format!("{} {compares} {value}", p.name(attribute))
            })
            .collect();
        let answer = self
            .client
            .query()
            .table_name(self.table(table))
            .index_name(index)
            .key_condition_expression(conditions.join(" AND "))
            .set_expression_attribute_names(p.names())
            .set_expression_attribute_values(p.values())
            .limit(limit)
            .send()
            .await
            .map_err(failure)?;
        Ok(keys_of(&answer.items.unwrap_or_default()))
    }

    /// What waits in a queue of the people table, up to 100, in the queue's order. The index
    /// may lag behind: whoever acts checks what is found.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn queued<E: Entity>(&self, queue: &str) -> Result<Vec<E>, StoreError> {
        self.at_queue(&[("queue", "=", queue)]).await
    }

    /// As [`Db::queued`], of what stands before `below`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) async fn queued_below<E: Entity>(
        &self,
        queue: &str,
        below: &str,
    ) -> Result<Vec<E>, StoreError> {
        let conditions = [("queue", "=", queue), ("queue_due", "<", below)];
        self.at_queue(&conditions).await
    }

    async fn at_queue<E: Entity>(
        &self,
        conditions: &[(&str, &str, &str)],
    ) -> Result<Vec<E>, StoreError> {
        let keys = self
            .index_keys(Table::People, "queue", conditions, 100)
            .await?;
        let keys: Vec<_> = keys.into_iter().map(|key| (E::TABLE, key)).collect();
        let mut found = self.get_many(&keys).await?;
        let all = keys.iter().map(|(_, key)| found.take::<E>(key));
        all.filter_map(Result::transpose).collect()
    }
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

/// The cursor of the page that begins after a sort key, of which this is what
/// follows the range's prefix. No item need stand there.
pub(crate) fn cursor_after(rest: &str) -> String {
    URL_SAFE_NO_PAD.encode(rest)
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
