//! Sign-up, policies, sessions, profile, consents, the workspace.

use serde_json::json;

use super::book::Book;
use super::{act, get, post};
use crate::support::{Call, Person, TestMachine, canary, stance, tick};

pub async fn sign_up(book: &mut Book<'_>, person: &Person) {
    let machine = book.machine;
    let nobody = machine.anonymous();
    let form = person.form(
        &["processing", "marketing", "transfer"]
            .map(|what| tick(machine, &format!("{what}-consent"), true)),
    );
    book.begin("Sign-up").await;
    book.pay("POST /signup", &nobody, post("/signup", &form), 202)
        .await;
    let token = json!({"token": machine.link(&person.email, "signup").await});
    book.pay(
        "POST /signup/verify",
        &nobody,
        post("/signup/verify", &token),
        200,
    )
    .await;
    book.end().await;
    book.pay("GET /policies", &nobody, get("/policies"), 200)
        .await;
    book.pay(
        "GET /policies/{document}",
        &nobody,
        get("/policies/terms"),
        200,
    )
    .await;
    book.pay(
        "GET /policies/{document}/versions",
        &nobody,
        get("/policies/terms/versions"),
        200,
    )
    .await;
    book.pay(
        "GET /policies/{document}/versions/{version}",
        &nobody,
        get("/policies/terms/versions/2026-11-22"),
        200,
    )
    .await;
    book.pay("GET /policies/feed", &nobody, get("/policies/feed"), 200)
        .await;
    book.pay(
        "GET /policies/{document}/diff",
        &nobody,
        get("/policies/terms/diff?from=2026-11-22&to=2026-11-22"),
        200,
    )
    .await;
    book.pay("GET /confirm", &nobody, get("/confirm"), 200)
        .await;
}

pub async fn account(book: &mut Book<'_>, person: &Person) {
    let machine = book.machine;
    let nobody = machine.anonymous();
    let credentials = json!({"email": person.email, "password": person.password});
    book.begin("Sign-in").await;
    book.pay(
        "POST /sessions",
        &nobody,
        post("/sessions", &credentials),
        201,
    )
    .await;
    book.end().await;
    let user = machine.sign_in(person).await;
    let api = &user.api;
    book.pay("GET /sessions", api, get("/sessions"), 200).await;
    let me = book.pay("GET /me", api, get("/me"), 200).await;
    let change = Call::new("PATCH", "/me")
        .header("if-match", &me.etag())
        .json(&json!({"name": canary("Name")}));
    book.pay("PATCH /me", api, change, 200).await;
    book.pay("GET /me/consents", api, get("/me/consents"), 200)
        .await;
    book.pay(
        "GET /me/consents/{purpose}",
        api,
        get("/me/consents/transfer"),
        200,
    )
    .await;
    let no = json!({"given": false});
    book.pay(
        "PUT /me/consents/{purpose}",
        api,
        Call::new("PUT", "/me/consents/transfer").json(&no),
        200,
    )
    .await;
    book.pay("GET /me/policies", api, get("/me/policies"), 200)
        .await;
    for accepted in [false, true] {
        let stance = stance(machine, "terms", accepted);
        book.pay(
            "PUT /me/policies/{document}",
            api,
            Call::new("PUT", "/me/policies/terms").json(&stance),
            200,
        )
        .await;
    }
    let workspace = book
        .pay("GET /workspace", api, get("/workspace"), 200)
        .await;
    let switch = json!({"features": {"text": false}});
    let switch = Call::new("PATCH", "/workspace")
        .header("if-match", &workspace.etag())
        .json(&switch);
    let switched = book.pay("PATCH /workspace", api, switch, 200).await;
    // as it was: what a picture costs is counted with every feature
    let back = json!({"features": {"text": true}});
    api.change("PATCH", "/workspace", &switched.etag(), Some(&back))
        .await
        .is(200);
}

pub async fn new_password(book: &mut Book<'_>, person: &Person) {
    let machine = book.machine;
    let nobody = machine.anonymous();
    let user = machine.sign_in(person).await;
    let api = &user.api;
    let passwords = json!({"current": person.password, "new": canary("Renewed")});
    book.pay(
        "PUT /me/password",
        api,
        Call::new("PUT", "/me/password").json(&passwords),
        204,
    )
    .await;
    book.pay(
        "POST /password-resets",
        &nobody,
        post("/password-resets", &json!({"email": person.email})),
        202,
    )
    .await;
    let reset =
        json!({"token": machine.link(&person.email, "reset").await, "password": person.password});
    book.pay(
        "POST /password-resets/confirm",
        &nobody,
        post("/password-resets/confirm", &reset),
        204,
    )
    .await;
}

pub async fn new_address(book: &mut Book<'_>, person: &Person) -> Person {
    let machine = book.machine;
    let nobody = machine.anonymous();
    let user = machine.sign_in(person).await;
    let renewed = Person {
        email: Person::new().email,
        ..person.clone()
    };
    let asked = json!({"new_email": renewed.email});
    book.pay(
        "POST /me/email-change",
        &user.api,
        post("/me/email-change", &asked),
        202,
    )
    .await;
    for (address, kind) in [(&person.email, "email-old"), (&renewed.email, "email-new")] {
        let token = json!({"token": machine.link(address, kind).await});
        book.pay(
            "POST /me/email-change/confirm",
            &nobody,
            post("/me/email-change/confirm", &token),
            200,
        )
        .await;
    }
    renewed
}

pub async fn unsubscribe(book: &mut Book<'_>, person: &Person) {
    let machine = book.machine;
    let nobody = machine.anonymous();
    book.pay(
        "GET /unsubscribe/{token}",
        &nobody,
        get("/unsubscribe/x"),
        200,
    )
    .await;
    let click = one_click(machine, person).await;
    book.pay(
        "POST /unsubscribe/{token}",
        &nobody,
        act(click).form("List-Unsubscribe=One-Click"),
        200,
    )
    .await;
}

pub async fn sign_out(book: &mut Book<'_>, person: &Person) {
    let machine = book.machine;
    let user = machine.sign_in(person).await;
    book.pay(
        "DELETE /sessions/current",
        &user.api,
        Call::new("DELETE", "/sessions/current"),
        204,
    )
    .await;
    let user = machine.sign_in(person).await;
    book.pay(
        "DELETE /sessions",
        &user.api,
        Call::new("DELETE", "/sessions"),
        204,
    )
    .await;
}

/// The path that a marketing letter's one click goes to.
async fn one_click(machine: &TestMachine, person: &Person) -> String {
    let subject = machine.only_subject().await;
    let letter = domain::consequence::Letter::Marketing {
        campaign: "search-by-label".to_owned(),
    };
    let mut tx = store::Tx::new();
    tx.mail(subject, letter, machine.now());
    machine.db().commit(tx).await.unwrap();
    machine.settled().await;
    let mail = machine.last_mail_to(&person.email).await;
    let header = mail
        .header("List-Unsubscribe")
        .expect("a marketing letter")
        .to_owned();
    let url = header
        .split(['<', '>'])
        .find(|part| part.starts_with("http"))
        .unwrap();
    url.strip_prefix(machine.api_url()).unwrap().to_owned()
}
