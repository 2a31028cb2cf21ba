//! The stand-in's events, held back and delivered by the test: late, again, at once.

use domain::billing::Status;
use local_provider::Event;
use serde_json::json;
use store::catalog::{Workspace, partition, workspace::workspace_key};
use store::{Key, Table, Update};

use super::Customer;

/// Somebody whose payment the provider has not told of yet.
async fn paid_in_secret() -> (Customer, String) {
    let customer = Customer::new().await;
    let checkout = customer.open("team", "stripe").await;
    customer.provider().hold(true).await.unwrap();
    customer.provider().pay(&checkout).await.unwrap();
    (customer, checkout)
}

async fn forget(customer: &Customer, event: &Event) {
    let mark = Key::new(format!("EVENT#stripe#{}", event.id), "EVENT");
    let db = customer.machine.db();
    db.delete_all(Table::Catalog, &[mark]).await.unwrap();
}

/// What the catalog holds that names the customer's workspace.
async fn traces(customer: &Customer) -> Vec<String> {
    let mut items = customer.machine.everything().await;
    let workspace = &customer.user.workspace;
    items.retain(|item| item.starts_with("CatalogTable") && item.contains(workspace));
    items
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_event_brings_nothing_back() {
    let (customer, checkout) = paid_in_secret().await;
    let machine = &customer.machine;
    customer.provider().refund(&checkout, None).await.unwrap();
    machine.settled().await;
    let (db, pk) = (machine.db(), partition(customer.workspace_id()));
    let keys = db.keys(Table::Catalog, &pk, 1000).await.unwrap();
    db.delete_all(Table::Catalog, &keys).await.unwrap();

    let left = traces(&customer).await;

    let events = customer.provider().events().await;
    assert_eq!(events.len(), 6);
    for event in events {
        let outcome = customer.stripe(&event.body).await;
        assert_eq!(outcome, "too_late", "{}", event.kind);
        assert_eq!(customer.stripe(&event.body).await, "repeated");
    }
    assert!(customer.workspace().await.is_none());
    assert_eq!(traces(&customer).await, left);
    let late = machine.entries("payment.event_late").await;
    assert_eq!(late.len(), 6);
    assert!(!format!("{late:?}").contains(&customer.user.workspace));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_is_being_erased_gets_no_letter_and_the_workspace_is_paid() {
    let customer = Customer::new().await;
    let machine = &customer.machine;
    let checkout = customer.open("team", "stripe").await;
    let letters = customer.letters().await;
    let person = store::people::person_key(machine.only_subject().await);
    let db = machine.db();
    db.delete_all(Table::People, &[person]).await.unwrap();
    customer.provider().pay(&checkout).await.unwrap();
    assert_eq!(customer.account().await.status, Status::Active);
    assert_eq!(customer.letters().await, letters);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_come_at_once_and_uploads_that_count_meanwhile_lose_nothing() {
    let (customer, _) = paid_in_secret().await;
    let before = customer.workspace().await.unwrap();
    let events = customer.provider().events().await;
    assert_eq!(events.len(), 4);
    let db = customer.machine.db();
    let count = Update::new().add("stored_bytes", 7);
    let key = workspace_key(customer.workspace_id());
    let upload = db.update::<Workspace>("upload", &key, &count);
    let deliveries = events.iter().map(|event| customer.stripe(&event.body));
    let (outcomes, uploaded) = tokio::join!(futures::future::join_all(deliveries), upload);
    uploaded.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome == "applied"));
    let after = customer.workspace().await.unwrap();
    assert_eq!(after.billing.status, Status::Active);
    assert_eq!(after.stored_bytes, before.stored_bytes + 7);
    assert_eq!(after.revision, before.revision + 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_changes_nothing_even_when_the_first_is_long_forgotten() {
    let (customer, checkout) = paid_in_secret().await;
    let part = customer.provider().refund(&checkout, Some(900));
    part.await.unwrap();
    let events = customer.provider().events().await;
    for event in &events {
        assert_eq!(customer.stripe(&event.body).await, json!("applied"));
    }
    let once = customer.workspace().await.unwrap();
    assert_eq!(
        (once.billing.status, once.billing.refunded_minor),
        (Status::Active, 900)
    );
    for event in &events {
        forget(&customer, event).await;
        assert_eq!(customer.stripe(&event.body).await, json!("applied"));
        let again = customer.workspace().await.unwrap();
        assert_eq!(again.billing, once.billing, "{}", event.kind);
        assert_eq!(again.storage_limit_bytes, once.storage_limit_bytes);
    }
}
