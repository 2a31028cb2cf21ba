//! How large items are
//! (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>).

use assetbox_tests::machine::Item;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::support::{TestMachine, text};

/// What DynamoDB adds to each stored item.
const OVERHEAD: usize = 100;

/// The bytes by which an item is read and written.
fn item_bytes(item: &Item) -> usize {
    let attributes = item.iter();
    attributes
        .map(|(name, value)| name.len() + value_bytes(value))
        .sum()
}

fn value_bytes(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) => text.len(),
        // two digits to a byte, and one more
        AttributeValue::N(number) => number.len().div_ceil(2) + 1,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::M(map) => {
            let entries = map.iter();
            let sizes = entries.map(|(name, value)| name.len() + value_bytes(value) + 1);
            3 + sizes.sum::<usize>()
        }
        AttributeValue::L(list) => 3 + list.iter().map(|v| value_bytes(v) + 1).sum::<usize>(),
        AttributeValue::Ss(texts) => texts.iter().map(String::len).sum(),
        _ => 1,
    }
}

/// The bytes that all tables hold.
pub async fn stored(machine: &TestMachine) -> usize {
    let mut bytes = 0;
    for table in &machine.model().tables {
        let items = machine.items(&table.id).await;
        bytes += items
            .iter()
            .map(|item| item_bytes(item) + OVERHEAD)
            .sum::<usize>();
    }
    bytes
}

/// The bytes of the asset's item whose path this is.
pub async fn of_asset(machine: &TestMachine, path: &str) -> usize {
    let id = path.rsplit('/').next().expect("an id");
    let items = machine.items("CatalogTable").await;
    let asset = items
        .iter()
        .find(|item| text(item, "sk") == format!("{}{id}", store::catalog::asset::LIVE_PREFIX));
    item_bytes(asset.expect("an asset"))
}
