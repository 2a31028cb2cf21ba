//! Whole tables, read page by page: for a probe, for what the ledger says of a
//! person, for what came back with a backup, and for what nobody owns. Costs a
//! read of every item, so no request does it.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::{Client, error::ProvideErrorMetadata, types::AttributeValue};
use domain::{
    certificate::{Certificate, identifiers},
    ledger::Entry,
};
use serde::{Deserialize, Serialize};

use crate::{
    db::{Item, Key, StoreError, Table, Tables},
    ledger::{ENTRY_PREFIX, StoredEntry},
};

/// How many items one page of a walk has at most.
const PAGE: i32 = 500;

/// The tables of a walk, in its order: the ledger names nobody.
const WALKED: [Table; 3] = [Table::People, Table::Catalog, Table::Keys];

/// Reads whole tables.
#[derive(Debug, Clone)]
pub struct Census {
    client: Client,
    tables: Tables,
}

/// Items that still mention somebody who was erased, per table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sightings {
    /// The table.
    pub table: Table,
    /// How many items were read.
    pub read: u64,
    /// The keys of those that mention the person or a destroyed workspace.
    pub found: Vec<Key>,
}

/// An item as a walk sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Where it stands.
    pub key: Key,
    /// The identifiers in it ([`identifiers`]), those in its key among them.
    pub names: BTreeSet<String>,
}

/// One page of a table.
#[derive(Debug, Clone)]
pub struct Sheet<T> {
    /// What the page holds.
    pub rows: Vec<T>,
    /// After which key the next page begins; `None` at the table's end.
    pub next: Option<Key>,
}

/// Where a walk over the tables stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    table: usize,
    after: Option<[String; 2]>,
}

impl Cursor {
    /// After this key of a table; `None` for its beginning.
    fn after(&self) -> Option<Key> {
        let [pk, sk] = self.after.as_ref()?;
        Some(Key::new(pk, sk))
    }

    /// Goes on behind a page: after its last key, or to the next table.
    pub fn turn(&mut self, next: Option<Key>) {
        if next.is_none() {
            self.table += 1;
        }
        self.after = next.map(|key| [key.pk, key.sk]);
    }
}

fn texts<'a>(value: &'a AttributeValue, visit: &mut dyn FnMut(&'a str)) {
    match value {
        AttributeValue::S(text) => visit(text),
        AttributeValue::Ss(set) => set.iter().for_each(|text| visit(text)),
        AttributeValue::L(list) => list.iter().for_each(|value| texts(value, visit)),
        AttributeValue::M(map) => map.iter().for_each(|(name, value)| {
            visit(name);
            texts(value, visit);
        }),
        _ => {}
    }
}

fn mentioned(item: &Item, table: Table, certificate: &Certificate) -> bool {
    let recipe = &certificate.probe;
    if Key::of(item).is_some_and(|key| recipe.excepts(&key.pk)) {
        return false;
    }
    let mut hit = false;
    for value in item.values() {
        texts(value, &mut |text| {
            hit |= recipe.mentions_person(certificate.case, text);
            // the ledger rightly remembers that the workspace was there
            hit |= table != Table::Ledger && recipe.mentions_workspace(text);
        });
    }
    hit
}

fn seen(item: &Item) -> Option<Seen> {
    let key = Key::of(item)?;
    let mut names = BTreeSet::new();
    for value in item.values() {
        texts(value, &mut |text| {
            names.extend(identifiers(text).map(str::to_owned));
        });
    }
    Some(Seen { key, names })
}

fn entry(item: Item) -> Result<Option<Entry>, StoreError> {
    let pk = item.get("pk").and_then(|pk| pk.as_s().ok());
    if !pk.is_some_and(|pk| pk.starts_with(ENTRY_PREFIX)) {
        return Ok(None);
    }
    let stored: StoredEntry = serde_dynamo::from_item(item)?;
    Ok(Some(stored.entry))
}

impl Census {
    /// Over the tables of these names.
    #[must_use]
    pub fn new(aws: &aws_types::SdkConfig, tables: Tables) -> Self {
        Self {
            client: Client::new(aws),
            tables,
        }
    }

    async fn read(
        &self,
        table: Table,
        after: Option<&Key>,
        limit: Option<i32>,
    ) -> Result<Sheet<Item>, StoreError> {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let start = after.map(|key| {
            HashMap::from([
                ("pk".to_owned(), text(&key.pk)),
                ("sk".to_owned(), text(&key.sk)),
            ])
        });
        let answer = self
            .client
            .scan()
            .table_name(self.tables.name(table))
            .consistent_read(true)
            .set_limit(limit)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| {
                StoreError::Unavailable(error.code().unwrap_or("no answer").to_owned())
            })?;
        Ok(Sheet {
            next: answer.last_evaluated_key.as_ref().and_then(Key::of),
            rows: answer.items.unwrap_or_default(),
        })
    }

    async fn scan(
        &self,
        table: Table,
        mut visit: impl FnMut(Item) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let sheet = self.read(table, after.as_ref(), None).await?;
            for item in sheet.rows {
                visit(item)?;
            }
            after = sheet.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Follows a certificate's recipe through every item of every table.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn probe(&self, certificate: &Certificate) -> Result<Vec<Sightings>, StoreError> {
        let mut all = Vec::new();
        for table in [Table::Catalog, Table::People, Table::Keys, Table::Ledger] {
            let mut sightings = Sightings {
                table,
                read: 0,
                found: Vec::new(),
            };
            self.scan(table, |item| {
                sightings.read += 1;
                if mentioned(&item, table, certificate) {
                    sightings.found.extend(Key::of(&item));
                }
                Ok(())
            })
            .await?;
            all.push(sightings);
        }
        Ok(all)
    }

    /// The next page of a walk over people, catalog and keys, with its table;
    /// `None` at the end. [`Cursor::turn`] goes on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn walk(&self, cursor: &Cursor) -> Result<Option<(Table, Sheet<Seen>)>, StoreError> {
        let Some(table) = WALKED.get(cursor.table).copied() else {
            return Ok(None);
        };
        let after = cursor.after();
        let sheet = self.read(table, after.as_ref(), Some(PAGE)).await?;
        let rows = sheet.rows.iter().filter_map(seen).collect();
        let next = sheet.next;
        Ok(Some((table, Sheet { rows, next })))
    }

    /// A page of the ledger's entries, in no order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries(&self, after: Option<&Key>) -> Result<Sheet<Entry>, StoreError> {
        let sheet = self.read(Table::Ledger, after, Some(PAGE)).await?;
        let mut rows = Vec::new();
        for item in sheet.rows {
            rows.extend(entry(item)?);
        }
        let next = sheet.next;
        Ok(Sheet { rows, next })
    }

    /// Every entry of the ledger about a person, oldest first: part of the
    /// answer to an access request (clause 5.10).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries_of(&self, pseudonym: &str) -> Result<Vec<Entry>, StoreError> {
        let mut entries = Vec::new();
        self.scan(Table::Ledger, |item| {
            let theirs = |entry: &Entry| entry.person.as_deref() == Some(pseudonym);
            entries.extend(entry(item)?.filter(theirs));
            Ok(())
        })
        .await?;
        entries.sort_by_key(|entry| entry.id);
        Ok(entries)
    }
}
