//! Records of the tables' streams.

use serde::Deserialize;

use crate::db::{Key, StoreError};

#[derive(Deserialize)]
struct Keys {
    pk: String,
    sk: String,
}

/// The key of the item that a stream record is about.
///
/// # Errors
/// Keys of a table that is not ours.
pub fn key_of(keys: serde_dynamo::Item) -> Result<Key, StoreError> {
    let Keys { pk, sk } = serde_dynamo::from_item(keys)?;
    Ok(Key { pk, sk })
}
