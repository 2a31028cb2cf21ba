//! The login address, between its two confirmations (clause 5.3).

use assetbox_tests::{Answer, Person, TestMachine, User};
use serde_json::{Value, json};

/// Asks for a change; gives the links to the old and to the new address.
async fn ask(machine: &TestMachine, user: &User, new_email: &str) -> [String; 2] {
    let body = json!({"new_email": new_email});
    user.api.post("/me/email-change", &body).await.is(202);
    machine.settled().await;
    [
        machine.link(&user.person.email, "email-old").await,
        machine.link(new_email, "email-new").await,
    ]
}

async fn confirm(machine: &TestMachine, token: &str) -> Answer {
    let body = json!({"token": token});
    let path = "/me/email-change/confirm";
    machine.anonymous().post(path, &body).await
}

async fn logins(machine: &TestMachine) -> usize {
    machine.keys("PeopleTable", "LOGIN#").await.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_that_confirms_twice_is_not_both() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let renewed = Person {
        email: Person::new().email,
        ..user.person.clone()
    };
    let [old, new] = ask(&machine, &user, &renewed.email).await;
    let half = confirm(&machine, &new).await.json(200);
    assert_eq!(half["status"], "other_address_missing");
    confirm(&machine, &new)
        .await
        .problem(410, "link_used_or_over");
    let credentials = json!({"email": renewed.email, "password": renewed.password});
    let too_early = machine.anonymous().post("/sessions", &credentials).await;
    too_early.problem(401, "wrong_credentials");

    let done = confirm(&machine, &old).await.json(200);
    assert_eq!(done["status"], "changed");
    machine.sign_in(&renewed).await;
    assert_eq!(logins(&machine).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_links_used_at_once_change_the_address_once() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let [old, new] = ask(&machine, &user, &Person::new().email).await;
    let (old, new) = tokio::join!(confirm(&machine, &old), confirm(&machine, &new));
    let told: Vec<Value> = [old, new]
        .map(|answer| answer.json(200)["status"].clone())
        .into();
    assert!(told.contains(&json!("changed")), "{told:?}");
    assert!(told.contains(&json!("other_address_missing")), "{told:?}");
    assert_eq!(logins(&machine).await, 1);
}
