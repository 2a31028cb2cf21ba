//! Every route's AWS calls, counted against its budget (invariant 11).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::document::{functions, routes};
use crate::requests::{ask, ask_with};
use crate::support::provider::{Provider, stripe_event};
use crate::support::upload::{announced, send_to};
use crate::support::{Answer, Call, Caller, Client, Person, TestMachine, canary, pictures, tick};

/// Counts what each route spends.
struct Book<'m> {
    machine: &'m TestMachine,
    owners: BTreeMap<String, &'static str>,
    budgets: BTreeMap<&'static str, u32>,
    spent: BTreeMap<&'static str, u32>,
}

impl<'m> Book<'m> {
    fn open(machine: &'m TestMachine) -> Self {
        let functions = functions();
        let owners = routes(machine).into_iter().map(|(route, function)| {
            let id = functions
                .keys()
                .find(|id| **id == function)
                .expect("a function");
            (route, *id)
        });
        Self {
            machine,
            owners: owners.collect(),
            budgets: functions
                .values()
                .flat_map(|(_, budgets)| budgets.iter().copied())
                .collect(),
            spent: BTreeMap::new(),
        }
    }

    /// Sends a call and holds what it costs against the route's budget. Sessions cost the one
    /// BatchGetItem that the budget leaves out.
    async fn pay<C: Caller>(
        &mut self,
        route: &'static str,
        client: &Client<C>,
        call: Call,
        status: u16,
    ) -> Answer {
        self.machine.settled().await;
        let count = self.machine.count(self.owners[route]);
        let answer = client.send(call).await;
        answer.is(status);
        let operations = count.operations();
        let with_session = client
            .caller
            .sign(Call::new("GET", "/"))
            .has("authorization");
        let spent = u32::try_from(operations.len()).unwrap() - u32::from(with_session);
        assert!(
            spent <= self.budgets[route],
            "{route} spends {spent}: {operations:?}"
        );
        self.spent.insert(route, spent);
        self.machine.settled().await;
        answer
    }
}

fn get(path: impl Into<String>) -> Call {
    Call::new("GET", path)
}

fn post(path: impl Into<String>, body: &Value) -> Call {
    Call::new("POST", path).json(body)
}

fn act(path: impl Into<String>) -> Call {
    Call::new("POST", path)
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_spends_more_than_its_budget() {
    let provider = Provider::start().await;
    let machine = TestMachine::start_configured(&[("StripeApiUrl", &provider.url)]).await;
    let mut book = Book::open(&machine);
    let nobody = machine.anonymous();

    // signup
    let person = Person::new();
    let form = person.form(
        &["processing", "marketing", "transfer"]
            .map(|what| tick(&machine, &format!("{what}-consent"), true)),
    );
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
    book.pay("GET /confirm", &nobody, get("/confirm"), 200)
        .await;

    // accounts
    let credentials = json!({"email": person.email, "password": person.password});
    book.pay(
        "POST /sessions",
        &nobody,
        post("/sessions", &credentials),
        201,
    )
    .await;
    let user = machine.sign_in(&person).await;
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
    let workspace = book
        .pay("GET /workspace", api, get("/workspace"), 200)
        .await;
    let switch = json!({"features": {"text": false}});
    let switch = Call::new("PATCH", "/workspace")
        .header("if-match", &workspace.etag())
        .json(&switch);
    book.pay("PATCH /workspace", api, switch, 200).await;
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
    let user = machine.sign_in(&person).await;
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
    book.pay(
        "GET /unsubscribe/{token}",
        &nobody,
        get("/unsubscribe/x"),
        200,
    )
    .await;
    let click = one_click(&machine, &renewed).await;
    book.pay(
        "POST /unsubscribe/{token}",
        &nobody,
        act(click).form("List-Unsubscribe=One-Click"),
        200,
    )
    .await;

    // payments
    let user = machine.sign_in(&renewed).await;
    let api = &user.api;
    book.pay("GET /plans", &nobody, get("/plans"), 200).await;
    book.pay("GET /billing", api, get("/billing"), 200).await;
    provider.answers(
        "POST /v1/checkout/sessions",
        200,
        json!({"url": "https://checkout.example/1"}),
    );
    let checkout = post(
        "/billing/checkout",
        &json!({"plan": "team", "provider": "stripe"}),
    )
    .header("idempotency-key", "1");
    book.pay("POST /billing/checkout", api, checkout, 201).await;
    let event = stripe_event(
        "evt_1",
        "invoice.paid",
        machine.now(),
        &json!({
            "id": "in_1", "subscription": "sub_1", "amount_paid": 4900, "currency": "usd", "period_end": 2_000_000_000,
            "subscription_details": {"metadata": {"workspace": user.workspace, "plan": "team"}},
        }),
    );
    let signature = domain::billing::stripe::sign(
        &machine.webhook_secret(),
        machine.now(),
        event.to_string().as_bytes(),
    );
    let webhook = post("/webhooks/payments/stripe", &event).header("stripe-signature", &signature);
    book.pay("POST /webhooks/payments/{provider}", &nobody, webhook, 200)
        .await;

    // uploads and assets
    let picture = pictures::shipped("cat.jpg");
    let begin = post("/uploads", &announced("cat.jpg", "image/jpeg", &picture))
        .header("idempotency-key", "2");
    let upload = book.pay("POST /uploads", api, begin, 201).await.json(201);
    let path = format!("/uploads/{}", text(&upload["id"]));
    book.pay("GET /uploads/{id}", api, get(&path), 200).await;
    send_to(machine.http(), &upload["put"], picture)
        .await
        .is(200);
    book.pay(
        "POST /uploads/{id}/complete",
        api,
        act(format!("{path}/complete")),
        200,
    )
    .await;
    let film =
        json!({"name": "a.mp4", "content_type": "video/mp4", "size_bytes": 200 * 1024 * 1024});
    let film = book
        .pay("POST /uploads", api, post("/uploads", &film), 201)
        .await
        .json(201);
    let film = format!("/uploads/{}", text(&film["id"]));
    book.pay("GET /uploads/{id}", api, get(&film), 200).await;
    book.pay(
        "POST /uploads/{id}/parts",
        api,
        post(format!("{film}/parts"), &json!({"numbers": [1, 2, 3]})),
        200,
    )
    .await;
    book.pay("DELETE /uploads/{id}", api, Call::new("DELETE", &film), 204)
        .await;
    machine.settled().await;
    let asset = format!("/assets/{}", text(&upload["asset_id"]));
    book.pay("GET /assets", api, get("/assets"), 200).await;
    book.pay("GET /assets", api, get("/assets?label=cat"), 200)
        .await;
    let view = book.pay("GET /assets/{id}", api, get(&asset), 200).await;
    for (route, kind) in [
        ("GET /assets/{id}/download", "download"),
        ("GET /assets/{id}/preview", "preview"),
        ("GET /assets/{id}/thumbnail", "thumbnail"),
    ] {
        book.pay(route, api, get(format!("{asset}/{kind}")), 200)
            .await;
    }
    let edit = Call::new("PATCH", &asset)
        .header("if-match", &view.etag())
        .json(&json!({"own_labels": ["Pet"]}));
    let edited = book.pay("PATCH /assets/{id}", api, edit, 200).await;
    let delete = Call::new("DELETE", &asset).header("if-match", &edited.etag());
    let deleted = book.pay("DELETE /assets/{id}", api, delete, 200).await;
    book.pay("GET /trash", api, get("/trash"), 200).await;
    let restored = book
        .pay(
            "POST /assets/{id}/restore",
            api,
            act(format!("{asset}/restore")),
            200,
        )
        .await;
    assert_ne!(restored.etag(), deleted.etag());
    api.change("DELETE", &asset, &restored.etag(), None)
        .await
        .is(200);
    book.pay(
        "POST /assets/{id}/purge",
        api,
        act(format!("{asset}/purge")),
        202,
    )
    .await;

    requests(&machine, &mut book).await;

    let user = machine.sign_in(&renewed).await;
    book.pay(
        "DELETE /sessions/current",
        &user.api,
        Call::new("DELETE", "/sessions/current"),
        204,
    )
    .await;
    let user = machine.sign_in(&renewed).await;
    book.pay(
        "DELETE /sessions",
        &user.api,
        Call::new("DELETE", "/sessions"),
        204,
    )
    .await;

    let all: Vec<_> = book.budgets.keys().collect();
    let counted: Vec<_> = book.spent.keys().collect();
    assert_eq!(counted, all, "every route is counted");
}

/// Requests, the staff's decisions and proofs.
async fn requests(machine: &TestMachine, book: &mut Book<'_>) {
    let (user, staff) = (machine.user().await, machine.staff().await);
    let api = &user.api;
    let made = book
        .pay(
            "POST /data-subject-requests",
            api,
            post("/data-subject-requests", &json!({"kind": "access"})),
            201,
        )
        .await;
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

    let case = |id: &str, what: &str| format!("/compliance/requests/{id}{what}");
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
        act(case(correction, "/verify")),
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
    let third = ask_with(
        machine,
        &somebody,
        json!({"kind": "erasure", "details": "x"}),
    )
    .await;
    book.pay(
        "POST /compliance/requests/{id}/extend",
        &staff.api,
        post(case(&third, "/extend"), &extension),
        409,
    )
    .await;
    let decided = book
        .pay(
            "POST /compliance/requests/{id}/approve",
            &staff.api,
            act(case(&third, "/approve")),
            200,
        )
        .await;
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
