//! Signing in and out, in browsers and programs.

use jiff::SignedDuration;
use serde_json::json;
use store::people::MAX_SESSIONS;

use crate::support::{Bearer, Call, Person, TestMachine, User, canary, told};

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_gets_a_cookie_that_only_our_pages_can_use() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let credentials =
        json!({"email": user.person.email.to_uppercase(), "password": user.person.password});
    let answer = machine.anonymous().post("/sessions", &credentials).await;
    let cookie = answer.is(201).header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-session=abs_"), "{cookie}");
    for attribute in [
        "; Path=/",
        "; Secure",
        "; HttpOnly",
        "; SameSite=Lax",
        "; Max-Age=43200",
    ] {
        assert!(cookie.contains(attribute), "{attribute} of {cookie}");
    }
    assert!(!cookie.contains("Domain"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));

    let browser = user.browser();
    browser.get("/me").await.is(200);
    let change = |site: &str| {
        Call::new("POST", "/data-subject-requests")
            .header("sec-fetch-site", site)
            .json(&json!({"kind": "access"}))
    };
    for site in ["cross-site", "same-site", "none"] {
        browser.send(change(site)).await.problem(403, "cross_site");
        let foreign = change(site).header("origin", "https://evil.example");
        browser.send(foreign).await.problem(403, "cross_site");
    }
    let old_browser = change("").header("origin", machine.api_url());
    browser.send(old_browser).await.is(201);
    browser
        .send(Call::new("GET", "/me").header("sec-fetch-site", "cross-site"))
        .await
        .is(200);
    // A program's header can't be sent by another site's page.
    let by_program = user.api.send(change("cross-site")).await;
    assert!(by_program.status.is_success(), "{}", by_program.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_after_twelve_hours() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    machine
        .advance(SignedDuration::from_secs(12 * 3600 - 120))
        .unwrap();
    user.api.get("/me").await.is(200);
    machine.advance(SignedDuration::from_secs(120)).unwrap();
    user.api.get("/me").await.problem(401, "sign_in_required");
    user.browser()
        .get("/me")
        .await
        .problem(401, "sign_in_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_one_session_and_everywhere_all() {
    let machine = TestMachine::start().await;
    let first = machine.user().await;
    let second = machine.sign_in(&first.person).await;
    let third = machine.sign_in(&first.person).await;
    let list = second.api.get("/sessions").await.json(200);
    let current: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["current"] == true)
        .collect();
    assert_eq!(current.len(), 3);
    assert_eq!(current.iter().filter(|is_current| **is_current).count(), 1);

    let answer = second.browser().delete("/sessions/current").await;
    assert!(
        answer
            .is(204)
            .header("set-cookie")
            .unwrap()
            .contains("Max-Age=0")
    );
    second.api.get("/me").await.problem(401, "sign_in_required");
    first.api.get("/me").await.is(200);
    let stranger = machine.user().await;
    third.api.delete("/sessions").await.is(204);
    for ended in [&first, &third] {
        ended.api.get("/me").await.problem(401, "sign_in_required");
        ended
            .browser()
            .get("/me")
            .await
            .problem(401, "sign_in_required");
    }
    stranger.api.get("/me").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_address_are_answered_alike() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let pending = Person::new();
    machine.sign_up(&pending, &[]).await.is(202);
    let mut answers = Vec::new();
    for email in [&user.person.email, &Person::new().email, &pending.email] {
        let count = machine.count("AccountsFunction");
        let credentials = json!({"email": email, "password": "not the password"});
        let answer = machine.anonymous().post("/sessions", &credentials).await;
        answer.problem(401, "wrong_credentials");
        answers.push((told(&answer), count.operations()));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(
        answers[0], answers[2],
        "a sign-up that is not confirmed is nobody's account"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_session_is_nobodys() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let token = user.token();
    let flipped = if token.ends_with('A') { "B" } else { "A" };
    let broken = format!("{}{flipped}", &token[..token.len() - 1]);
    let other = machine.user().await;
    // The other's names with this one's secret.
    let mixed = format!("{}{}", &other.token()[..44], &token[44..]);
    let mut answers = Vec::new();
    for token in [broken.as_str(), mixed.as_str(), "abs_", "x", ""] {
        let answer = machine
            .anonymous()
            .with(Bearer(token.to_owned()))
            .get("/me")
            .await;
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        answer.problem(401, "sign_in_required");
        answers.push(told(&answer));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    machine
        .anonymous()
        .get("/me")
        .await
        .problem(401, "sign_in_required");
}

/// Signs in again and again, in as many windows of limits as it takes.
async fn sign_in_often(machine: &TestMachine, person: &Person, times: usize) -> Vec<User> {
    let mut users = Vec::new();
    for attempt in 0..times {
        if attempt % 15 == 0 {
            to_a_new_window(machine);
        }
        users.push(machine.sign_in(person).await);
    }
    users
}

async fn count_open(users: &[User]) -> usize {
    let mut open = 0;
    for user in users {
        open += usize::from(user.api.get("/workspace").await.status == 200);
    }
    open
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_fifty_sessions_stay_open_and_end_together() {
    let machine = TestMachine::start().await;
    let first = machine.user().await;
    let newest = sign_in_often(&machine, &first.person, MAX_SESSIONS).await;
    first.api.get("/me").await.problem(401, "sign_in_required");
    let list = newest[0].api.get("/sessions").await.json(200);
    assert_eq!(list["items"].as_array().unwrap().len(), MAX_SESSIONS);
    assert_eq!(count_open(&newest).await, MAX_SESSIONS);

    let count = machine.count("AccountsFunction");
    newest[7].api.delete("/sessions").await.is(204);
    assert_eq!(count.of("TransactWriteItems"), 1, "in one transaction");
    assert_eq!(count.of("BatchWriteItem"), 0);
    assert_eq!(count_open(&newest).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_that_opens_meanwhile_survives_a_change_of_the_password() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    to_a_new_window(&machine);
    let passwords = json!({"current": user.person.password, "new": canary("Renewed")});
    let credentials = json!({"email": user.person.email, "password": user.person.password});
    let anonymous = machine.anonymous();
    let openings = (0..12).map(|_| anonymous.post("/sessions", &credentials));
    let (changed, opened) = futures::future::join(
        user.api.put("/me/password", &passwords),
        futures::future::join_all(openings),
    )
    .await;
    changed.is(204);
    user.api.get("/workspace").await.is(200);
    for answer in opened {
        if answer.status == 201 {
            let token = answer.json(201)["token"].as_str().unwrap().to_owned();
            let session = anonymous.with(Bearer(token));
            let late = session.get("/workspace").await;
            late.problem(401, "sign_in_required");
        } else {
            answer.problem(401, "wrong_credentials");
        }
    }
}

/// Windows of limits begin at whole quarters of an hour.
fn to_a_new_window(machine: &TestMachine) {
    let into = machine.now().as_second().rem_euclid(900);
    machine
        .advance(SignedDuration::from_secs(901 - into))
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_takes_twenty_attempts_in_a_window() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let nobody = Person::new();
    to_a_new_window(&machine);
    for email in [&user.person.email, &nobody.email] {
        let wrong = json!({"email": email, "password": "not the password"});
        for _ in 0..20 {
            machine
                .anonymous()
                .post("/sessions", &wrong)
                .await
                .problem(401, "wrong_credentials");
        }
        let answer = machine.anonymous().post("/sessions", &wrong).await;
        answer.problem(429, "too_many_requests");
        let seconds: u32 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=900).contains(&seconds));
    }
    let right = json!({"email": user.person.email, "password": user.person.password});
    machine
        .anonymous()
        .post("/sessions", &right)
        .await
        .problem(429, "too_many_requests");
    machine.advance(SignedDuration::from_mins(15)).unwrap();
    machine.anonymous().post("/sessions", &right).await.is(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_takes_a_hundred_attempts_in_a_window() {
    let machine = TestMachine::start().await;
    to_a_new_window(&machine);
    let attempt = async || {
        let credentials = json!({"email": Person::new().email, "password": "not the password"});
        machine.anonymous().post("/sessions", &credentials).await
    };
    for _ in 0..100 {
        attempt().await.problem(401, "wrong_credentials");
    }
    attempt().await.problem(429, "too_many_requests");
}
