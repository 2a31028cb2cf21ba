//! Disclosures, incidents, claims and processors.

use domain::compliance::notice::{Matter, Recipient};
use domain::compliance::processor::Processor;
use serde_json::{Value, json};
use store::compliance::Notice;

use super::book::Book;
use super::{get, text};
use crate::contract::registers::{
    ban, colleague, demand, hold, incident, investigation, sale, time_to_object_is_over, told,
};
use crate::support::{Call, User};

pub async fn registers(book: &mut Book<'_>, staff: &User) {
    let machine = book.machine;
    let staff = machine.sign_in(&staff.person).await;
    let colleague = colleague(machine).await;
    let user = machine.user().await;
    handed_over(book, [&staff, &colleague], &user).await;
    declined(book, [&staff, &colleague], &user).await;
    transfers(book, [&staff, &colleague], &user).await;
    incidents(book, &staff).await;
    claims(book, &staff, &user).await;
    acts(book, &staff).await;
    holds(book, &staff, &user).await;
    notices(book, &staff).await;
    let none = Value::Null;
    step(book, &staff, "GET /compliance/processors", "", none).await;
}

/// Pays for a route with this id in its path, and with a body unless it is null; gives the answer.
async fn step(book: &mut Book<'_>, by: &User, route: &'static str, id: &str, body: Value) -> Value {
    let (method, path) = route.split_once(' ').expect("a method and a path");
    let call = Call::new(method, path.replace("{id}", id));
    let call = if body.is_null() {
        call
    } else {
        call.json(&body)
    };
    let creates = method == "POST" && !path.contains('{');
    let status = if creates { 201 } else { 200 };
    book.pay(route, &by.api, call, status).await.json(status)
}

/// The cases that are not closed, which costs more than a page of the register.
async fn open_cases(book: &mut Book<'_>, by: &User, route: &'static str) {
    let path = route.trim_start_matches("GET ");
    book.pay(route, &by.api, get(format!("{path}?open=true")), 200)
        .await;
}

/// A demand is carried out under a ban on telling the person, which is prolonged afterwards.
async fn handed_over(book: &mut Book<'_>, [staff, colleague]: [&User; 2], of: &User) {
    let machine = book.machine;
    let mut opening = demand(of);
    opening["ban"] = ban(machine, 10);
    let opened = step(book, staff, "POST /compliance/disclosures", "", opening).await;
    let id = text(&opened["id"]);
    open_cases(book, staff, "GET /compliance/disclosures").await;
    let none = Value::Null;
    for (by, route) in [
        (staff, "GET /compliance/disclosures/{id}"),
        (staff, "POST /compliance/disclosures/{id}/approve"),
        (colleague, "POST /compliance/disclosures/{id}/approve"),
        (colleague, "POST /compliance/disclosures/{id}/release"),
        (colleague, "GET /compliance/disclosures/{id}/package"),
    ] {
        step(book, by, route, &id, none.clone()).await;
    }
    let route = "POST /compliance/disclosures/{id}/hand-over";
    let channel = json!({"channel": "By courier, sealed."});
    step(book, staff, route, &id, channel).await;
    let route = "POST /compliance/disclosures/{id}/forbid";
    step(book, staff, route, &id, ban(machine, 20)).await;
}

/// An investigation's disclosure is declined when its package was made already.
async fn declined(book: &mut Book<'_>, [staff, colleague]: [&User; 2], of: &User) {
    let opening = investigation(of);
    let opened = step(book, staff, "POST /compliance/disclosures", "", opening).await;
    let id = text(&opened["id"]);
    for route in [
        "POST /compliance/disclosures/{id}/approve",
        "POST /compliance/disclosures/{id}/release",
    ] {
        step(book, colleague, route, &id, Value::Null).await;
    }
    let route = "POST /compliance/disclosures/{id}/decline";
    let reason = json!({"reason": "It came too late."});
    step(book, colleague, route, &id, reason).await;
}

/// A sale of the business, from its proposal to the handing over, and one that is cancelled.
async fn transfers(book: &mut Book<'_>, [staff, colleague]: [&User; 2], of: &User) {
    let (route, none) = ("POST /compliance/business-transfers", Value::Null);
    let proposed = step(book, staff, route, "", sale()).await;
    let id = text(&proposed["id"]);
    open_cases(book, staff, "GET /compliance/business-transfers").await;
    let route = "GET /compliance/business-transfers/{id}";
    step(book, staff, route, &id, none.clone()).await;
    let route = "POST /compliance/business-transfers/{id}/approve";
    step(book, colleague, route, &id, none.clone()).await;
    book.machine.settled().await;
    for route in [
        "GET /me/business-transfers",
        "PUT /me/business-transfers/{id}/objection",
    ] {
        step(book, of, route, &id, none.clone()).await;
    }
    let route = "POST /compliance/business-transfers/{id}/objections";
    let objects = json!({"person": colleague.person.email});
    step(book, staff, route, &id, objects).await;
    time_to_object_is_over(book.machine, &id).await;
    let route = "POST /compliance/business-transfers/{id}/package";
    step(book, staff, route, &id, none.clone()).await;
    book.machine.settled().await;
    let route = "GET /compliance/business-transfers/{id}/manifest";
    step(book, staff, route, &id, none).await;
    let fetched = get(format!(
        "/compliance/business-transfers/{id}/package?page=1"
    ));
    let route = "GET /compliance/business-transfers/{id}/package";
    book.pay(route, &staff.api, fetched, 200).await;
    let route = "POST /compliance/business-transfers/{id}/hand-over";
    let channel = json!({"channel": "By courier, sealed."});
    step(book, staff, route, &id, channel).await;

    let route = "POST /compliance/business-transfers";
    let proposed = step(book, staff, route, "", sale()).await;
    let route = "POST /compliance/business-transfers/{id}/cancel";
    let reason = json!({"reason": "The buyer has gone."});
    step(book, staff, route, &text(&proposed["id"]), reason).await;
}

/// An incident until it is closed. Whom it affects is not counted: that grows with the ledger.
async fn incidents(book: &mut Book<'_>, staff: &User) {
    let registering = incident(book.machine);
    let route = "POST /compliance/incidents";
    let registered = step(book, staff, route, "", registering).await;
    let id = text(&registered["id"]);
    open_cases(book, staff, "GET /compliance/incidents").await;
    let none = Value::Null;
    step(book, staff, "GET /compliance/incidents/{id}", &id, none).await;
    let route = "POST /compliance/incidents/{id}/findings";
    let findings = json!({"findings": "The disk was encrypted."});
    step(book, staff, route, &id, findings).await;
    for duty in ["incident_notice", "incident_findings"] {
        let route = "POST /compliance/incidents/{id}/report";
        step(book, staff, route, &id, told("ru152", duty)).await;
    }
    let route = "POST /compliance/incidents/{id}/waive";
    let notice = told("gdpr", "incident_notice");
    step(book, staff, route, &id, notice).await;
    let route = "POST /compliance/incidents/{id}/close";
    step(book, staff, route, &id, Value::Null).await;
}

/// What a processor was asked, and its answer.
async fn notices(book: &mut Book<'_>, staff: &User) {
    let now = book.machine.now();
    let to = Recipient::Processor(Processor::Stripe);
    let notice = Notice::due(to, Matter::Destruction, vec!["cus_1".to_owned()], now);
    let mut tx = store::Tx::new();
    tx.notify(&notice, now);
    book.machine.db().commit(tx).await.unwrap();
    book.machine.settled().await;
    open_cases(book, staff, "GET /compliance/notices").await;
    let id = notice.id.to_string();
    let route = "POST /compliance/notices/{id}/receipt";
    let receipt = json!({"receipt_sha256": "ab".repeat(32), "answered_at": book.machine.now()});
    step(book, staff, route, &id, receipt).await;
}

/// A claim made signed in and one that came by letter.
async fn claims(book: &mut Book<'_>, staff: &User, user: &User) {
    let claim = json!({"text": "You have lost my files."});
    let made = step(book, user, "POST /claims", "", claim).await;
    let id = text(&made["id"]);
    let received_at = book.machine.now();
    let letter = json!({
        "person": user.person.email,
        "text": "By letter.",
        "received_at": received_at,
    });
    step(book, staff, "POST /compliance/claims", "", letter).await;
    open_cases(book, staff, "GET /compliance/claims").await;
    for (by, route) in [
        (user, "GET /claims"),
        (staff, "GET /compliance/claims/{id}"),
    ] {
        step(book, by, route, &id, Value::Null).await;
    }
    let route = "POST /compliance/claims/{id}/answer";
    let answer = json!({"answer": "We have found them."});
    step(book, staff, route, &id, answer).await;
    step(book, user, "GET /claims/{id}", &id, Value::Null).await;
}

/// The act of the erasure that was carried out before.
async fn acts(book: &mut Book<'_>, staff: &User) {
    let register = step(book, staff, "GET /compliance/acts", "", Value::Null).await;
    let id = text(&register["items"][0]["id"]);
    step(book, staff, "GET /compliance/acts/{id}", &id, Value::Null).await;
}

/// A hold, from its placing to its end.
async fn holds(book: &mut Book<'_>, staff: &User, of: &User) {
    let placing = hold(book.machine, of);
    let placed = step(book, staff, "POST /compliance/holds", "", placing).await;
    let id = text(&placed["id"]);
    open_cases(book, staff, "GET /compliance/holds").await;
    let none = Value::Null;
    step(book, staff, "GET /compliance/holds/{id}", &id, none).await;
    let route = "POST /compliance/holds/{id}/review";
    step(book, staff, route, &id, json!({})).await;
    let route = "POST /compliance/holds/{id}/lift";
    step(book, staff, route, &id, Value::Null).await;
}
