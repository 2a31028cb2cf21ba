//! Sign-up, its confirmation and the policy documents, over the real routes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use axum::{Router, http::Method};
use domain::{
    billing::Access,
    consent::ConsentPurpose,
    consequence::Letter,
    time::{SignedDuration, days, shift},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use store::{
    catalog::{Workspace, workspace::workspace_key},
    people::consent_history,
};
use support::{Answer, PASSWORD, World, call, consent_box, subject_of};

async fn start() -> (World, Router) {
    let world = World::new().await;
    let app = signup::App::new(&world.aws, &world.env, world.clock.clone());
    let router = signup::router(app.await.unwrap());
    (world, router)
}

fn form(world: &World, email: &str, company: &str) -> Value {
    json!({
        "name": "Canary Wilhelmina", "email": email, "phone": "+44 20 7183 8750",
        "company": company, "position": "Canary Archivist", "password": PASSWORD,
        "consents": [consent_box(ConsentPurpose::Processing, &world.clock)],
    })
}

async fn sign_up(router: &Router, form: &Value) -> Answer {
    call(Method::POST, "/signup").json(form).to(router).await
}

async fn verify(router: &Router, token: &str) -> Answer {
    let body = json!({"token": token});
    let verify = call(Method::POST, "/signup/verify").json(&body);
    verify.to(router).await
}

async fn links(world: &World) -> Vec<String> {
    world
        .mailed(|letter| matches!(letter, Letter::SignUp { .. }))
        .await
}

#[tokio::test]
async fn nothing_is_stored_without_the_required_consent_or_with_a_wrong_field() {
    let (world, router) = start().await;
    let good = form(&world, "ada@example.com", "Engines");
    let with = |change: Value| {
        let mut form = good.clone();
        for (name, value) in change.as_object().unwrap() {
            form[name] = value.clone();
        }
        form
    };
    let ticked = consent_box(ConsentPurpose::Processing, &world.clock);
    let changed = |name: &str, value: Value| {
        let mut left = ticked.clone();
        left[name] = value;
        with(json!({"consents": [left]}))
    };
    let cases = [
        (
            with(json!({"consents": []})),
            422,
            "processing_consent_required",
        ),
        (
            changed("ticked", json!(false)),
            422,
            "processing_consent_required",
        ),
        (
            changed("version", json!("2020-01-01")),
            409,
            "stale_consent",
        ),
        (
            changed("sha256", json!("0".repeat(64))),
            409,
            "stale_consent",
        ),
        (changed("locale", json!("ru")), 409, "stale_consent"),
        (
            changed("document", json!("privacy-policy")),
            422,
            "unknown_document",
        ),
        (
            with(json!({"consents": [ticked, ticked]})),
            422,
            "invalid_field",
        ),
        (
            with(json!({"password": "password1234"})),
            422,
            "weak_password",
        ),
        (with(json!({"phone": "0207"})), 422, "invalid_field"),
        (with(json!({"email": "ada"})), 422, "invalid_field"),
        (with(json!({"name": "a\nb"})), 422, "invalid_field"),
        (with(json!({"birthday": "1815-12-10"})), 422, "invalid_body"),
    ];
    for (form, status, code) in cases {
        let answer = sign_up(&router, &form).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code().as_str()),
            (status, code)
        );
    }
    let stale = sign_up(&router, &changed("version", json!("2020-01-01"))).await;
    assert_eq!(stale.json()["version"], ticked["version"]);
    assert_eq!(stale.json()["sha256"], ticked["sha256"]);
    assert_eq!(world.everything().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_link_opens_the_account_once_and_starts_the_trial() {
    let (world, router) = start().await;
    let mut form = form(&world, "canary-ada@example.com", "Canary Engines");
    let marketing = consent_box(ConsentPurpose::Marketing, &world.clock);
    form["consents"].as_array_mut().unwrap().push(marketing);
    let answer = sign_up(&router, &form).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(answer.json(), json!({"status": "check_your_mail"}));

    let token = links(&world).await.remove(0);
    let before = world.clock.now();
    let opened = verify(&router, &token).await;
    assert_eq!(opened.status, 200, "{}", opened.text);
    let workspace = opened.json()["workspace_id"].as_str().unwrap().parse();
    let key = workspace_key(workspace.unwrap());
    let workspace: Workspace = world.db.get(&key).await.unwrap().unwrap();
    let trial = workspace.billing.trial.unwrap();
    assert!(trial.started_at >= before);
    assert_eq!(trial.ends_at, shift(trial.started_at, days(14)));
    assert_eq!(opened.json()["trial_ends_at"], trial.ends_at.to_string());
    assert_eq!(verify(&router, &token).await.code(), "link_used_or_over");

    let subject = subject_of(&world, "canary-ada@example.com").await;
    let history = consent_history(&world.db, subject).await.unwrap();
    assert_eq!(history.len(), 2);
    assert!(history.iter().all(|evidence| {
        evidence.given && evidence.source_ip.is_some() && evidence.form == "signup"
    }));
    assert_eq!(world.entries("consent.given").await.len(), 2);
    assert_eq!(world.entries("account.opened").await.len(), 1);
    let welcome = Letter::Welcome {
        trial_ends_at: Some(trial.ends_at),
    };
    assert!(world.letters().await.iter().any(|(_, l)| *l == welcome));
    for item in world.everything().await {
        let item = item.to_lowercase();
        for canary in ["canary", "442071838750", "198.51.100", "velvet"] {
            assert!(!item.contains(canary), "{canary} in {item}");
        }
    }
}

#[tokio::test]
async fn a_link_ends_after_a_day_and_the_sign_up_is_due_for_destruction() {
    let (world, router) = start().await;
    sign_up(&router, &form(&world, "ada@example.com", "Engines")).await;
    let token = links(&world).await.remove(0);
    let now = world.clock.now();
    assert!(world.db.overdue_sign_ups(now).await.unwrap().is_empty());
    world.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(verify(&router, &token).await.status, 410);
    assert_eq!(verify(&router, "abl_nonsense").await.status, 410);
    let now = world.clock.now();
    assert_eq!(world.db.overdue_sign_ups(now).await.unwrap().len(), 1);
}

#[tokio::test]
async fn twenty_sign_ups_of_one_address_at_once_make_one_account() {
    let (world, router) = start().await;
    let form = form(&world, "ada@example.com", "Engines");
    let calls = (0..20).map(|_| {
        let (router, form) = (router.clone(), form.clone());
        tokio::spawn(async move { sign_up(&router, &form).await.status })
    });
    for answer in calls.collect::<Vec<_>>() {
        assert_eq!(answer.await.unwrap(), 202);
    }
    let first = links(&world).await;
    assert_eq!(first.len(), 1);

    // a later attempt gets a letter of its own, but the address only one account
    world.clock.advance(SignedDuration::from_secs(61));
    sign_up(&router, &form).await;
    let links = links(&world).await;
    assert_eq!(links.len(), 2);
    let opened = verify(&router, &links[1]).await;
    assert_eq!(opened.status, 200, "{}", opened.text);
    let again = verify(&router, &links[0]).await;
    assert_eq!(
        (again.status.as_u16(), again.code().as_str()),
        (409, "address_taken")
    );
    assert_eq!(world.keys("people", "LOGIN#").await.len(), 1);
}

#[tokio::test]
async fn an_address_with_an_account_gets_the_same_answer() {
    let (world, router) = start().await;
    let form = form(&world, "ada@example.com", "Engines");
    let unknown = sign_up(&router, &form).await;
    verify(&router, &links(&world).await[0]).await;
    world.clock.advance(SignedDuration::from_secs(61));
    let before = world.stored().await;
    let known = sign_up(&router, &form).await;
    assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
    // what every sign-up stores: person, key, profile, pending, link, consent,
    // letter and two entries
    assert_eq!(world.stored().await - before, 9);
}

#[tokio::test]
async fn a_company_gets_one_trial() {
    let (world, router) = start().await;
    sign_up(&router, &form(&world, "ada@example.com", "Engines Ltd.")).await;
    sign_up(&router, &form(&world, "charles@example.com", "ENGINES LTD")).await;
    let links = links(&world).await;
    assert!(verify(&router, &links[0]).await.json()["trial_ends_at"].is_string());
    let second = verify(&router, &links[1]).await;
    assert_eq!(second.status, 200, "{}", second.text);
    assert!(second.json()["trial_ends_at"].is_null());
    let id = second.json()["workspace_id"].as_str().unwrap().parse();
    let workspace: Option<Workspace> = world.db.get(&workspace_key(id.unwrap())).await.unwrap();
    let access = workspace.unwrap().access(world.clock.now());
    assert_eq!(access, Access::ReadOnly);
}

#[tokio::test]
async fn documents_are_immutable_versions_in_a_chain_that_anybody_can_follow() {
    let (_, router) = start().await;
    let list = call(Method::GET, "/policies").to(&router).await.json();
    let mut previous = "0".repeat(64);
    for item in list["items"].as_array().unwrap() {
        let mut link = item.clone();
        for beside in ["hash", "in_force"] {
            link.as_object_mut().unwrap().remove(beside);
        }
        assert_eq!(link["previous"], previous);
        previous = hex(&link.to_string());
        assert_eq!(item["hash"], previous);
        for text in item["texts"].as_array().unwrap() {
            let path = format!(
                "/policies/{}/versions/{}?locale={}",
                item["document"].as_str().unwrap(),
                item["version"].as_str().unwrap(),
                text["locale"].as_str().unwrap()
            );
            let version = call(Method::GET, &path).to(&router).await;
            assert_eq!(
                version.headers["cache-control"],
                "public, max-age=31536000, immutable"
            );
            assert_eq!(
                text["sha256"],
                hex(version.json()["text"].as_str().unwrap())
            );
        }
    }
    for (path, status) in [
        ("/policies/terms?locale=ru", 200),
        ("/policies/terms?locale=fr", 422),
        ("/policies/nonsense", 404),
        ("/policies/terms/versions", 200),
        ("/policies/nonsense/versions", 404),
        ("/policies/terms/versions/1999-01-01", 404),
        ("/confirm", 200),
    ] {
        assert_eq!(
            call(Method::GET, path).to(&router).await.status,
            status,
            "{path}"
        );
    }
}

fn hex(text: &str) -> String {
    let bytes = Sha256::digest(text);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_route_is_documented_and_has_a_budget() {
    let documented: Vec<String> = serde_json::to_value(signup::openapi()).unwrap()["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let mut budgeted: Vec<&str> = signup::BUDGETS.iter().map(|(route, _)| *route).collect();
    let mut documented: Vec<&str> = documented.iter().map(String::as_str).collect();
    budgeted.sort_unstable();
    documented.sort_unstable();
    assert_eq!(budgeted, documented);
}
