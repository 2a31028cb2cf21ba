//! A backup from before an erasure is put back: nobody comes back with it (clauses 5.2a, 5.2b).
//!
//! The copies of the tables are put back as an operator does it: whatever is in a table and not
//! in its backup goes, whatever is in the backup comes back as it was.

use std::collections::BTreeMap;

use assetbox::cloud::{Failure, Fault, Moment};
use domain::time::Timestamp;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::personal::wrapped_key;

use super::canaries::{live_a_life, seen_by_services};
use super::shared_workspace::{join, subject};
use super::{erase, proven, somebody};
use crate::support::machine::Item;
use crate::support::provider::stripe_event;
use crate::support::{TestMachine, User, log, text};

const FUNCTION: &str = "ErasureFunction";

/// What point-in-time recovery restores. The keys have none, and the ledger is left as it is.
const RECOVERED: [&str; 2] = ["CatalogTable", "PeopleTable"];
/// All of the tables: more than AWS restores.
const ALL: [&str; 4] = ["CatalogTable", "PeopleTable", "KeysTable", "LedgerTable"];

struct Backup {
    at: Timestamp,
    tables: BTreeMap<&'static str, Vec<Item>>,
}

impl Backup {
    async fn of(machine: &TestMachine, tables: &[&'static str]) -> Self {
        machine.settled().await;
        let mut copies = BTreeMap::new();
        for table in tables {
            copies.insert(*table, machine.items(table).await);
        }
        Self {
            at: machine.now(),
            tables: copies,
        }
    }

    /// Puts the tables back; gives the time when that was done.
    async fn restore(&self, machine: &TestMachine) -> Timestamp {
        let dynamodb = machine.dynamodb();
        for (table, items) in &self.tables {
            let name = machine.name_of(table);
            for item in machine.items(table).await {
                let key = ["pk", "sk"].map(|part| (part.to_owned(), item[part].clone()));
                let deletion = dynamodb.delete_item().table_name(&name);
                let deletion = deletion.set_key(Some(key.into()));
                deletion.send().await.unwrap();
            }
            for item in items {
                let put = dynamodb.put_item().table_name(&name);
                put.set_item(Some(item.clone())).send().await.unwrap();
            }
        }
        machine.settled().await;
        // the time has a millisecond of its own
        machine.advance(SignedDuration::from_secs(1)).unwrap();
        machine.now()
    }

    /// The task that an operator starts, as often as it takes.
    fn task(&self, restored_at: Timestamp) -> Value {
        json!({"task": "replay_tombstones", "since": self.at, "restored_at": restored_at})
    }

    async fn replay(&self, machine: &TestMachine, restored_at: Timestamp) -> Value {
        for _ in 0..20 {
            let task = self.task(restored_at);
            let answer = machine.invoke(FUNCTION, task).await.unwrap();
            if answer["done"] == true {
                machine.settled().await;
                return answer;
            }
        }
        panic!("the replay comes to an end");
    }
}

async fn pays(machine: &TestMachine, user: &User, id: &str) -> Value {
    let event = stripe_event(
        id,
        "invoice.paid",
        machine.now(),
        &json!({
            "id": format!("in_{id}"), "subscription": format!("sub_{id}"),
            "amount_paid": 4900, "currency": "usd", "period_end": 2_000_000_000,
            "subscription_details": {"metadata": {"workspace": user.workspace, "plan": "team"}},
        }),
    );
    machine.stripe_delivers(&event).await.is(200);
    machine.settled().await;
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_erased_since_the_backup_does_not_come_back_with_it() {
    let machine = TestMachine::start().await;
    let (staff, other) = (machine.staff().await, somebody(&machine).await);
    let (user, words) = live_a_life(&machine, &staff).await;
    let backup = Backup::of(&machine, &RECOVERED).await;
    let address = erase(&machine, &user, &staff).await;
    let paid = pays(&machine, &other, "evt_other").await;
    let billing = other.api.get("/billing").await.json(200);
    let assets = other.api.get("/assets").await.json(200);

    let restored_at = backup.restore(&machine).await;
    let seen = seen_by_services(&machine, &words).await;
    for what in ["File", "Description", "Label"] {
        let is_back = seen.iter().any(|place| place.contains(what));
        assert!(is_back, "the test looks where data is: {seen:?}");
    }
    assert_ne!(other.api.get("/billing").await.json(200), billing);
    let answer = backup.replay(&machine, restored_at).await;
    assert_eq!(answer["certificates"], 1);
    assert!(answer["destroyed"].as_u64().unwrap() > 20, "{answer}");
    assert_eq!(answer["lost_entries"], 0);

    assert_eq!(
        seen_by_services(&machine, &words).await,
        Vec::<String>::new()
    );
    let certificate = proven(&machine, &address).await;
    user.api.get("/me").await.problem(401, "sign_in_required");
    let credentials = json!({"email": user.person.email, "password": user.person.password});
    let entrance = machine.anonymous().post("/sessions", &credentials).await;
    entrance.problem(401, "wrong_credentials");

    // a session of the backup may have been ended since: it is over for everybody
    other.api.get("/me").await.problem(401, "sign_in_required");
    let other = machine.sign_in(&other.person).await;
    assert_eq!(other.api.get("/assets").await.json(200), assets);
    // the provider delivers again what the restore has forgotten, and what comes too late
    machine.stripe_delivers(&paid).await.is(200);
    assert_eq!(other.api.get("/billing").await.json(200), billing);
    let late = pays(&machine, &user, "evt_late").await;
    let again = machine.stripe_delivers(&late).await.json(200);
    assert_eq!(again["outcome"], "repeated");
    assert_eq!(
        seen_by_services(&machine, &words).await,
        Vec::<String>::new()
    );

    let told = machine.entries("erasure.replayed").await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].facts["case"], certificate.case.to_string());
    assert_eq!(machine.entries("restore.replayed").await.len(), 1);
    assetbox::proof::ledger(&machine).await.unwrap();
    // once more: nothing is left to do
    let before = machine.everything().await;
    assert_eq!(backup.replay(&machine, restored_at).await, answer);
    assert_eq!(machine.everything().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_that_is_killed_anywhere_goes_on() {
    let machine = TestMachine::start().await;
    let (staff, user) = (machine.staff().await, somebody(&machine).await);
    let subject = subject(&user).await;
    // with the keys: what was sealed could be read again
    let backup = Backup::of(&machine, &["CatalogTable", "PeopleTable", "KeysTable"]).await;
    let address = erase(&machine, &user, &staff).await;
    let restored_at = backup.restore(&machine).await;
    let key = wrapped_key(subject).pk;
    assert_eq!(machine.keys("KeysTable", &key).await.len(), 1);
    let undisturbed = backup.replay(&machine, restored_at).await;

    for operation in ["BatchWriteItem", "TransactWriteItems"] {
        let mut skip = 0;
        loop {
            let restored_at = backup.restore(&machine).await;
            machine.faults().add(Fault {
                caller: Some(FUNCTION.to_owned()),
                operation: Some(operation.to_owned()),
                skip,
                times: 1,
                failure: Failure::Kill,
                moment: Moment::After,
            });
            let task = backup.task(restored_at);
            let is_killed = machine.invoke(FUNCTION, task).await.is_err();
            assert_eq!(is_killed, machine.faults().pending() == 0);
            machine.faults().clear();
            let answer = backup.replay(&machine, restored_at).await;
            let place = format!("{operation} {skip}");
            assert_eq!(answer, undisturbed, "{place}");
            proven(&machine, &address).await;
            let subject = subject.to_string();
            for item in machine.everything().await {
                assert!(!item.contains(&subject), "{place}: {item}");
            }
            if !is_killed {
                break;
            }
            skip += 3;
        }
        assert!(skip > 3, "{operation} is called");
    }
    staff.api.get("/me").await.problem(401, "sign_in_required");
    machine.sign_in(&staff.person).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_is_older_than_its_signed_roots_is_found_out() {
    let machine = TestMachine::start().await;
    let (staff, user) = (machine.staff().await, somebody(&machine).await);
    machine.pass(SignedDuration::from_hours(1)).await;
    let backup = Backup::of(&machine, &ALL).await;
    let staff = machine.sign_in(&staff.person).await;
    let user = machine.sign_in(&user.person).await;
    let address = erase(&machine, &user, &staff).await;
    machine.pass(SignedDuration::from_hours(1)).await;
    machine.pass(SignedDuration::from_hours(1)).await;
    assetbox::proof::ledger(&machine).await.unwrap();

    let restored_at = backup.restore(&machine).await;
    let answer = backup.replay(&machine, restored_at).await;
    assert!(answer["lost_entries"].as_u64().unwrap() > 0, "{answer}");
    assert!(log::mentions("ledger_entries_lost"));
    let began = machine.entries("restore.replay_began").await;
    let mut facts = began[0].facts.keys();
    assert!(facts.any(|fact| fact.starts_with("chain.")));
    // the loss stays visible to whoever checks
    assetbox::proof::ledger(&machine).await.unwrap_err();
    // and nobody is back for all that
    proven(&machine, &address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_lives_on_forgets_the_erased_again() {
    let machine = TestMachine::start().await;
    let (owner, colleague) = (machine.user().await, machine.user().await);
    let staff = machine.staff().await;
    let there = join(&machine, &colleague, owner.workspace.parse().unwrap()).await;
    let asset = machine.upload_png(&owner.api).await;
    let who = subject(&owner).await.to_string();
    let backup = Backup::of(&machine, &RECOVERED).await;
    let address = erase(&machine, &owner, &staff).await;
    let restored_at = backup.restore(&machine).await;
    let path = format!("/assets/{asset}");
    assert_eq!(
        there.api.get(&path).await.json(200)["uploaded_by"],
        json!(who)
    );

    backup.replay(&machine, restored_at).await;
    proven(&machine, &address).await;
    // the session ended with the restore; the membership did not
    let workspace: domain::ids::WorkspaceId = owner.workspace.parse().unwrap();
    let colleague = machine.sign_in(&colleague.person).await;
    let there = join(&machine, &colleague, workspace).await;
    let view = there.api.get(&path).await.json(200);
    assert_eq!(view["uploaded_by"], Value::Null);
    there.api.get(format!("{path}/download")).await.is(200);
    for table in ["CatalogTable", "PeopleTable", "KeysTable"] {
        for item in machine.items(table).await {
            assert!(!format!("{item:?}").contains(&who), "{table}: {item:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn assets_that_were_purged_since_the_backup_do_not_come_back() {
    let machine = TestMachine::start().await;
    let user = somebody(&machine).await;
    let kept = machine.upload_png(&user.api).await;
    let purged = machine.upload_png(&user.api).await;
    let backup = Backup::of(&machine, &RECOVERED).await;
    let path = format!("/assets/{purged}");
    let etag = user.api.get(&path).await.etag();
    user.api.change("DELETE", &path, &etag, None).await.is(200);
    user.api.act(format!("{path}/purge")).await.is(202);
    machine.settled().await;
    let used = user.api.get("/workspace").await.json(200)["used_bytes"].clone();

    let restored_at = backup.restore(&machine).await;
    backup.replay(&machine, restored_at).await;
    let user = machine.sign_in(&user.person).await;
    user.api.get(&path).await.problem(404, "not_found");
    user.api.get(format!("/assets/{kept}")).await.is(200);
    let workspace = user.api.get("/workspace").await.json(200);
    assert_eq!(workspace["used_bytes"], used);
    for item in machine.items("CatalogTable").await {
        assert!(
            !format!("{item:?}").contains(&purged),
            "{}",
            text(&item, "sk")
        );
    }
}
