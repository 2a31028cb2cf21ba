//! The registers in the story: a demand that is carried out, an incident with whom it affects, a
//! claim, and what was passed to a processor.

use domain::time::{days, shift};
use serde_json::{Value, json};
use store::people::consent_history;

use crate::contract::registers::{
    ban, colleague, demand, hold, incident, sale, time_to_object_is_over, told,
};
use crate::support::{TestMachine, User};

/// From the opening of each case to its end.
pub async fn registers(machine: &TestMachine, user: &User, staff: &User) {
    let colleague = colleague(machine).await;
    disclosure(machine, user, [staff, &colleague]).await;
    machine.settled().await;
    business_transfer(machine, user, [staff, &colleague]).await;
    processors(machine, staff).await;
    whom_it_affects(machine, staff).await;
    claim(user, staff).await;
    let placed = opened(staff, "/compliance/holds", &hold(machine, user)).await;
    staff.api.act(format!("{placed}/lift")).await.is(200);
    withdrawn_long_ago(machine, user).await;
    machine.settled().await;
}

/// Nobody has to prove this withdrawal any more: retention ends it.
async fn withdrawn_long_ago(machine: &TestMachine, of: &User) {
    let (db, subject) = (machine.db(), machine.subject_of(&of.person.email).await);
    let history = consent_history(&db, subject).await.unwrap();
    let old = history.into_iter().find(|one| !one.given);
    let mut old = old.expect("a withdrawal");
    old.at = shift(machine.now(), -days(1100));
    // what is sealed opens at its own time only
    (old.source_ip, old.user_agent) = (None, None);
    db.put(&old).await.unwrap();
}

async fn opened(staff: &User, path: &str, body: &Value) -> String {
    let case = staff.api.post(path, body).await.json(201);
    let id = case["id"].as_str().expect("an id");
    format!("{path}/{id}")
}

/// The package is lost before it is handed over, and the person may be told later only.
async fn disclosure(machine: &TestMachine, of: &User, [staff, colleague]: [&User; 2]) {
    let mut opening = demand(of);
    opening["ban"] = ban(machine, 2);
    let case = opened(staff, "/compliance/disclosures", &opening).await;
    staff.api.act(format!("{case}/approve")).await.is(200);
    colleague.api.act(format!("{case}/approve")).await.is(200);
    colleague.api.act(format!("{case}/release")).await.is(200);
    let package = format!("{case}/package");
    colleague.api.get(&package).await.is(200);
    let (s3, bucket) = (machine.s3(), machine.name_of("ExportsBucket"));
    let keys = machine.keys_of("ExportsBucket").into_iter();
    for key in keys.filter(|key| key.starts_with("disclosures/")) {
        let deletion = s3.delete_object().bucket(&bucket).key(key);
        deletion.send().await.unwrap();
    }
    colleague.api.get(&package).await.is(404);
    let channel = json!({"channel": "By courier, sealed."});
    let handed_over = colleague.api.post(format!("{case}/hand-over"), &channel);
    handed_over.await.is(200);
    // it ends while the person is still there: they are told then
    let longer = ban(machine, 5);
    let forbidden = staff.api.post(format!("{case}/forbid"), &longer);
    forbidden.await.is(200);
}

/// Everybody is told, one objects, and the others are packed and passed on.
async fn business_transfer(machine: &TestMachine, of: &User, [staff, colleague]: [&User; 2]) {
    let case = opened(staff, "/compliance/business-transfers", &sale()).await;
    colleague.api.act(format!("{case}/approve")).await.is(200);
    machine.settled().await;
    let id = case.rsplit('/').next().expect("an id");
    let mine = of.api.get("/me/business-transfers").await.json(200);
    assert_eq!(mine["items"][0]["id"], id);
    let objection = format!("/me/business-transfers/{id}/objection");
    of.api.put(objection, &json!({})).await.is(200);
    time_to_object_is_over(machine, id).await;
    staff.api.act(format!("{case}/package")).await.is(200);
    machine.settled().await;
    staff.api.get(format!("{case}/manifest")).await.is(200);
    let package = format!("{case}/package?page=1");
    colleague.api.get(package).await.is(200);
    let channel = json!({"channel": "By courier, sealed."});
    let handed_over = staff.api.post(format!("{case}/hand-over"), &channel);
    handed_over.await.is(200);
}

async fn processors(machine: &TestMachine, staff: &User) {
    staff.api.get("/compliance/processors").await.is(200);
    let to = machine.now();
    let from = shift(to, -days(1));
    let path = format!("/compliance/processors/stripe/transfers?from={from}&to={to}");
    staff.api.get(path).await.is(200);
}

async fn whom_it_affects(machine: &TestMachine, staff: &User) {
    let case = opened(staff, "/compliance/incidents", &incident(machine)).await;
    let list = staff.api.act(format!("{case}/affected")).await.json(200);
    assert_ne!(list["persons"], 0, "{list}");
    let told_now = staff.api.post(format!("{case}/notify"), &json!({})).await;
    let told_now = told_now.json(200);
    assert_eq!(told_now["told"], list["persons"], "{told_now}");
    assert_eq!(told_now["next_cursor"], Value::Null);
    for (step, body) in [
        ("report", told("ru152", "incident_notice")),
        ("report", told("ru152", "incident_findings")),
        ("waive", told("gdpr", "incident_notice")),
    ] {
        let stopped = staff.api.post(format!("{case}/{step}"), &body).await;
        stopped.is(200);
    }
    staff.api.act(format!("{case}/close")).await.is(200);
}

async fn claim(user: &User, staff: &User) {
    let claim = json!({"text": "You have lost my files."});
    let made = user.api.post("/claims", &claim).await.json(201);
    user.api.get("/claims").await.is(200);
    let queue = staff.api.get("/compliance/claims?open=true").await;
    assert_eq!(queue.json(200)["items"][0]["id"], made["id"]);
    let id = made["id"].as_str().expect("an id");
    let answer = json!({"answer": "We have found them."});
    let path = format!("/compliance/claims/{id}/answer");
    staff.api.post(path, &answer).await.is(200);
}
