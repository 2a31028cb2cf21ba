//! Consents and what stands behind them; the workspace as it is shown.

use assetbox_tests::{Call, Person, TestMachine, User, tick};
use domain::contact::EmailAddress;
use serde_json::{Value, json};
use store::people::{Suppression, suppression_key, unsubscribe_link};

const MARKETING: &str = "/me/consents/marketing";

pub(super) async fn suppressed(machine: &TestMachine, user: &User) -> bool {
    let address = EmailAddress::new(&user.person.email).unwrap();
    let key = suppression_key(&machine.lookup().email(&address));
    let found: Option<Suppression> = machine.db().get(&key).await.unwrap();
    found.is_some()
}

async fn consenting(machine: &TestMachine) -> User {
    machine
        .user_like(Person::new(), &["marketing-consent"])
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_suppresses_the_address_until_the_consent_is_given_anew() {
    let machine = TestMachine::start().await;
    let user = consenting(&machine).await;
    assert!(!suppressed(&machine, &user).await);
    let no = json!({"given": false});
    let off = user.api.put(MARKETING, &no).await.json(200);
    assert!(suppressed(&machine, &user).await);
    assert_eq!(user.api.put(MARKETING, &no).await.json(200), off);
    assert_eq!(machine.entries("consent.withdrawn").await.len(), 1);

    let mut yes = tick(&machine, "marketing-consent", true);
    yes.as_object_mut().unwrap().remove("ticked");
    yes["given"] = json!(true);
    let on = user.api.put(MARKETING, &yes).await.json(200);
    assert!(!suppressed(&machine, &user).await);
    assert_eq!(user.api.get(MARKETING).await.json(200), on);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_click_that_comes_twice_is_one_withdrawal_and_looking_is_none() {
    let machine = TestMachine::start().await;
    let user = consenting(&machine).await;
    let subject = machine.only_subject().await;
    let link = unsubscribe_link(&machine.db(), subject, machine.now()).await;
    let path = format!("/unsubscribe/{}", link.unwrap().reveal());
    let page = machine.anonymous().get(&path).await;
    assert!(page.is(200).text().contains("method=\"post\""));
    let empty = machine.anonymous().act(&path).await;
    empty.problem(422, "not_one_click");
    assert!(!suppressed(&machine, &user).await);
    for _ in 0..2 {
        let click = Call::new("POST", &path).form("List-Unsubscribe=One-Click");
        machine.anonymous().send(click).await.is(200);
    }
    assert!(suppressed(&machine, &user).await);
    assert_eq!(machine.entries("consent.withdrawn").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_restricted_may_withdraw_a_consent() {
    let machine = TestMachine::start().await;
    let user = consenting(&machine).await;
    let restriction = json!({"kind": "restriction"});
    let asked = user.api.post("/data-subject-requests", &restriction).await;
    asked.is(201);
    assert_ne!(
        user.api.get("/me").await.json(200)["restricted_from"],
        Value::Null
    );
    let withdrawn = user.api.put(MARKETING, &json!({"given": false})).await;
    assert_eq!(withdrawn.json(200)["given"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workspace_shows_its_access_its_storage_and_the_tag_of_each_change() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let shown = user.api.get("/workspace").await;
    let tag = shown.etag();
    let shown = shown.json(200);
    assert_eq!(shown["access"], "full");
    assert_eq!(
        shown["storage"],
        json!({"used_bytes": 0, "limit_bytes": 5_368_709_120_u64})
    );
    let off = json!({"features": {"text": false}});
    let changed = user.api.change("PATCH", "/workspace", &tag, Some(&off));
    let changed = changed.await;
    let read = user.api.get("/workspace").await;
    assert_eq!(
        (read.etag(), read.json(200)),
        (changed.etag(), changed.json(200))
    );
    let late = user.api.change("PATCH", "/workspace", &tag, Some(&off));
    late.await.problem(412, "changed_meanwhile");
}
