//! Brings the tables to what the template says.

use dynoxide::Database;
use dynoxide::errors::DynoxideError;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::CloudError;
use crate::template::{Table, TableIndex, TableKey};

/// Makes a table, or brings an existing one's indexes, stream and expiry to the template's.
pub(super) fn ensure(database: &Database, table: &Table) -> Result<(), CloudError> {
    match describe(database, &table.name)? {
        None => create(database, table)?,
        Some(found) => update(database, table, &found)?,
    }
    ensure_expiry(database, table)
}

fn describe(database: &Database, name: &str) -> Result<Option<Value>, CloudError> {
    match database.describe_table(request(json!({"TableName": name}))?) {
        Ok(answer) => {
            let answer = serde_json::to_value(&answer).map_err(not_understood)?;
            Ok(Some(answer["Table"].clone()))
        }
        Err(DynoxideError::ResourceNotFoundException(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn create(database: &Database, table: &Table) -> Result<(), CloudError> {
    let mut description = json!({
        "TableName": table.name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": key_schema(&table.key),
        "AttributeDefinitions": attribute_definitions(table),
    });
    if !table.indexes.is_empty() {
        description["GlobalSecondaryIndexes"] = table.indexes.iter().map(index).collect();
    }
    if let Some(view) = &table.stream {
        description["StreamSpecification"] = stream(view);
    }
    database.create_table(request(description)?)?;
    Ok(())
}

fn update(database: &Database, table: &Table, found: &Value) -> Result<(), CloudError> {
    if found["KeySchema"] != key_schema(&table.key) {
        return Err(CloudError::Table(
            table.name.clone(),
            "has another primary key",
        ));
    }
    let change = |change: Value| -> Result<(), CloudError> {
        let mut request_body = json!({
            "TableName": table.name,
            "AttributeDefinitions": attribute_definitions(table),
        });
        for (name, value) in change.as_object().into_iter().flatten() {
            request_body[name] = value.clone();
        }
        database.update_table(request(request_body)?)?;
        Ok(())
    };
    let existing = found["GlobalSecondaryIndexes"].as_array();
    for old in existing.into_iter().flatten() {
        let wanted = table
            .indexes
            .iter()
            .find(|index| old["IndexName"] == index.name.as_str());
        if wanted.is_none_or(|wanted| old["KeySchema"] != key_schema(&wanted.key)) {
            change(
                json!({"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": old["IndexName"]}}]}),
            )?;
        }
    }
    for wanted in &table.indexes {
        let kept = existing.into_iter().flatten().any(|old| {
            old["IndexName"] == wanted.name.as_str() && old["KeySchema"] == key_schema(&wanted.key)
        });
        if !kept {
            change(json!({"GlobalSecondaryIndexUpdates": [{"Create": index(wanted)}]}))?;
        }
    }
    let has_stream = found["StreamSpecification"]["StreamEnabled"] == true;
    match &table.stream {
        Some(view) if !has_stream => change(json!({"StreamSpecification": stream(view)})),
        None if has_stream => change(json!({"StreamSpecification": {"StreamEnabled": false}})),
        _ => Ok(()),
    }
}

fn ensure_expiry(database: &Database, table: &Table) -> Result<(), CloudError> {
    let name = &table.name;
    let found = database.describe_time_to_live(request(json!({"TableName": name}))?)?;
    let found = serde_json::to_value(&found).map_err(not_understood)?;
    let found = found["TimeToLiveDescription"]["AttributeName"].as_str();
    let wanted = table.ttl_attribute.as_deref();
    if found == wanted {
        return Ok(());
    }
    let set = |attribute: &str, enabled: bool| -> Result<(), CloudError> {
        database.update_time_to_live(request(json!({
            "TableName": name,
            "TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": enabled},
        }))?)?;
        Ok(())
    };
    found.map_or(Ok(()), |old| set(old, false))?;
    wanted.map_or(Ok(()), |new| set(new, true))
}

fn key_schema(key: &TableKey) -> Value {
    let mut schema = vec![json!({"AttributeName": key.hash, "KeyType": "HASH"})];
    schema.extend(
        key.range
            .iter()
            .map(|range| json!({"AttributeName": range, "KeyType": "RANGE"})),
    );
    Value::Array(schema)
}

fn attribute_definitions(table: &Table) -> Value {
    let attributes = table.attributes.iter();
    attributes
        .map(|(name, kind)| json!({"AttributeName": name, "AttributeType": kind}))
        .collect()
}

fn index(index: &TableIndex) -> Value {
    let mut projection = json!({"ProjectionType": index.projection});
    if !index.included.is_empty() {
        projection["NonKeyAttributes"] = json!(index.included);
    }
    json!({
        "IndexName": index.name,
        "KeySchema": key_schema(&index.key),
        "Projection": projection,
    })
}

fn stream(view: &str) -> Value {
    json!({"StreamEnabled": true, "StreamViewType": view})
}

/// A request in DynamoDB's JSON as dynoxide's type.
pub(super) fn request<T: DeserializeOwned>(body: Value) -> Result<T, CloudError> {
    serde_json::from_value(body).map_err(not_understood)
}

fn not_understood(error: serde_json::Error) -> CloudError {
    CloudError::Database(error.to_string())
}
