//! Items whose time is up by the machine's clock. DynamoDB removes them within days; here they
//! go at the start and whenever the clock is moved.

use dynoxide::Database;
use dynoxide::errors::DynoxideError;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::CloudError;
use super::tables::request;
use crate::template::Table;

/// Deletes the expired items of a table and returns how many there were.
pub(super) fn sweep(
    database: &Database,
    table: &Table,
    now: Timestamp,
) -> Result<usize, CloudError> {
    let Some(attribute) = &table.ttl_attribute else {
        return Ok(0);
    };
    let mut expired = Vec::new();
    let mut start = Value::Null;
    loop {
        let mut scan = json!({
            "TableName": table.name,
            "FilterExpression": "#ttl < :now",
            "ExpressionAttributeNames": {"#ttl": attribute},
            "ExpressionAttributeValues": {":now": {"N": now.as_second().to_string()}},
        });
        if start.is_object() {
            scan["ExclusiveStartKey"] = start;
        }
        let answer = database.scan(request(scan)?)?;
        let answer = serde_json::to_value(&answer)
            .map_err(|error| CloudError::Database(error.to_string()))?;
        let items = answer["Items"].as_array().into_iter().flatten();
        expired.extend(items.map(|item| key_of(table, item)));
        start = answer["LastEvaluatedKey"].clone();
        if !start.is_object() {
            break;
        }
    }
    let mut deleted = 0;
    for key in &expired {
        let outcome = database.delete_item(request(json!({
            "TableName": table.name,
            "Key": key,
            // An item may have been given more time meanwhile.
            "ConditionExpression": "#ttl < :now",
            "ExpressionAttributeNames": {"#ttl": attribute},
            "ExpressionAttributeValues": {":now": {"N": now.as_second().to_string()}},
        }))?);
        match outcome {
            Ok(_) => deleted += 1,
            Err(DynoxideError::ConditionalCheckFailedException(..)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(deleted)
}

fn key_of(table: &Table, item: &Value) -> Value {
    let names = [Some(&table.key.hash), table.key.range.as_ref()];
    let parts = names.into_iter().flatten();
    Value::Object(
        parts
            .map(|name| (name.clone(), item[name].clone()))
            .collect(),
    )
}
