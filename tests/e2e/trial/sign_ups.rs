//! Sign-ups that nobody confirmed are destroyed after a day.

use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Person, TestMachine, text};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_entered_is_destroyed_when_the_link_is_over() {
    let machine = TestMachine::start().await;
    let person = Person::new();
    machine
        .sign_up(&person, &["marketing-consent"])
        .await
        .is(202);
    let token = machine.link(&person.email, "signup").await;
    let subject = machine.only_subject().await.to_string();
    machine.pass(SignedDuration::from_hours(23)).await;
    assert_eq!(machine.items("KeysTable").await.len(), 1);
    machine.pass(SignedDuration::from_hours(1)).await;
    machine.pass(SignedDuration::from_mins(15)).await;
    assert_eq!(machine.items("KeysTable").await.len(), 0);
    for table in ["PeopleTable", "CatalogTable"] {
        for item in machine.items(table).await {
            assert!(!text(&item, "pk").contains(&subject), "{item:?}");
        }
    }
    machine
        .anonymous()
        .post("/signup/verify", &json!({"token": token}))
        .await
        .problem(410, "link_used_or_over");
    // The same person may try again.
    machine.user_like(person, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_stays_when_its_sign_ups_day_is_over() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    machine.pass(SignedDuration::from_hours(25)).await;
    machine.pass(SignedDuration::from_mins(15)).await;
    machine
        .sign_in(&user.person)
        .await
        .api
        .get("/me")
        .await
        .is(200);
}
