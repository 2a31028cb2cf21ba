//! Writes of one item, and deletions in batches.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    types::{DeleteRequest, WriteRequest},
};

use super::{Db, Entity, Key, StoreError, Table, failure, from_item, to_item};
use crate::expression::{Condition, Placeholders, Update};

/// The error of a conditional write: its condition did not hold, or something else failed.
fn refusal<E>(action: &'static str, error: SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let code = error.as_service_error().and_then(|error| error.code());
    if code == Some("ConditionalCheckFailedException") {
        return StoreError::Refused(action);
    }
    failure(error)
}

impl Db {
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

    /// Puts an entity where there must be none.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with `action` when there is one: it may be this very one, put by
    /// an attempt whose answer was lost.
    pub async fn create<E: Entity>(
        &self,
        action: &'static str,
        entity: &E,
    ) -> Result<(), StoreError> {
        let mut p = Placeholders::default();
        let condition = Condition::item_absent().write(&mut p);
        self.client
            .put_item()
            .table_name(self.table(E::TABLE))
            .set_item(Some(to_item(entity)?))
            .condition_expression(condition)
            .set_expression_attribute_names(p.names())
            .set_expression_attribute_values(p.values())
            .send()
            .await
            .map_err(|error| refusal(action, error))?;
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
            .await
            .map_err(|error| refusal(action, error))?;
        from_item(answer.attributes.unwrap_or_default())
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
}
