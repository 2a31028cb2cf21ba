//! New passwords: by a mailed link, or with the present one.

use jiff::SignedDuration;
use serde_json::json;

use crate::support::{Person, TestMachine, canary, told};

async fn ask(machine: &TestMachine, email: &str) -> crate::support::Answer {
    let answer = machine
        .anonymous()
        .post("/password-resets", &json!({"email": email}))
        .await;
    machine.settled().await;
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_tells_nothing_and_writes_to_owners_only() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let before = machine.mailbox().list().await.unwrap().len();
    let mut answers = Vec::new();
    for email in [&user.person.email, &Person::new().email] {
        let count = machine.count("AccountsFunction");
        let answer = ask(&machine, email).await;
        answers.push((told(answer.is(202)), count.total()));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(machine.mailbox().list().await.unwrap().len(), before + 1);
    // Whoever asks again at once causes no second letter.
    ask(&machine, &user.person.email).await.is(202);
    assert_eq!(machine.mailbox().list().await.unwrap().len(), before + 1);
    machine.advance(SignedDuration::from_secs(61)).unwrap();
    ask(&machine, &user.person.email).await.is(202);
    assert_eq!(machine.mailbox().list().await.unwrap().len(), before + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_sets_a_password_once_and_ends_every_session() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    ask(&machine, &user.person.email).await.is(202);
    let token = machine.link(&user.person.email, "reset").await;
    let confirm = async |password: &str| {
        let body = json!({"token": token, "password": password});
        machine
            .anonymous()
            .post("/password-resets/confirm", &body)
            .await
    };
    confirm("password1234").await.problem(422, "weak_password");
    confirm(&user.person.company)
        .await
        .problem(422, "weak_password");
    let renewed = Person {
        password: canary("Renewed"),
        ..user.person.clone()
    };
    confirm(&renewed.password).await.is(204);
    confirm(&canary("Third"))
        .await
        .problem(410, "link_used_or_over");
    user.api.get("/me").await.problem(401, "sign_in_required");
    let old = json!({"email": user.person.email, "password": user.person.password});
    machine
        .anonymous()
        .post("/sessions", &old)
        .await
        .problem(401, "wrong_credentials");
    machine.sign_in(&renewed).await.api.get("/me").await.is(200);
    machine.settled().await;
    assert_eq!(
        machine.last_mail_to(&renewed.email).await.summary.subject,
        "Your password was changed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_works_for_an_hour_and_for_nothing_else() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    ask(&machine, &user.person.email).await.is(202);
    let token = machine.link(&user.person.email, "reset").await;
    for path in ["/signup/verify", "/me/email-change/confirm"] {
        machine
            .anonymous()
            .post(path, &json!({"token": token}))
            .await
            .problem(410, "link_used_or_over");
    }
    machine.advance(SignedDuration::from_hours(1)).unwrap();
    let body = json!({"token": token, "password": canary("Renewed")});
    machine
        .anonymous()
        .post("/password-resets/confirm", &body)
        .await
        .problem(410, "link_used_or_over");
    machine.sign_in(&user.person).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_present_password_the_other_sessions_end() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let other = machine.sign_in(&user.person).await;
    let new = canary("Renewed");
    let wrong = json!({"current": "not the password", "new": new});
    user.api
        .put("/me/password", &wrong)
        .await
        .problem(403, "wrong_password");
    let weak = json!({"current": user.person.password, "new": "qwertyuiop12"});
    user.api
        .put("/me/password", &weak)
        .await
        .problem(422, "weak_password");
    other.api.get("/me").await.is(200);
    let good = json!({"current": user.person.password, "new": new});
    user.api.put("/me/password", &good).await.is(204);
    user.api.get("/me").await.is(200);
    other.api.get("/me").await.problem(401, "sign_in_required");
    machine.settled().await;
    assert_eq!(
        machine
            .last_mail_to(&user.person.email)
            .await
            .summary
            .subject,
        "Your password was changed"
    );
}
