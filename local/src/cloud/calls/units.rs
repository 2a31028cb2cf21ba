//! The capacity units of DynamoDB that a call consumed, as the service itself reports them: each
//! request asks for `ConsumedCapacity`, each answer is read for it.
//!
//! The database of one machine counts by the rules of
//! <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>;
//! the tests below hold it to the examples there.

use serde::Deserialize;

/// What a call consumed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(in crate::cloud) struct Units {
    pub(in crate::cloud) read: f64,
    pub(in crate::cloud) write: f64,
}

#[derive(Clone, Copy)]
enum Side {
    Read,
    Write,
}

/// What an operation consumes, `None` where that is nothing.
fn side(operation: &str) -> Option<Side> {
    match operation {
        "GetItem" | "BatchGetItem" | "TransactGetItems" | "Query" | "Scan" => Some(Side::Read),
        "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems" => {
            Some(Side::Write)
        }
        _ => None,
    }
}

/// The request with the wish to be told what it consumes; `None` where it consumes nothing.
pub(in crate::cloud) fn asking(operation: &str, request: &[u8]) -> Option<Vec<u8>> {
    side(operation)?;
    let fields = request.strip_prefix(b"{")?;
    Some([br#"{"ReturnConsumedCapacity":"TOTAL","#.as_slice(), fields].concat())
}

/// What an answer says was consumed, by the table and its indexes together.
pub(in crate::cloud) fn consumed(operation: &str, answer: &[u8]) -> Units {
    let Some(side) = side(operation) else {
        return Units::default();
    };
    let answer: Answer = serde_json::from_slice(answer).unwrap_or_default();
    let tables = match answer.consumed {
        None => Vec::new(),
        Some(Consumed::OfOne(table)) => vec![table],
        Some(Consumed::OfEach(tables)) => tables,
    };
    let mut units = Units::default();
    for table in tables {
        match (side, table.read) {
            // a transaction that was sent again under its token is read, not written
            (Side::Read, _) | (Side::Write, Some(_)) => units.read += table.units,
            (Side::Write, None) => units.write += table.units,
        }
    }
    units
}

#[derive(Default, Deserialize)]
struct Answer {
    #[serde(rename = "ConsumedCapacity")]
    consumed: Option<Consumed>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Consumed {
    OfEach(Vec<Capacity>),
    OfOne(Capacity),
}

#[derive(Deserialize)]
struct Capacity {
    #[serde(rename = "CapacityUnits")]
    units: f64,
    #[serde(rename = "ReadCapacityUnits")]
    read: Option<f64>,
}

#[cfg(test)]
mod tests;
