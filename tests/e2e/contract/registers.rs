//! What is written into the registers of disclosures, incidents and claims, and by whom.

use domain::ids::DisclosureId;
use domain::time::{SignedDuration, days, shift};
use serde_json::{Value, json};
use store::compliance::BusinessTransfer;

use crate::support::{Person, TestMachine, User};

/// Who of the staff approves what another one has opened.
const COLLEAGUE: &str = "second@assetbox.example";

/// The staff of a machine on which disclosures are approved.
pub fn staff() -> Vec<String> {
    ["staff@assetbox.example", COLLEAGUE]
        .map(str::to_owned)
        .into()
}

/// The second of the staff, with an account.
pub async fn colleague(machine: &TestMachine) -> User {
    let person = Person {
        email: COLLEAGUE.to_owned(),
        ..Person::new()
    };
    machine.user_like(person, &[]).await
}

/// Everything that may be disclosed of somebody, on these grounds.
fn disclosure(of: &User, grounds: &Value) -> Value {
    json!({
        "person": of.person.email,
        "grounds": grounds,
        "requested": "All data of the account's owner.",
        "minimisation": "The demand names all of it.",
        "categories": ["identity", "contact", "employment", "account", "consent_evidence", "request"],
        "period": {"from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"},
    })
}

/// A court's demand, which two of the staff approve.
pub fn demand(of: &User) -> Value {
    let grounds = json!({
        "kind": "authority",
        "authority": "A district court",
        "reference": "No. 2-17 of 1 November 2026",
        "law": "152-FZ art. 6(1)(2)",
        "document_sha256": "ab".repeat(32),
    });
    disclosure(of, &grounds)
}

/// An investigation, which somebody else approves than who opened it.
pub fn investigation(of: &User) -> Value {
    let grounds = json!({
        "kind": "investigation",
        "recipient": "A bank",
        "case": "Complaint 5",
        "law": "152-FZ art. 6(1)(7)",
    });
    disclosure(of, &grounds)
}

/// The law forbids to tell the person for so many days from now.
pub fn ban(machine: &TestMachine, length: i64) -> Value {
    json!({"until": shift(machine.now(), days(length)), "law": "144-FZ art. 12"})
}

/// All accesses of the last day were wrong, under 152-FZ and the GDPR.
pub fn incident(machine: &TestMachine) -> Value {
    let now = machine.now();
    json!({
        "known_at": now,
        "description": "A laptop was stolen.",
        "regimes": ["gdpr"],
        "period": {"from": shift(now, -SignedDuration::from_hours(24)), "to": now},
    })
}

/// Somebody's name and letters are needed for another year.
pub fn hold(machine: &TestMachine, of: &User) -> Value {
    json!({
        "person": of.person.email,
        "categories": ["identity", "contact", "correspondence"],
        "law": "Civil Code art. 196",
        "reason": "A claim is before the court.",
        "until": shift(machine.now(), days(365)),
    })
}

/// What stops a clock.
pub fn told(regime: &str, duty: &str) -> Value {
    json!({"regime": regime, "duty": duty, "remark": "No. 1"})
}

/// The business is sold.
pub fn sale() -> Value {
    json!({
        "counterparty": "An acquirer",
        "address": "1 Market Square",
        "law": "GDPR art. 6(1)(f)",
        "reason": "The owner retires.",
        "categories": ["identity", "contact"],
    })
}

/// Everybody who was told of a sale has had their time to object.
pub async fn time_to_object_is_over(machine: &TestMachine, sale: &str) {
    let (db, id) = (machine.db(), sale.parse::<DisclosureId>().unwrap());
    let case: Option<BusinessTransfer> = db.case(id).await.unwrap();
    let mut case = case.expect("a transfer");
    let mut progress = serde_json::to_value(&case.progress).unwrap();
    progress["until"] = json!(machine.now());
    case.progress = serde_json::from_value(progress).unwrap();
    db.put(&case).await.unwrap();
}
