//! What follows when a plan ends: read-only, notices, destruction thirty days later
//! (terms 3.5, 3.6, 4.5).

use domain::time::days;
use jiff::SignedDuration;
use serde_json::json;

use super::Subscriber;
use crate::support::provider::Provider;
use crate::support::{Person, TestMachine, User};

/// Longer than a schedule's pause.
const A_WHILE: SignedDuration = SignedDuration::from_mins(20);

const ALL: [&str; 6] = [
    "Three days of your plan are left",
    "One day of your plan is left",
    "Your plan has ended",
    "Your data will be destroyed in seven days",
    "Your data will be destroyed tomorrow",
    "Your workspace is being destroyed",
];

async fn stage() -> (TestMachine, Provider) {
    let provider = Provider::start().await;
    let machine = TestMachine::start_configured(&[("StripeApiUrl", &provider.url)]).await;
    (machine, provider)
}

/// The subjects of the notices to an address, in their order.
async fn notices(machine: &TestMachine, person: &Person) -> Vec<String> {
    let mails = machine.mails_to(&person.email).await;
    let subjects = mails.into_iter().map(|mail| mail.summary.subject);
    subjects
        .filter(|subject| subject.contains("plan ") || subject.contains("destroyed"))
        .collect()
}

async fn deliver(machine: &TestMachine, events: &[serde_json::Value]) {
    for event in events {
        machine.stripe_delivers(event).await.is(200);
    }
    machine.settled().await;
}

/// Somebody who has paid for a month of 31 days and has canceled at once.
async fn canceled(machine: &TestMachine) -> (User, Subscriber) {
    let user = machine.user().await;
    let subscriber = Subscriber::new(&user.workspace, machine.now());
    deliver(machine, &subscriber.purchase()).await;
    let over = subscriber.subscription("canceled");
    let over = subscriber.event("over", "customer.subscription.deleted", 9, &over);
    deliver(machine, &[over]).await;
    (user, subscriber)
}

async fn access(machine: &TestMachine, person: &Person) -> String {
    let user = machine.sign_in(person).await;
    let billing = user.api.get("/billing").await.json(200);
    billing["access"].as_str().unwrap().to_owned()
}

/// Nobody is there any more, and nothing of the workspace.
async fn is_gone(machine: &TestMachine, user: &User) {
    for table in ["CatalogTable", "PeopleTable"] {
        for item in machine.items(table).await {
            assert!(!format!("{item:?}").contains(&user.workspace), "{item:?}");
        }
    }
    let credentials = json!({"email": user.person.email, "password": user.person.password});
    machine
        .anonymous()
        .post("/sessions", &credentials)
        .await
        .problem(401, "wrong_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canceled_plan_goes_its_way_from_its_last_day_to_the_destruction() {
    let (machine, _provider) = stage().await;
    let (user, _) = canceled(&machine).await;
    machine.upload_png(&user.api).await;
    let told = [(28, 1), (2, 2), (1, 3), (23, 4), (6, 5)];
    for (passed, expected) in told {
        // what is paid for stays open
        let ended = expected > 2;
        machine.pass(days(passed)).await;
        assert_eq!(notices(&machine, &user.person).await, ALL[..expected]);
        let now = access(&machine, &user.person).await;
        assert_eq!(now, if ended { "read_only" } else { "full" });
    }
    assert_ne!(machine.keys_of("AssetsBucket"), Vec::<String>::new());
    machine.pass(days(1) + A_WHILE).await;
    assert_eq!(notices(&machine, &user.person).await, ALL);
    assert_eq!(machine.keys_of("AssetsBucket"), Vec::<String>::new());
    is_gone(&machine, &user).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paying_again_before_the_destruction_withdraws_it() {
    let (machine, _provider) = stage().await;
    let (user, _) = canceled(&machine).await;
    machine.pass(days(31)).await;
    machine.pass(days(29)).await;
    let told = notices(&machine, &user.person).await;
    assert_eq!(told.last().unwrap(), ALL[4]);
    assert_eq!(access(&machine, &user.person).await, "read_only");

    let again = Subscriber::new(&user.workspace, machine.now());
    deliver(&machine, &again.purchase()).await;
    assert_eq!(access(&machine, &user.person).await, "full");
    machine.pass(days(10)).await;
    assert_eq!(notices(&machine, &user.person).await, told);
    assert_eq!(access(&machine, &user.person).await, "full");

    // the next end has its own course: a month, the days of grace, thirty days
    machine.pass(days(31 + 7 - 10 - 3)).await;
    let newest = notices(&machine, &user.person).await.pop();
    assert_eq!(newest.as_deref(), Some(ALL[0]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_plan_is_due_as_well_and_after_weeks_of_silence_not_without_a_warning() {
    let (machine, provider) = stage().await;
    let user = machine.user().await;
    let subscriber = Subscriber::new(&user.workspace, machine.now());
    deliver(&machine, &subscriber.purchase()).await;
    let charge = format!("GET /v1/charges/{}", subscriber.id("ch"));
    provider.answers(&charge, 200, subscriber.charge(4900));
    let refunded = subscriber.event("refunded", "charge.refunded", 7, &subscriber.charge(4900));
    deliver(&machine, &[refunded]).await;
    assert_eq!(access(&machine, &user.person).await, "read_only");

    machine.pass(days(70)).await;
    let told = notices(&machine, &user.person).await;
    assert_eq!(told.last().unwrap(), ALL[4]);
    machine.sign_in(&user.person).await;
    machine.pass(days(1) + A_WHILE).await;
    assert_eq!(
        notices(&machine, &user.person).await.last().unwrap(),
        ALL[5]
    );
    is_gone(&machine, &user).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_never_had_a_trial_is_due_thirty_days_after_its_opening() {
    let machine = TestMachine::start().await;
    let first = machine.user().await;
    let colleague = Person {
        company: first.person.company.clone(),
        ..Person::new()
    };
    let user = machine.user_like(colleague, &[]).await;
    let billing = user.api.get("/billing").await.json(200);
    assert_eq!(
        (&billing["trial"], &billing["open_until"]),
        (&json!(null), &json!(null))
    );
    for (passed, expected) in [(23, 3..4), (6, 3..5)] {
        machine.pass(days(passed)).await;
        assert_eq!(notices(&machine, &user.person).await, ALL[expected]);
    }
    machine.pass(days(1) + A_WHILE).await;
    is_gone(&machine, &user).await;
    machine.sign_in(&first.person).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_comes_when_the_destruction_has_begun_is_told_to_the_operator() {
    let (machine, _provider) = stage().await;
    let user = machine.user().await;
    let now = machine.now();
    let key = store::catalog::workspace::workspace_key(user.workspace.parse().unwrap());
    let closing = store::Update::new().set("closing_since", now).unwrap();
    machine
        .db()
        .update::<store::catalog::Workspace>("closing", &key, &closing)
        .await
        .unwrap();
    let subscriber = Subscriber::new(&user.workspace, now);
    deliver(&machine, &[subscriber.paid()]).await;
    let alarm = format!(
        "\"alarm\":\"payment_after_the_end\",\"provider\":\"stripe\",\"payment\":\"{}\"",
        subscriber.id("in")
    );
    assert!(crate::support::log::mentions(&alarm));
    let body = json!({"plan": "team", "provider": "stripe"});
    let refused = user.api.post("/billing/checkout", &body).await;
    refused.problem(409, "workspace_closing");
}
