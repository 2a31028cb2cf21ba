//! Requests, the staff's decisions and proofs.

use serde_json::json;

use super::book::Book;
use super::{get, post, text};
use crate::requests::{ask, entered};
use crate::support::User;

/// Gives the staff.
pub async fn requests(book: &mut Book<'_>) -> User {
    let machine = book.machine;
    let (user, staff) = (machine.user().await, machine.staff().await);
    let api = &user.api;
    book.begin("A copy of one's data").await;
    let made = book
        .pay(
            "POST /data-subject-requests",
            api,
            post("/data-subject-requests", &json!({"kind": "access"})),
            201,
        )
        .await;
    let path = format!("/data-subject-requests/{}", text(&made.json(201)["id"]));
    book.pay("GET /data-subject-requests/{id}", api, get(&path), 200)
        .await;
    book.pay(
        "GET /data-subject-requests/{id}/export",
        api,
        get(format!("{path}/export")),
        200,
    )
    .await;
    book.end().await;
    book.pay(
        "POST /data-subject-requests",
        api,
        post("/data-subject-requests", &json!({"kind": "restriction"})),
        201,
    )
    .await;
    book.pay(
        "POST /data-subject-requests",
        api,
        post("/data-subject-requests", &json!({"kind": "restriction"})),
        200,
    )
    .await;
    book.pay(
        "GET /data-subject-requests",
        api,
        get("/data-subject-requests"),
        200,
    )
    .await;

    let somebody = machine.user().await;
    let email = &somebody.person.email;
    let by_address = json!({"kind": "rectification", "email": email});
    book.pay(
        "POST /data-subject-requests",
        &machine.anonymous(),
        post("/data-subject-requests", &by_address),
        202,
    )
    .await;
    let link = machine.link(email, "request").await;
    let (correction, token) = link.split_once('.').unwrap();
    let confirm = json!({"token": token, "fields": {"name": "Ada"}});
    let confirm = post(
        format!("/data-subject-requests/{correction}/confirm"),
        &confirm,
    );
    book.pay(
        "POST /data-subject-requests/{id}/confirm",
        &machine.anonymous(),
        confirm,
        200,
    )
    .await;

    let withdrawal = ask(machine, &user, "withdrawal").await;
    book.pay(
        "POST /data-subject-requests/{id}/cancel",
        api,
        post(
            format!("/data-subject-requests/{withdrawal}/cancel"),
            &json!({}),
        ),
        200,
    )
    .await;

    let case = |id: &str, what: &str| format!("/compliance/requests/{id}{what}");
    let decision = json!({"reason": "The letter and the passport agree."});
    let entering = entered(&user.person.email, &machine.now().to_string());
    book.pay(
        "POST /compliance/requests",
        &staff.api,
        post("/compliance/requests", &entering),
        201,
    )
    .await;
    book.pay(
        "GET /compliance/requests",
        &staff.api,
        get("/compliance/requests"),
        200,
    )
    .await;
    book.pay(
        "GET /compliance/requests/{id}",
        &staff.api,
        get(case(correction, "")),
        200,
    )
    .await;
    book.pay(
        "POST /compliance/requests/{id}/verify",
        &staff.api,
        post(case(correction, "/verify"), &decision),
        200,
    )
    .await;
    let erasure = ask(machine, &somebody, "erasure").await;
    let refusal = json!({"ground": "152-FZ art. 21(5)", "reason": "There is a claim."});
    book.pay(
        "POST /compliance/requests/{id}/refuse",
        &staff.api,
        post(case(&erasure, "/refuse"), &refusal),
        200,
    )
    .await;
    let extension = json!({"reason": "We wait."});
    let again = json!({"kind": "erasure", "details": "x"});
    book.begin("An erasure").await;
    let third = book
        .pay(
            "POST /data-subject-requests",
            &somebody.api,
            post("/data-subject-requests", &again),
            201,
        )
        .await
        .json(201);
    book.end().await;
    let third = text(&third["id"]);
    book.pay(
        "POST /compliance/requests/{id}/extend",
        &staff.api,
        post(case(&third, "/extend"), &extension),
        409,
    )
    .await;
    book.begin("An erasure").await;
    let decided = book
        .pay(
            "POST /compliance/requests/{id}/approve",
            &staff.api,
            post(case(&third, "/approve"), &decision),
            200,
        )
        .await;
    book.end().await;
    let certificate = text(&decided.json(200)["certificate"]);
    book.pay(
        "GET /certificates/{case}",
        &machine.anonymous(),
        get(certificate),
        200,
    )
    .await;
    book.pay(
        "GET /ledger/key",
        &machine.anonymous(),
        get("/ledger/key"),
        200,
    )
    .await;
    staff
}
