//! Sessions, passwords, profile, consents and workspace, over the real routes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../signup/tests/support/mod.rs"]
mod support;

use axum::{Router, http::Method};
use domain::{
    consent::{ConsentPurpose, Tick},
    consequence::Letter,
    contact::{CompanyName, EmailAddress, PersonName, PhoneNumber, Position, Profile},
    password::Password,
    policy::Locale,
    time::SignedDuration,
    token::LinkToken,
};
use platform::password_hash;
use serde_json::{Value, json};
use store::{
    Table, Tx, Update,
    people::{
        Origin, PersonRecord, SignUp, Suppression, confirm_sign_up, person_key, sign_up,
        suppression_key, unsubscribe_link,
    },
};
use support::{Answer, Call, PASSWORD, World, call, consent_box, subject_of};

const ADA: &str = "ada@example.com";
const NEW_PASSWORD: &str = "quartz lantern meadow 31";

async fn start() -> (World, Router) {
    let world = World::new().await;
    let app = accounts::App::new(&world.aws, &world.env, world.clock.clone());
    let router = accounts::router(app.await.unwrap());
    open_account(&world, ADA, "Engines").await;
    (world, router)
}

async fn open_account(world: &World, email: &str, company: &str) {
    let profile = Profile {
        name: PersonName::new("Ada Lovelace").unwrap(),
        phone: PhoneNumber::new("+442071838750").unwrap(),
        email: EmailAddress::new(email).unwrap(),
        company: CompanyName::new(company).unwrap(),
        position: Position::new("Programmer").unwrap(),
    };
    let now = world.clock.now();
    let consents = [ConsentPurpose::Processing, ConsentPurpose::Marketing].map(|consent| {
        let tick: Tick = serde_json::from_value(consent_box(consent, &world.clock)).unwrap();
        (consent, tick)
    });
    let given = SignUp {
        profile: &profile,
        password_hash: password_hash::hash(&Password::presented(PASSWORD))
            .await
            .unwrap(),
        consents: &consents,
        locale: Locale::En,
        origin: &Origin::default(),
        network: world.lookup.network("192.0.2.1"),
    };
    let (db, gate) = (&world.db, &world.gate);
    assert!(sign_up(db, gate, &world.lookup, &given, now).await.unwrap());
    let links = world
        .mailed(|letter| matches!(letter, Letter::SignUp { .. }))
        .await;
    let token = LinkToken::parse(links.last().unwrap()).unwrap();
    confirm_sign_up(db, gate, &token, now).await.unwrap();
}

async fn sign_in(router: &Router, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    call(Method::POST, "/sessions").json(&body).to(router).await
}

async fn token(router: &Router) -> String {
    let answer = sign_in(router, ADA, PASSWORD).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["token"].as_str().unwrap().to_owned()
}

fn get(path: &str, token: &str) -> Call {
    call(Method::GET, path).bearer(token)
}

async fn status(request: Call, router: &Router) -> u16 {
    request.to(router).await.status.as_u16()
}

#[tokio::test]
async fn a_session_opens_and_ends_alone_and_everywhere() {
    let (world, router) = start().await;
    let answer = sign_in(&router, "Ada@Example.com", PASSWORD).await;
    let cookie = answer.headers["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-session=abs_") && cookie.contains("HttpOnly"));
    let (first, second) = (token(&router).await, token(&router).await);
    let list = get("/sessions", &second).to(&router).await.json();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 3);
    assert_eq!(items.iter().filter(|s| s["current"] == true).count(), 1);
    assert!(items.iter().all(|s| s["id"].as_str().unwrap().len() == 12));

    let sign_out = call(Method::DELETE, "/sessions/current").bearer(&first);
    assert_eq!(status(sign_out, &router).await, 204);
    assert_eq!(status(get("/workspace", &first), &router).await, 401);
    assert_eq!(status(get("/workspace", &second), &router).await, 200);

    // a cookie alone is not enough for a change from somewhere else
    let crumb = cookie.split(';').next().unwrap();
    let foreign = call(Method::DELETE, "/sessions").header("cookie", crumb);
    assert_eq!(status(foreign, &router).await, 403);
    let own = call(Method::DELETE, "/sessions")
        .header("cookie", crumb)
        .header("origin", "https://assets.example");
    assert_eq!(status(own, &router).await, 204);
    assert_eq!(status(get("/workspace", &second), &router).await, 401);
    assert_eq!(world.entries("session.opened").await.len(), 3);
}

#[tokio::test]
async fn a_session_ends_by_the_clock() {
    let (world, router) = start().await;
    let token = token(&router).await;
    world.clock.advance(SignedDuration::from_hours(12));
    assert_eq!(status(get("/workspace", &token), &router).await, 401);
}

#[tokio::test]
async fn unknown_addresses_and_wrong_passwords_look_alike_and_are_limited() {
    let (world, router) = start().await;
    let wrong = sign_in(&router, ADA, "not the password at all").await;
    let unknown = sign_in(&router, "nobody@example.com", "not the password at all").await;
    let shown = |answer: &Answer| {
        let mut json = answer.json();
        json["request_id"] = Value::Null;
        (answer.status.as_u16(), json)
    };
    assert_eq!(shown(&wrong), shown(&unknown));
    assert_eq!(wrong.code(), "wrong_credentials");
    // the window may turn meanwhile, once
    let mut last = wrong;
    for _ in 0..40 {
        last = sign_in(&router, ADA, "not the password at all").await;
        if last.status == 429 {
            break;
        }
    }
    assert_eq!(last.status, 429);
    assert!(last.headers.contains_key("retry-after"));
    let other = sign_in(&router, "nobody@example.com", "x").await;
    assert_eq!(other.status, 401);
    world.clock.advance(SignedDuration::from_mins(15));
    assert_eq!(sign_in(&router, ADA, PASSWORD).await.status, 201);
}

#[tokio::test]
async fn a_reset_link_sets_the_password_once_and_ends_every_session() {
    let (world, router) = start().await;
    let session = token(&router).await;
    let ask = |email: &'static str| {
        let body = json!({"email": email});
        call(Method::POST, "/password-resets").json(&body)
    };
    let known = ask(ADA).to(&router).await;
    let unknown = ask("nobody@example.com").to(&router).await;
    assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
    assert_eq!(known.status, 202);
    assert_eq!(status(ask(ADA), &router).await, 202);
    let links = world
        .mailed(|letter| matches!(letter, Letter::PasswordReset { .. }))
        .await;
    assert_eq!(links.len(), 1);
    let confirm = |password: &str| {
        let body = json!({"token": links[0], "password": password});
        call(Method::POST, "/password-resets/confirm").json(&body)
    };
    let weak = confirm("adalovelace-engines").to(&router).await;
    assert_eq!(weak.code(), "weak_password", "{}", weak.text);
    assert_eq!(status(confirm(NEW_PASSWORD), &router).await, 204);
    assert_eq!(status(confirm(NEW_PASSWORD), &router).await, 410);
    assert_eq!(status(get("/workspace", &session), &router).await, 401);
    assert_eq!(sign_in(&router, ADA, PASSWORD).await.status, 401);
    assert_eq!(sign_in(&router, ADA, NEW_PASSWORD).await.status, 201);
    let told = world.letters().await;
    assert!(told.iter().any(|(_, l)| *l == Letter::PasswordChanged));
}

#[tokio::test]
async fn changing_the_password_keeps_this_session_only() {
    let (_world, router) = start().await;
    let (this, other) = (token(&router).await, token(&router).await);
    let change = |current: &str, new: &str| {
        let body = json!({"current": current, "new": new});
        call(Method::PUT, "/me/password").bearer(&this).json(&body)
    };
    let wrong = change("not the password at all", NEW_PASSWORD)
        .to(&router)
        .await;
    assert_eq!(wrong.code(), "wrong_password");
    assert_eq!(status(change(PASSWORD, NEW_PASSWORD), &router).await, 204);
    assert_eq!(status(get("/workspace", &this), &router).await, 200);
    assert_eq!(status(get("/workspace", &other), &router).await, 401);
    assert_eq!(sign_in(&router, ADA, NEW_PASSWORD).await.status, 201);
}

#[tokio::test]
async fn a_reset_link_is_void_once_the_password_or_the_address_was_changed() {
    let (world, router) = start().await;
    let session = token(&router).await;
    let ask = |email: &str| call(Method::POST, "/password-resets").json(&json!({"email": email}));
    let confirm = |token: &str| {
        let body = json!({"token": token, "password": "saddle harbour violin 52"});
        call(Method::POST, "/password-resets/confirm").json(&body)
    };
    ask(ADA).to(&router).await;
    let body = json!({"current": PASSWORD, "new": NEW_PASSWORD});
    let change = call(Method::PUT, "/me/password")
        .bearer(&session)
        .json(&body);
    assert_eq!(status(change, &router).await, 204);
    world.clock.advance(SignedDuration::from_secs(61));
    ask(ADA).to(&router).await;
    ask_address(&router, &session, "ada@example.org").await;
    for link in address_links(&world).await {
        assert_eq!(status(confirm_address(&link), &router).await, 200);
    }
    let links = world
        .mailed(|letter| matches!(letter, Letter::PasswordReset { .. }))
        .await;
    assert_eq!(links.len(), 2);
    for link in links {
        assert_eq!(status(confirm(&link), &router).await, 410);
    }
    assert_eq!(
        sign_in(&router, "ada@example.org", NEW_PASSWORD)
            .await
            .status,
        201
    );
}

#[tokio::test]
async fn the_profile_is_corrected_under_its_tag_and_the_ledger_keeps_no_value() {
    let (world, router) = start().await;
    let session = token(&router).await;
    let me = get("/me", &session).to(&router).await;
    assert_eq!(me.json()["email"], ADA);
    let patch = |tag: Option<&str>, body: Value| {
        let request = call(Method::PATCH, "/me").bearer(&session).json(&body);
        match tag {
            Some(tag) => request.header("if-match", tag),
            None => request,
        }
    };
    let tag = me.etag();
    let new = json!({"position": "Countess", "locale": "ru"});
    assert_eq!(status(patch(None, new.clone()), &router).await, 428);
    let email = json!({"email": "eve@example.com"});
    assert_eq!(status(patch(Some(&tag), email), &router).await, 422);
    let changed = patch(Some(&tag), new.clone()).to(&router).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let read = get("/me", &session).to(&router).await;
    assert_eq!((read.json(), read.etag()), (changed.json(), changed.etag()));
    assert_eq!(read.json()["position"], "Countess");
    assert_eq!(read.json()["name"], "Ada Lovelace");
    assert_eq!(status(patch(Some(&tag), new), &router).await, 412);

    let entries = world.entries("profile.changed").await;
    let facts: Vec<_> = entries[0].facts.keys().cloned().collect();
    assert_eq!(facts, ["position.new", "position.old"]);
    assert!(!format!("{entries:?}").contains("Countess"));
}

#[tokio::test]
async fn restricted_data_is_read_and_not_changed() {
    let (world, router) = start().await;
    let session = token(&router).await;
    let tag = get("/me", &session).to(&router).await.etag();
    let subject = subject_of(&world, ADA).await;
    let restrict = Update::new()
        .set("restricted_from", world.clock.now())
        .unwrap();
    let mut tx = Tx::new();
    tx.update("restrict", Table::People, &person_key(subject), &restrict);
    world.db.commit(tx).await.unwrap();
    assert_eq!(status(get("/me", &session), &router).await, 200);
    let patch = call(Method::PATCH, "/me")
        .bearer(&session)
        .header("if-match", &tag)
        .json(&json!({"name": "Eve"}));
    assert_eq!(patch.to(&router).await.code(), "processing_restricted");
    let withdraw = call(Method::PUT, "/me/consents/marketing")
        .bearer(&session)
        .json(&json!({"given": false}));
    assert_eq!(status(withdraw, &router).await, 200);
}

async fn ask_address(router: &Router, session: &str, new_email: &str) -> Answer {
    let request = call(Method::POST, "/me/email-change").bearer(session);
    request
        .json(&json!({"new_email": new_email}))
        .to(router)
        .await
}

async fn address_links(world: &World) -> [String; 2] {
    let old = world
        .mailed(|l| matches!(l, Letter::AddressChangeOld { .. }))
        .await;
    let new = world
        .mailed(|l| matches!(l, Letter::AddressChangeNew { .. }))
        .await;
    [old.last().unwrap().clone(), new.last().unwrap().clone()]
}

fn confirm_address(token: &str) -> Call {
    call(Method::POST, "/me/email-change/confirm").json(&json!({"token": token}))
}

#[tokio::test]
async fn the_address_changes_when_both_have_confirmed() {
    let (world, router) = start().await;
    let session = token(&router).await;
    assert_eq!(ask_address(&router, &session, ADA).await.status, 422);
    ask_address(&router, &session, "first@example.org").await;
    let replaced = address_links(&world).await;
    let asked = ask_address(&router, &session, "ada@example.org").await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    let [old, new] = address_links(&world).await;
    assert_eq!(status(confirm_address(&replaced[1]), &router).await, 410);

    let half = confirm_address(&new).to(&router).await;
    assert_eq!(
        half.json()["status"],
        "other_address_missing",
        "{}",
        half.text
    );
    assert_eq!(
        sign_in(&router, "ada@example.org", PASSWORD).await.status,
        401
    );
    assert_eq!(status(confirm_address(&new), &router).await, 410);
    let done = confirm_address(&old).to(&router).await;
    assert_eq!(done.json()["status"], "changed", "{}", done.text);

    assert_eq!(status(get("/workspace", &session), &router).await, 401);
    assert_eq!(sign_in(&router, ADA, PASSWORD).await.status, 401);
    let again = sign_in(&router, "ada@example.org", PASSWORD).await;
    let session = again.json()["token"].as_str().unwrap().to_owned();
    let me = get("/me", &session).to(&router).await;
    assert_eq!(me.json()["email"], "ada@example.org");
    let record: Option<PersonRecord> = world
        .db
        .get(&person_key(subject_of(&world, "ada@example.org").await))
        .await
        .unwrap();
    let address = EmailAddress::new("ada@example.org").unwrap();
    assert_eq!(record.unwrap().login, world.lookup.email(&address));
    assert_eq!(world.keys("people", "LOGIN#").await.len(), 1);
}

#[tokio::test]
async fn both_links_used_at_once_change_the_address_once() {
    let (world, router) = start().await;
    let session = token(&router).await;
    ask_address(&router, &session, "ada@example.org").await;
    let [old, new] = address_links(&world).await;
    let (old, new) = tokio::join!(
        confirm_address(&old).to(&router),
        confirm_address(&new).to(&router)
    );
    let mut told = [old.json(), new.json()].map(|j| j["status"].as_str().map(str::to_owned));
    told.sort();
    let expected = ["changed", "other_address_missing"].map(|text| Some(text.to_owned()));
    assert_eq!(told, expected);
    assert_eq!(world.keys("people", "LOGIN#").await.len(), 1);
}

#[tokio::test]
async fn a_taken_address_is_told_only_at_the_end() {
    let (world, router) = start().await;
    open_account(&world, "charles@example.com", "Differences").await;
    let session = token(&router).await;
    let asked = ask_address(&router, &session, "charles@example.com").await;
    assert_eq!(asked.status, 202);
    let [old, new] = address_links(&world).await;
    assert_eq!(status(confirm_address(&old), &router).await, 200);
    let refused = confirm_address(&new).to(&router).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code().as_str()),
        (409, "address_taken")
    );
    assert_eq!(sign_in(&router, ADA, PASSWORD).await.status, 201);
}

#[tokio::test]
async fn an_old_sign_in_is_not_fresh_enough_to_change_the_address() {
    let (world, router) = start().await;
    let session = token(&router).await;
    world.clock.advance(SignedDuration::from_mins(10));
    let stale = ask_address(&router, &session, "ada@example.org").await;
    assert_eq!(stale.code(), "fresh_sign_in_required");
}

async fn suppressed(world: &World, email: &str) -> bool {
    let address = EmailAddress::new(email).unwrap();
    let key = suppression_key(&world.lookup.email(&address));
    let found: Option<Suppression> = world.db.get(&key).await.unwrap();
    found.is_some()
}

#[tokio::test]
async fn a_consent_is_given_and_withdrawn_with_evidence_and_receipt() {
    let (world, router) = start().await;
    let session = token(&router).await;
    let put = |purpose: &str, body: Value| {
        let path = format!("/me/consents/{purpose}");
        call(Method::PUT, &path).bearer(&session).json(&body)
    };
    let list = get("/me/consents", &session).to(&router).await.json();
    let given: Vec<&Value> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["given"])
        .collect();
    assert_eq!(given, [&json!(true), &json!(true), &json!(false)]);

    let off = put("marketing", json!({"given": false})).to(&router).await;
    assert_eq!(
        (off.status.as_u16(), &off.json()["given"]),
        (200, &json!(false))
    );
    assert!(suppressed(&world, ADA).await);
    let evidence = world.entries("consent.withdrawn").await.len();
    let again = put("marketing", json!({"given": false})).to(&router).await;
    assert_eq!(again.json(), off.json());
    assert_eq!(world.entries("consent.withdrawn").await.len(), evidence);
    let receipts = world.letters().await;
    assert!(
        receipts
            .iter()
            .any(|(_, l)| matches!(l, Letter::ConsentReceipt { given: false, .. }))
    );

    let mut text = consent_box(ConsentPurpose::Marketing, &world.clock);
    text.as_object_mut().unwrap().remove("ticked");
    text["given"] = json!(true);
    let wrong_place = put("transfer", text.clone()).to(&router).await;
    assert_eq!(wrong_place.status, 422);
    let bare = put("marketing", json!({"given": true})).to(&router).await;
    assert_eq!(bare.code(), "text_required");
    let on = put("marketing", text.clone()).to(&router).await;
    assert_eq!(on.json()["last"]["form"], "preferences", "{}", on.text);
    let read = get("/me/consents/marketing", &session).to(&router).await;
    assert_eq!(read.json(), on.json());
    assert!(!suppressed(&world, ADA).await);
    text["version"] = json!("2020-01-01");
    assert_eq!(
        put("marketing", text).to(&router).await.code(),
        "stale_consent"
    );

    let processing = put("processing", json!({"given": false})).to(&router).await;
    assert_eq!(processing.code(), "withdraw_by_erasure");
    assert_eq!(
        status(put("nonsense", json!({"given": false})), &router).await,
        404
    );
}

#[tokio::test]
async fn one_click_unsubscribes_and_looking_does_not() {
    let (world, router) = start().await;
    let subject = subject_of(&world, ADA).await;
    let link = unsubscribe_link(&world.db, subject, world.clock.now())
        .await
        .unwrap();
    let path = format!("/unsubscribe/{}", link.reveal());
    let page = call(Method::GET, &path).to(&router).await;
    assert!(page.text.contains("method=\"post\""));
    assert!(!suppressed(&world, ADA).await);
    let empty = call(Method::POST, &path).to(&router).await;
    assert_eq!(empty.code(), "not_one_click");
    assert!(!suppressed(&world, ADA).await);
    for _ in 0..2 {
        let click = call(Method::POST, &path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("List-Unsubscribe=One-Click");
        assert_eq!(status(click, &router).await, 200);
    }
    assert!(suppressed(&world, ADA).await);
    assert_eq!(world.entries("consent.withdrawn").await.len(), 1);
    let unknown = LinkToken::generate(subject).reveal();
    let click = call(Method::POST, &format!("/unsubscribe/{unknown}"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body("List-Unsubscribe=One-Click");
    assert_eq!(status(click, &router).await, 410);
}

#[tokio::test]
async fn the_workspace_shows_its_trial_and_switches_its_ai() {
    let (world, router) = start().await;
    let session = token(&router).await;
    let shown = get("/workspace", &session).to(&router).await;
    assert_eq!(shown.json()["access"], "full");
    assert_eq!(
        shown.json()["storage"],
        json!({"used_bytes": 0, "limit_bytes": 5_368_709_120_u64})
    );
    let tag = shown.etag();
    let off = |tag: &str, session: &str| {
        call(Method::PATCH, "/workspace")
            .bearer(session)
            .header("if-match", tag)
            .json(&json!({"features": {"text": false}}))
    };
    let changed = off(&tag, &session).to(&router).await;
    let features = json!({"labels": true, "text": false, "moderation": true});
    assert_eq!(changed.json()["features"], features, "{}", changed.text);
    let read = get("/workspace", &session).to(&router).await;
    assert_eq!((read.json(), read.etag()), (changed.json(), changed.etag()));
    assert_eq!(status(off(&tag, &session), &router).await, 412);

    world.clock.advance(SignedDuration::from_hours(14 * 24));
    let session = token(&router).await;
    let ended = get("/workspace", &session).to(&router).await;
    assert_eq!(ended.json()["access"], "read_only");
    let refused = off(&ended.etag(), &session).to(&router).await;
    assert_eq!(refused.code(), "workspace_read_only");
}

#[tokio::test]
async fn every_route_of_a_person_asks_for_a_session() {
    let (_world, router) = start().await;
    let routes = [
        (Method::GET, "/sessions"),
        (Method::DELETE, "/sessions"),
        (Method::DELETE, "/sessions/current"),
        (Method::PUT, "/me/password"),
        (Method::GET, "/me"),
        (Method::PATCH, "/me"),
        (Method::POST, "/me/email-change"),
        (Method::GET, "/me/consents"),
        (Method::GET, "/me/consents/marketing"),
        (Method::PUT, "/me/consents/marketing"),
        (Method::GET, "/workspace"),
        (Method::PATCH, "/workspace"),
    ];
    for (method, path) in routes {
        let answer = call(method.clone(), path).to(&router).await;
        assert_eq!(answer.status, 401, "{method} {path}");
    }
}

#[test]
fn every_route_is_documented_and_has_a_budget() {
    let documented: Vec<String> = serde_json::to_value(accounts::openapi()).unwrap()["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let mut budgeted: Vec<&str> = accounts::BUDGETS.iter().map(|(route, _)| *route).collect();
    let mut documented: Vec<&str> = documented.iter().map(String::as_str).collect();
    budgeted.sort_unstable();
    documented.sort_unstable();
    assert_eq!(budgeted, documented);
}
