//! Transactions: everything or nothing.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{ConditionCheck, Delete, Put, TransactWriteItem},
};

use super::{Db, Entity, Key, StoreError, Table, Tables, failure, to_item};
use crate::expression::{Condition, Placeholders, Update};

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

impl Db {
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
        let token = unique();
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
}

const CONFLICT_ATTEMPTS: u32 = 12;

/// Why a transaction is canceled that may be committed in a moment
/// (`TransactionCanceledException`).
const PASSING: [&str; 3] = [
    "TransactionConflict",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
];

fn jitter(pause: Duration) -> Duration {
    let mut byte = [0; 1];
    // without entropy the full pause is as good
    let _ = getrandom::fill(&mut byte);
    pause / 2 + pause * u32::from(byte[0]) / 510
}

/// A word that nobody else has.
pub(crate) fn unique() -> String {
    let mut bytes = [0; 16];
    let _ = getrandom::fill(&mut bytes);
    hex::encode(bytes)
}

enum Cancelled {
    Conflict,
    Failed(StoreError),
}

fn cancellation(error: SdkError<TransactWriteItemsError>, names: &[&'static str]) -> Cancelled {
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
    if codes.iter().any(|code| PASSING.contains(code)) {
        return Cancelled::Conflict;
    }
    Cancelled::Failed(StoreError::Rejected(codes.join(",")))
}
