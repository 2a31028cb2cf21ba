//! The examples of "DynamoDB read and write operations" and of "Using Global Secondary Indexes in
//! DynamoDB", in the developer guide.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use dynoxide::Database;
use serde_json::{Value, json};

use super::{Units, asking, consumed};

const KB: usize = 1024;

/// A table with an index over the attribute `queue` that holds keys only.
fn table() -> Database {
    let database = Database::memory().unwrap();
    let description = json!({
        "TableName": "Items",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "queue", "AttributeType": "S"},
        ],
        "GlobalSecondaryIndexes": [{
            "IndexName": "due",
            "KeySchema": [{"AttributeName": "queue", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }],
    });
    let request = serde_json::from_value(description).unwrap();
    database.create_table(request).unwrap();
    database
}

/// An item of this many bytes: names and values, by which DynamoDB measures.
fn item(sk: &str, bytes: usize) -> Value {
    let others = "pk".len() + "a".len() + "sk".len() + sk.len() + "data".len();
    let mut item = key(sk);
    item["data"] = json!({"S": "x".repeat(bytes - others)});
    item
}

fn key(sk: &str) -> Value {
    json!({"pk": {"S": "a"}, "sk": {"S": sk}})
}

macro_rules! answer {
    ($database:expr, $method:ident, $request:expr) => {{
        let request = serde_json::from_slice($request).unwrap();
        serde_json::to_vec(&$database.$method(request).unwrap()).unwrap()
    }};
}

/// What an operation on the table consumes.
fn send(database: &Database, operation: &str, mut request: Value) -> Units {
    if !operation.starts_with("Batch") && !operation.starts_with("Transact") {
        request["TableName"] = json!("Items");
    }
    let request = asking(operation, request.to_string().as_bytes()).unwrap();
    let answer = match operation {
        "GetItem" => answer!(database, get_item, &request),
        "BatchGetItem" => answer!(database, batch_get_item, &request),
        "TransactGetItems" => answer!(database, transact_get_items, &request),
        "Query" => answer!(database, query, &request),
        "PutItem" => answer!(database, put_item, &request),
        "UpdateItem" => answer!(database, update_item, &request),
        "DeleteItem" => answer!(database, delete_item, &request),
        "BatchWriteItem" => answer!(database, batch_write_item, &request),
        "TransactWriteItems" => answer!(database, transact_write_items, &request),
        other => panic!("{other}"),
    };
    consumed(operation, &answer)
}

fn put(database: &Database, sk: &str, bytes: usize) -> f64 {
    written(send(database, "PutItem", json!({"Item": item(sk, bytes)})))
}

#[track_caller]
fn read(units: Units) -> f64 {
    assert_eq!(units.write.to_bits(), 0.0_f64.to_bits());
    units.read
}

#[track_caller]
fn written(units: Units) -> f64 {
    assert_eq!(units.read.to_bits(), 0.0_f64.to_bits());
    units.write
}

#[track_caller]
fn is(units: f64, expected: f64) {
    assert!((units - expected).abs() < f64::EPSILON, "{units}");
}

fn get(database: &Database, sk: &str, consistent: bool) -> f64 {
    let request = json!({"Key": key(sk), "ConsistentRead": consistent});
    read(send(database, "GetItem", request))
}

fn get_in_transaction(database: &Database, sk: &str) -> f64 {
    let request = json!({"TransactItems": [{"Get": {"TableName": "Items", "Key": key(sk)}}]});
    read(send(database, "TransactGetItems", request))
}

#[test]
fn an_item_is_read_in_units_of_4_kb() {
    let database = table();
    put(&database, "1", 3_500);
    is(get(&database, "1", true), 1.0);
    is(get(&database, "1", false), 0.5);
    put(&database, "2", 8 * KB);
    is(get(&database, "2", true), 2.0);
    is(get(&database, "2", false), 1.0);
    is(get_in_transaction(&database, "2"), 4.0);
    // one that is not there costs as much as the smallest
    is(get(&database, "3", true), 1.0);
    is(get(&database, "3", false), 0.5);
}

#[test]
fn a_batch_rounds_each_item_and_a_query_the_sum() {
    let database = table();
    put(&database, "1", 3 * KB / 2);
    put(&database, "2", 13 * KB / 2);
    let batch =
        json!({"RequestItems": {"Items": {"Keys": [key("1"), key("2")], "ConsistentRead": true}}});
    is(read(send(&database, "BatchGetItem", batch)), 12.0 / 4.0);

    let database = table();
    for number in 0..10 {
        put(&database, &number.to_string(), 4_178);
    }
    let query = |consistent: bool| {
        let request = json!({
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": "a"}},
            "ConsistentRead": consistent,
        });
        read(send(&database, "Query", request))
    };
    // 40.8 KB
    is(query(true), 44.0 / 4.0);
    is(query(false), 44.0 / 4.0 / 2.0);
}

#[test]
fn an_item_is_written_in_units_of_1_kb() {
    let database = table();
    is(put(&database, "1", 500), 1.0);
    is(put(&database, "2", 2 * KB), 2.0);
    is(put(&database, "3", 3 * KB / 2), 2.0);
    // the larger of what was there and what is there
    is(put(&database, "2", 500), 2.0);
    let shrink = json!({
        "Key": key("3"),
        "UpdateExpression": "SET #d = :d",
        "ExpressionAttributeNames": {"#d": "data"},
        "ExpressionAttributeValues": {":d": {"S": "x"}},
    });
    is(written(send(&database, "UpdateItem", shrink.clone())), 2.0);
    is(written(send(&database, "UpdateItem", shrink)), 1.0);
    put(&database, "4", 3 * KB);
    let delete = json!({"Key": key("4")});
    is(written(send(&database, "DeleteItem", delete)), 3.0);
    let batch = json!({"RequestItems": {"Items": [
        {"PutRequest": {"Item": item("5", KB / 2)}},
        {"PutRequest": {"Item": item("6", 3 * KB / 2)}},
    ]}});
    is(written(send(&database, "BatchWriteItem", batch)), 3.0);
}

#[test]
fn a_transaction_doubles_what_it_writes_and_checks() {
    let database = table();
    let put = json!({"Put": {"TableName": "Items", "Item": item("1", 2 * KB)}});
    let check = json!({"ConditionCheck": {
        "TableName": "Items",
        "Key": key("2"),
        "ConditionExpression": "attribute_not_exists(pk)",
    }});
    let request = json!({"ClientRequestToken": "t", "TransactItems": [put, check]});
    let first = send(&database, "TransactWriteItems", request.clone());
    is(written(first), 4.0 + 2.0);
    // sent again under its token, it reads
    let again = send(&database, "TransactWriteItems", request);
    is(read(again), 2.0 + 2.0);
}

#[test]
fn an_index_is_written_when_what_it_holds_changes() {
    let database = table();
    let mut queued = item("1", KB);
    queued["queue"] = json!({"S": "q"});
    // with the index's key the item is above 1 KB
    let request = json!({"Item": queued});
    is(written(send(&database, "PutItem", request)), 2.0 + 1.0);
    let set = |name: &str, value: &str| {
        let request = json!({
            "Key": key("1"),
            "UpdateExpression": "SET #n = :v",
            "ExpressionAttributeNames": {"#n": name},
            "ExpressionAttributeValues": {":v": {"S": value}},
        });
        written(send(&database, "UpdateItem", request))
    };
    // what the index doesn't hold
    is(set("data", "x"), 2.0);
    // its key: out of the one place and into the other
    is(set("queue", "r"), 1.0 + 2.0);
    let take = json!({
        "Key": key("1"),
        "UpdateExpression": "REMOVE #n",
        "ExpressionAttributeNames": {"#n": "queue"},
    });
    is(written(send(&database, "UpdateItem", take)), 1.0 + 1.0);
}

#[test]
fn other_operations_are_left_as_they_are() {
    assert_eq!(asking("GetRecords", b"{}"), None);
    assert_eq!(consumed("SendMessage", b"{}"), Units::default());
}
