//! Who may open a checkout, and where its page may lead back to.

use assetbox_tests::{Bearer, TestMachine, User};
use domain::compliance::processor::{Processor, passed_to};
use domain::ids::SubjectId;
use domain::processing::Operation;
use domain::time::{days, shift};
use domain::token::SessionToken;
use domain::workspace::Role;
use serde_json::json;
use store::catalog::Member;
use store::people::Session;

/// The token of somebody who is a member of the workspace and not its owner.
async fn member_of(machine: &TestMachine, owner: &User) -> String {
    let (db, now) = (machine.db(), machine.now());
    let subject = SubjectId::new(now);
    let workspace = owner.workspace.parse().unwrap();
    let token = SessionToken::generate(workspace, subject);
    let address = domain::contact::EmailAddress::new(&owner.person.email).unwrap();
    let session = Session {
        subject,
        workspace,
        token: token.hash(),
        login: machine.lookup().email(&address),
        authenticated_at: now,
        expires_at: shift(now, days(1)),
    };
    let member = Member {
        workspace,
        subject,
        role: Role::Member,
        joined_at: now,
        declined_at: None,
    };
    db.put(&session).await.unwrap();
    db.put(&member).await.unwrap();
    token.reveal()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_owner_opens_a_checkout() {
    let machine = TestMachine::start().await;
    let owner = machine.user().await;
    let member = owner.api.with(Bearer(member_of(&machine, &owner).await));
    let body = json!({"plan": "team", "provider": "stripe"});
    let refused = member.post("/billing/checkout", &body).await;
    refused.problem(403, "owner_only");
    owner.api.post("/billing/checkout", &body).await.is(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_leads_back_to_our_own_front_ends_only() {
    let origins = [("WebOrigin", "https://app.example")];
    let machine = TestMachine::start_configured(&origins).await;
    let owner = machine.user().await;
    let open = async |url: &str| {
        let body = json!({"plan": "team", "provider": "stripe", "success_url": url});
        owner.api.post("/billing/checkout", &body).await
    };
    for url in [
        "https://evil.example/",
        "https://app.example@evil.example/",
        "https://app.example.evil.example/",
        "/paid",
        "javascript:1",
    ] {
        open(url).await.problem(422, "invalid_field");
    }
    open("https://app.example/paid").await.is(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_checkout_passes_on_is_noted_with_it() {
    let machine = TestMachine::start().await;
    let owner = machine.user().await;
    let body = json!({"plan": "team", "provider": "stripe"});
    let opened = owner.api.post("/billing/checkout", &body).await.json(201);
    let subject = machine.subject_of(&owner.person.email).await;
    let passed = machine.db().passed_of(subject).await.unwrap();
    assert_eq!(passed.len(), 1);
    assert_eq!(passed[0].processor, Processor::Stripe);
    assert_eq!(opened["id"], passed[0].reference.as_str());
    let entries = machine.entries("payment.checkout_opened").await;
    assert_eq!(passed_to(&entries[0]), Some(Processor::Stripe));
    assert_eq!(entries[0].operation, Some(Operation::Transfer));
}
