//! The browser's opt-out and the page of preferences (clauses 2.2, 4.9, 4.10).

use assetbox_tests::{Answer, Call, Person, TestMachine, User, tick};
use domain::time::SignedDuration;
use serde_json::{Value, json};

use super::consents::suppressed;

const TRANSFER: &str = "/me/consents/transfer";

async fn with_signal(user: &User, call: Call) -> Answer {
    user.api.send(call.header("sec-gpc", "1")).await
}

fn given(document: &str, machine: &TestMachine) -> Value {
    let mut yes = tick(machine, document, true);
    yes.as_object_mut().unwrap().remove("ticked");
    yes["given"] = json!(true);
    yes
}

async fn opt_outs(machine: &TestMachine) -> usize {
    machine.entries("signal.opted_out").await.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_up_under_the_signal_shares_nothing_whatever_is_ticked() {
    let machine = TestMachine::start().await;
    let person = Person::new();
    let boxes =
        ["processing", "transfer"].map(|what| tick(&machine, &format!("{what}-consent"), true));
    let form = Call::new("POST", "/signup").json(&person.form(&boxes));
    let browser = machine.browser_of(&person);
    browser.send(form.header("sec-gpc", "1")).await.is(202);
    machine.settled().await;
    machine.verify(&person).await.is(200);
    let user = machine.sign_in(&person).await;
    let consent = user.api.get(TRANSFER).await.json(200);
    assert_eq!(consent["given"], false);
    assert_eq!(consent["last"]["form"], "global_privacy_control");
    assert_eq!(opt_outs(&machine).await, 1);
    let me = user.api.get("/me").await.json(200);
    assert_eq!(me["objections"], json!(["ad_targeting"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signal_is_kept_once_and_given_up_by_a_later_choice_without_it() {
    let machine = TestMachine::start().await;
    let also = ["marketing-consent", "transfer-consent"];
    let user = machine.user_like(Person::new(), &also).await;
    for ignored in ["0", "true", "11"] {
        let call = Call::new("GET", "/me").header("sec-gpc", ignored);
        user.api.send(call).await.is(200);
    }
    assert_eq!(opt_outs(&machine).await, 0);
    assert_eq!(user.api.get(TRANSFER).await.json(200)["given"], true);

    for _ in 0..2 {
        let me = with_signal(&user, Call::new("GET", "/me")).await;
        assert_eq!(me.json(200)["objections"], json!(["ad_targeting"]));
        assert_eq!(me.header("vary"), Some("Sec-GPC"));
    }
    assert_eq!(opt_outs(&machine).await, 1, "the change, not every request");
    assert_eq!(user.api.get(TRANSFER).await.json(200)["given"], false);
    // it opts out of sharing, and of nothing else
    let marketing = user.api.get("/me/consents/marketing").await.json(200);
    assert_eq!(marketing["given"], true);

    let yes = given("transfer-consent", &machine);
    let under_signal = with_signal(&user, Call::new("PUT", TRANSFER).json(&yes)).await;
    under_signal.problem(409, "global_privacy_control");
    assert_eq!(user.api.put(TRANSFER, &yes).await.json(200)["given"], true);
    assert_eq!(user.api.get("/me").await.json(200)["objections"], json!([]));

    // a new session of a browser that sends it opts out again
    let credentials = json!({"email": user.person.email, "password": user.person.password});
    let sign_in = Call::new("POST", "/sessions").json(&credentials);
    let browser = machine.browser_of(&user.person);
    browser.send(sign_in.header("sec-gpc", "1")).await.is(201);
    assert_eq!(user.api.get(TRANSFER).await.json(200)["given"], false);
    assert_eq!(opt_outs(&machine).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_preferences_show_every_purpose_and_a_history_that_verifies() {
    let machine = TestMachine::start().await;
    let user = machine
        .user_like(Person::new(), &["marketing-consent"])
        .await;
    let no = json!({"given": false});
    user.api.put("/me/consents/marketing", &no).await.is(200);
    let page = user.api.get("/me/preferences").await.json(200);
    let purposes = page["purposes"].as_array().expect("a list");
    assert_eq!(purposes.len(), domain::processing::Purpose::ALL.len());
    let purpose = |name: &str| {
        let found = purposes.iter().find(|one| one["purpose"] == name);
        found.expect("a purpose").clone()
    };
    let marketing = purpose("marketing");
    assert_eq!(marketing["state"], "not_given");
    assert_eq!(marketing["change"]["path"], "/me/consents/marketing");
    assert_eq!(marketing["document"], "marketing-consent");
    assert_eq!(purpose("anonymous_stats")["state"], "browser_decides");
    let support = purpose("support");
    assert_eq!(support["state"], "in_force");
    assert_eq!(support["document"], "processing-consent");
    assert_eq!(support["change"]["kind"], "objection");
    assert!(!support["since"].is_null());

    let history = page["history"].as_array().expect("a list");
    let told: Vec<_> = history
        .iter()
        .map(|row| (row["purpose"].as_str().unwrap(), row["given"] == true))
        .collect();
    assert_eq!(told[0], ("marketing", false));
    assert_eq!(told.len(), 3);
    assert!(history.iter().all(|row| row["verified"] == true), "{page}");
    assert_eq!(page["consents"].as_array().map(Vec::len), Some(3));
    assert_eq!(page["global_privacy_control"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_outlives_the_erasure_until_the_owner_consents_anew() {
    let machine = TestMachine::start().await;
    let staff = machine.staff().await;
    let person = Person::new();
    let user = machine
        .user_like(person.clone(), &["marketing-consent"])
        .await;
    let no = json!({"given": false});
    user.api.put("/me/consents/marketing", &no).await.is(200);
    let asked = user
        .api
        .post("/data-subject-requests", &json!({"kind": "erasure"}))
        .await;
    let id = asked.json(201)["id"].as_str().expect("an id").to_owned();
    let approve = format!("/compliance/requests/{id}/approve");
    let reason = json!({"reason": "Nothing has to be kept."});
    staff.api.post(approve, &reason).await.is(200);
    machine.settled().await;
    user.api.get("/me").await.problem(401, "sign_in_required");
    assert!(suppressed(&machine, &user).await, "after the erasure");

    // sign-ups of one address are spaced by a minute
    machine.pass(SignedDuration::from_secs(61)).await;
    // whoever fills in the form again, with every box, takes nothing back
    machine
        .sign_up(&person, &["marketing-consent"])
        .await
        .is(202);
    assert!(suppressed(&machine, &user).await, "after a new sign-up");
    // its owner does, by the link that only they have
    machine.verify(&person).await.is(200);
    assert!(!suppressed(&machine, &user).await);
}
