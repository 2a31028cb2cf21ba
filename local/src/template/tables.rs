//! `AWS::DynamoDB::Table`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::TemplateError;
use super::model::{Table, TableIndex, TableKey};
use super::properties::Known;
use super::resolve::Scope;

const KNOWN: Known = Known {
    honoured: &[
        "AttributeDefinitions",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "StreamSpecification",
        "TimeToLiveSpecification",
    ],
    without_effect: &[
        "BillingMode",
        "ContributorInsightsSpecification",
        "DeletionProtectionEnabled",
        "OnDemandThroughput",
        "PointInTimeRecoverySpecification",
        "ResourcePolicy",
        "SSESpecification",
        "TableClass",
        "TableName",
        "Tags",
        "WarmThroughput",
    ],
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    attribute_definitions: Vec<AttributeDefinition>,
    key_schema: Vec<KeyElement>,
    #[serde(default)]
    global_secondary_indexes: Vec<IndexProperties>,
    stream_specification: Option<StreamSpecification>,
    time_to_live_specification: Option<TimeToLive>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct AttributeDefinition {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct KeyElement {
    attribute_name: String,
    key_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IndexProperties {
    index_name: String,
    key_schema: Vec<KeyElement>,
    projection: Projection,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Projection {
    projection_type: String,
    #[serde(default)]
    non_key_attributes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StreamSpecification {
    stream_view_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct TimeToLive {
    attribute_name: String,
    enabled: bool,
}

pub(super) fn read(scope: &Scope<'_>, id: &str) -> Result<Table, TemplateError> {
    let properties: Properties = KNOWN.read(scope, scope.document.properties(id), id)?;
    let attributes: BTreeMap<_, _> = properties
        .attribute_definitions
        .into_iter()
        .map(|attribute| (attribute.attribute_name, attribute.attribute_type))
        .collect();
    let indexes = properties.global_secondary_indexes.into_iter();
    Ok(Table {
        id: id.to_owned(),
        name: scope.physical_name(id)?,
        key: key(properties.key_schema, id)?,
        attributes,
        indexes: indexes
            .map(|index| {
                Ok(TableIndex {
                    key: key(index.key_schema, id)?,
                    name: index.index_name,
                    projection: index.projection.projection_type,
                    included: index.projection.non_key_attributes,
                })
            })
            .collect::<Result<_, TemplateError>>()?,
        stream: properties
            .stream_specification
            .map(|stream| stream.stream_view_type),
        ttl_attribute: properties
            .time_to_live_specification
            .filter(|ttl| ttl.enabled)
            .map(|ttl| ttl.attribute_name),
    })
}

fn key(elements: Vec<KeyElement>, at: &str) -> Result<TableKey, TemplateError> {
    let mut hash = None;
    let mut range = None;
    for element in elements {
        let place = match element.key_type.as_str() {
            "HASH" => &mut hash,
            "RANGE" => &mut range,
            other => {
                return Err(TemplateError::new(
                    at,
                    format!("KeyType {other} is not understood"),
                ));
            }
        };
        *place = Some(element.attribute_name);
    }
    let hash = hash.ok_or_else(|| TemplateError::new(at, "a key has no HASH attribute"))?;
    Ok(TableKey { hash, range })
}
