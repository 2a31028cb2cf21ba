//! What people do with their accounts.

use assetbox_tests::{Person, canary};
use serde_json::{Value, json};

use crate::deployment::Deployment;
use crate::report::row;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment: infra/deployed/run.sh"]
async fn passwords_addresses_profiles_and_consents_change() {
    let deployed = Deployment::open().await;
    let mut user = deployed
        .user_like(Person::new(), &["marketing-consent"])
        .await;

    // the profile and the workspace
    let read = user.api.get("/me").await;
    let change = json!({"position": "Head of the archive"});
    user.api
        .change("PATCH", "/me", &read.etag(), Some(&change))
        .await
        .is(200);
    let workspace = user.api.get("/workspace").await;
    let features = json!({"features": {"text": true, "moderation": true}});
    user.api
        .change("PATCH", "/workspace", &workspace.etag(), Some(&features))
        .await
        .is(200);

    // consents
    let withdrawn = json!({"given": false});
    user.api
        .put("/me/consents/marketing", &withdrawn)
        .await
        .is(200);
    let mut again = deployed.text_of("marketing-consent").await;
    again["given"] = json!(true);
    user.api.put("/me/consents/marketing", &again).await.is(200);
    let consents = user.api.get("/me/consents").await.json(200);
    assert_eq!(consents["items"].as_array().unwrap().len(), 3);
    user.api.get("/me/consents/marketing").await.is(200);

    // a new password, by the present one and by a link
    let renewed = canary("Renewed");
    let body = json!({"current": user.person.password, "new": renewed});
    user.api.put("/me/password", &body).await.is(204);
    user.person.password = renewed;
    user = deployed.sign_in(&user.person).await;
    let body = json!({"email": user.person.email});
    user.api.post("/password-resets", &body).await.is(202);
    let token = deployed.link(&user.person.email, "reset").await;
    user.person.password = canary("Reset");
    let body = json!({"token": token, "password": user.person.password});
    deployed
        .anonymous()
        .post("/password-resets/confirm", &body)
        .await
        .is(204);
    user = deployed.sign_in(&user.person).await;

    // a new address, confirmed at both
    let new = Person::new().email;
    user.api
        .post("/me/email-change", &json!({"new_email": new}))
        .await
        .is(202);
    for (address, kind) in [(&new, "email-new"), (&user.person.email, "email-old")] {
        let token = deployed.link(address, kind).await;
        deployed
            .anonymous()
            .post("/me/email-change/confirm", &json!({"token": token}))
            .await
            .is(200);
    }
    user.person.email = new;
    user = deployed.sign_in(&user.person).await;
    assert_eq!(
        user.api.get("/me").await.json(200)["email"],
        user.person.email
    );

    // sessions
    let other = deployed.sign_in(&user.person).await;
    let sessions = user.api.get("/sessions").await.json(200);
    assert!(sessions["items"].as_array().unwrap().len() >= 2);
    other.api.delete("/sessions/current").await.is(204);
    user.api.delete("/sessions").await.is(204);
    user.api.get("/me").await.problem(401, "sign_in_required");
    row(
        "profile, consents, passwords, address, sessions",
        "changed, with their letters",
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment: infra/deployed/run.sh"]
async fn one_click_ends_marketing() {
    let deployed = Deployment::open().await;
    let user = deployed
        .user_like(Person::new(), &["marketing-consent"])
        .await;
    let email = domain::contact::EmailAddress::new(&user.person.email).unwrap();
    let env = deployed.environment("AccountsFunction").await;
    let db = store::Db::new(&deployed.sdk, env.tables());
    let lookup =
        store::lookup::LookupKey::new(deployed.told.secret["lookup_key"].as_str().unwrap());
    let login = store::people::find_login(&db, &lookup.email(&email))
        .await
        .unwrap()
        .expect("an account");
    // a campaign, committed by the operator's hand
    let mut tx = store::Tx::new();
    let letter = domain::consequence::Letter::Marketing {
        campaign: "search-by-label".to_owned(),
    };
    tx.mail(login.subject, letter, platform::Clock::system().now());
    db.commit(tx).await.unwrap();

    let text = deployed.letter_with(&user.person, "/unsubscribe/").await;
    let (_, rest) = text.split_once("/unsubscribe/").unwrap();
    let token: String = rest
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c))
        .collect();
    let path = format!("/unsubscribe/{}", token.trim_end_matches('.'));
    deployed.anonymous().get(&path).await.is(200);
    let click = assetbox_tests::http::Call::new("POST", &path).form("List-Unsubscribe=One-Click");
    deployed.anonymous().send(click).await.is(200);
    let consent = user.api.get("/me/consents/marketing").await.json(200);
    assert_eq!(consent["given"], Value::from(false));
    row(
        "a campaign's letter and its one click",
        "the consent is withdrawn",
    );
}
