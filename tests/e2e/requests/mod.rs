//! Requests of data subjects (clauses 5.3, 6.3, 6.7).

mod access;
mod decisions;
mod intake;
mod restriction;
mod stops;

use serde_json::{Value, json};

use crate::support::{TestMachine, User};

/// Makes a request in a session; gives its id.
pub async fn ask(machine: &TestMachine, user: &User, kind: &str) -> String {
    ask_with(machine, user, json!({"kind": kind})).await
}

pub async fn ask_with(machine: &TestMachine, user: &User, body: Value) -> String {
    let request = user
        .api
        .post("/data-subject-requests", &body)
        .await
        .json(201);
    machine.settled().await;
    request["id"].as_str().unwrap().to_owned()
}

pub async fn state_of(user: &User, request: &str) -> String {
    let view = user
        .api
        .get(format!("/data-subject-requests/{request}"))
        .await
        .json(200);
    view["state"].as_str().unwrap().to_owned()
}

/// The letter of an authority that demands a restriction, as the staff enter it.
pub fn entered(person: &str, received_at: &str) -> Value {
    json!({
        "person": person,
        "applicant": "authority",
        "name": "Roskomnadzor",
        "reference": "No. 08-1234",
        "document_sha256": "cd".repeat(32),
        "received_at": received_at,
    })
}

/// The staff's decision; without a body, with some reason.
pub async fn decide(
    machine: &TestMachine,
    staff: &User,
    request: &str,
    what: &str,
    body: Value,
) -> Value {
    let path = format!("/compliance/requests/{request}/{what}");
    let body = match body {
        Value::Null => json!({"reason": "Checked."}),
        body => body,
    };
    let case = staff.api.post(path, &body).await.json(200);
    machine.settled().await;
    case
}
