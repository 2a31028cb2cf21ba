//! Months that are ours to charge (terms 4.3): with the payer's agreement, once, again on the
//! following days, and not any more when they say so.

use domain::billing::plan::month_after;
use domain::time::{Timestamp, days, shift};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Call, TestMachine, User, stance};

/// Somebody who has paid for a month at YooKassa, with the checkout at the stand-in.
async fn bought(machine: &TestMachine, renew: bool) -> (User, String) {
    let user = machine.user().await;
    let checkout = buy(machine, &user, renew).await;
    (user, checkout)
}

async fn buy(machine: &TestMachine, user: &User, renew: bool) -> String {
    let body = json!({"plan": "team", "provider": "yookassa", "renew": renew});
    let opened = user.api.post("/billing/checkout", &body).await.json(201);
    let url = opened["url"].as_str().unwrap();
    let checkout = url.rsplit('/').next().unwrap().to_owned();
    machine.provider().unwrap().pay(&checkout).await.unwrap();
    machine.settled().await;
    checkout
}

async fn billing(machine: &TestMachine, user: &User) -> Value {
    let user = machine.sign_in(&user.person).await;
    user.api.get("/billing").await.json(200)
}

fn time(value: &Value) -> Timestamp {
    value.as_str().expect("a time").parse().unwrap()
}

fn states(billing: &Value) -> Vec<&str> {
    let payments = billing["payments"].as_array().unwrap();
    payments
        .iter()
        .map(|payment| payment["state"].as_str().unwrap())
        .collect()
}

/// What the schedule sends: a request that came through no API.
fn tick() -> Value {
    let http = json!({"method": "POST", "path": "/duties"});
    json!({
        "version": "2.0",
        "rawPath": "/duties",
        "headers": {},
        "requestContext": {"http": http},
        "isBase64Encoded": false,
    })
}

async fn duties(machine: &TestMachine) -> Value {
    let done = machine.invoke("PaymentsFunction", tick()).await.unwrap();
    assert_eq!(done["statusCode"], 200, "{done}");
    serde_json::from_str(done["body"].as_str().unwrap()).unwrap()
}

/// Lets what is due be done, whether or not the schedule was faster.
async fn run(machine: &TestMachine) {
    assert_eq!(duties(machine).await["failed"], 0);
    machine.settled().await;
}

async fn run_at(machine: &TestMachine, at: Timestamp) {
    machine.jump_to(at);
    machine.settled().await;
    run(machine).await;
}

async fn letters(machine: &TestMachine, user: &User, subject: &str) -> usize {
    let mails = machine.mails_to(&user.person.email).await;
    let told = mails.iter().filter(|mail| mail.summary.subject == subject);
    told.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_month_is_charged_once_before_the_last_one_ends() {
    let machine = TestMachine::start().await;
    let (user, _) = bought(&machine, true).await;
    let first = billing(&machine, &user).await;
    assert_eq!(
        (&first["renews"], &first["next_plan"]),
        (&json!(true), &json!("team"))
    );
    let end = time(&first["paid_until"]);
    run_at(&machine, shift(end, -days(1))).await;
    assert_eq!(states(&billing(&machine, &user).await), ["paid"]);

    machine.jump_to(shift(end, SignedDuration::from_mins(-30)));
    futures::future::join_all((0..3).map(|_| duties(&machine))).await;
    run(&machine).await;
    let renewed = billing(&machine, &user).await;
    assert_eq!(states(&renewed), ["paid", "paid"]);
    assert_eq!(time(&renewed["paid_until"]), month_after(end));
    assert_eq!(
        (&renewed["status"], &renewed["renews"]),
        (&json!("active"), &json!(true))
    );
    let told = letters(&machine, &user, "We received your payment").await;
    assert_eq!(told, 2);
    // and the month after that
    run_at(&machine, month_after(end)).await;
    let third = billing(&machine, &user).await;
    assert_eq!(time(&third["paid_until"]), month_after(month_after(end)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_counts_also_when_the_notification_is_late() {
    let machine = TestMachine::start().await;
    let (user, _) = bought(&machine, true).await;
    let provider = machine.provider().unwrap();
    provider.hold(true).await.unwrap();
    let end = time(&billing(&machine, &user).await["paid_until"]);
    run_at(&machine, end).await;
    let renewed = billing(&machine, &user).await;
    assert_eq!(time(&renewed["paid_until"]), month_after(end));
    provider.deliver_waiting().await.unwrap();
    assert!(provider.events().await.iter().all(|event| event.arrived()));
    machine.settled().await;
    assert_eq!(billing(&machine, &user).await, renewed);
    let told = letters(&machine, &user, "We received your payment").await;
    assert_eq!(told, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_no_is_not_charged_and_is_reminded_before_the_workspace_closes() {
    let machine = TestMachine::start().await;
    let (user, _) = bought(&machine, true).await;
    let no = json!({"renews": false});
    let count = machine.count("PaymentsFunction");
    let said = user.api.post("/billing/renewal", &no).await.json(200);
    // the session, the read, the commit
    assert_eq!(count.total(), 3);
    assert_eq!(
        (&said["renews"], &said["next_plan"], &said["access"]),
        (&json!(false), &json!(null), &json!("full"))
    );
    let end = time(&said["paid_until"]);
    for day in 0..5 {
        run_at(&machine, shift(end, days(day))).await;
    }
    let billed = billing(&machine, &user).await;
    assert_eq!(states(&billed), ["paid"]);
    assert_eq!(billed["status"], "past_due");
    let reminder = "Three days of your plan are left";
    assert_eq!(letters(&machine, &user, reminder).await, 1);

    // yes again
    let user = machine.sign_in(&user.person).await;
    let yes = json!({"renews": true});
    user.api.post("/billing/renewal", &yes).await.is(200);
    run(&machine).await;
    let renewed = billing(&machine, &user).await;
    assert_eq!(states(&renewed), ["paid", "paid"]);
    assert_eq!(time(&renewed["paid_until"]), month_after(end));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_plan_begins_with_the_next_month() {
    let machine = TestMachine::start().await;
    let (user, _) = bought(&machine, true).await;
    let unknown = json!({"renews": true, "plan": "huge"});
    let refused = user.api.post("/billing/renewal", &unknown).await;
    refused.problem(422, "invalid_field");
    let studio = json!({"renews": true, "plan": "studio"});
    let said = user.api.post("/billing/renewal", &studio).await.json(200);
    assert_eq!(
        (&said["plan"], &said["next_plan"]),
        (&json!("team"), &json!("studio"))
    );
    run_at(&machine, time(&said["paid_until"])).await;
    let renewed = billing(&machine, &user).await;
    assert_eq!(
        (&renewed["plan"], &renewed["payments"][0]["amount_minor"]),
        (&json!("studio"), &json!(19_900))
    );
    assert_eq!(renewed["storage_limit_bytes"], 1_099_511_627_776_u64);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_charge_is_tried_again_for_days_and_ends_with_a_letter() {
    let machine = TestMachine::start().await;
    let (user, checkout) = bought(&machine, true).await;
    let provider = machine.provider().unwrap();
    provider.decline_renewals(&checkout, true).await.unwrap();
    let end = time(&billing(&machine, &user).await["paid_until"]);
    let mut failed = Vec::new();
    for day in 0..=7 {
        run_at(&machine, shift(end, days(day))).await;
        let billed = billing(&machine, &user).await;
        failed.push(states(&billed).len() - 1);
        let open = if day < 7 { "full" } else { "read_only" };
        assert_eq!(billed["access"], open, "day {day}");
    }
    assert_eq!(failed, [1, 2, 2, 3, 3, 4, 4, 4]);
    assert_eq!(letters(&machine, &user, "A payment failed").await, 4);
    for told in [
        "Three days of your plan are left",
        "One day of your plan is left",
        "Your plan has ended",
    ] {
        assert_eq!(letters(&machine, &user, told).await, 1, "{told}");
    }
    // nobody is charged for what has lapsed, and who pays goes on
    provider.decline_renewals(&checkout, false).await.unwrap();
    run_at(&machine, shift(end, days(9))).await;
    assert_eq!(billing(&machine, &user).await["access"], "read_only");
    let user = machine.sign_in(&user.person).await;
    buy(&machine, &user, true).await;
    let open = billing(&machine, &user).await;
    assert_eq!(
        (&open["access"], &open["renews"]),
        (&json!("full"), &json!(true))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_that_succeeds_late_pays_from_the_end_of_the_last_month() {
    let machine = TestMachine::start().await;
    let (user, checkout) = bought(&machine, true).await;
    let provider = machine.provider().unwrap();
    provider.decline_renewals(&checkout, true).await.unwrap();
    let end = time(&billing(&machine, &user).await["paid_until"]);
    run_at(&machine, end).await;
    let late = billing(&machine, &user).await;
    assert_eq!(late["status"], "past_due");
    assert_eq!(time(&late["grace_until"]), shift(end, days(7)));
    provider.decline_renewals(&checkout, false).await.unwrap();
    run_at(&machine, shift(end, days(1))).await;
    let paid = billing(&machine, &user).await;
    assert_eq!(paid["status"], "active");
    assert_eq!(time(&paid["paid_until"]), month_after(end));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_charged_who_did_not_agree() {
    let machine = TestMachine::start().await;
    let (user, _) = bought(&machine, false).await;
    let first = billing(&machine, &user).await;
    assert_eq!(first["renews"], false);
    let yes = json!({"renews": true});
    let refused = user.api.post("/billing/renewal", &yes).await;
    refused.problem(409, "nothing_to_renew");
    run_at(&machine, time(&first["paid_until"])).await;
    assert_eq!(states(&billing(&machine, &user).await), ["paid"]);
}

/// Clause 2.6: what would not be charged is not agreed upon either; to end it is always possible.
#[tokio::test(flavor = "multi_thread")]
async fn who_declines_the_terms_ends_the_renewal_and_agrees_to_none() {
    let machine = TestMachine::start().await;
    let (user, _) = bought(&machine, true).await;
    let decline = stance(&machine, "terms", false);
    user.api.put("/me/policies/terms", &decline).await.is(200);
    let renewal = async |renews: bool| {
        let body = json!({"renews": renews});
        user.api.post("/billing/renewal", &body).await
    };
    renewal(true).await.problem(403, "policy_declined");
    assert_eq!(renewal(false).await.json(200)["renews"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_charged_who_is_being_erased() {
    let machine = TestMachine::start().await;
    let (user, _) = bought(&machine, true).await;
    let end = time(&billing(&machine, &user).await["paid_until"]);
    let person = store::people::person_key(machine.only_subject().await);
    let erasing = store::Update::new().set("erasing_since", machine.now());
    machine
        .db()
        .update::<store::people::PersonRecord>("person", &person, &erasing.unwrap())
        .await
        .unwrap();
    let before = machine.provider().unwrap().events().await.len();
    machine.jump_to(end);
    machine.settled().await;
    duties(&machine).await;
    assert_eq!(machine.provider().unwrap().events().await.len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_of_which_no_event_arrived_is_asked_for() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let body = json!({"plan": "team", "provider": "stripe"});
    let opened = user.api.post("/billing/checkout", &body).await.json(201);
    let checkout = opened["url"].as_str().unwrap().rsplit('/').next().unwrap();
    let provider = machine.provider().unwrap();
    provider.pay(checkout).await.unwrap();
    let end = time(&billing(&machine, &user).await["paid_until"]);
    provider.hold(true).await.unwrap();
    machine.jump_to(end);
    provider.pay(checkout).await.unwrap();
    run_at(&machine, shift(end, days(1))).await;
    let renewed = billing(&machine, &user).await;
    assert!(time(&renewed["paid_until"]) > shift(end, days(27)));
    // told at last, it changes nothing about that
    provider.deliver_waiting_backwards().await.unwrap();
    let told = billing(&machine, &user).await;
    assert_eq!(told["paid_until"], renewed["paid_until"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_outside_starts_a_run() {
    let machine = TestMachine::start().await;
    let call = Call::new("POST", "/duties").json(&json!({}));
    machine.anonymous().send(call).await.is(404);
    let mut through_an_api = tick();
    through_an_api["requestContext"]["apiId"] = json!("api");
    let refused = machine.invoke("PaymentsFunction", through_an_api).await;
    assert_eq!(refused.unwrap()["statusCode"], 404);
}
