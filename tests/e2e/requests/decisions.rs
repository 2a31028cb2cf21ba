//! The staff: a role, a queue with deadlines, and decisions with grounds.

use domain::time::Timestamp;
use serde_json::{Value, json};

use super::{ask, ask_with, decide, state_of};
use crate::support::{Call, Person, TestMachine, canary};

#[tokio::test(flavor = "multi_thread")]
async fn only_the_staff_see_and_decide() {
    let machine = TestMachine::start().await;
    let (user, staff) = (machine.user().await, machine.staff().await);
    let request = ask(&machine, &user, "erasure").await;
    let routes = [
        ("GET", "/compliance/requests".to_owned()),
        ("GET", format!("/compliance/requests/{request}")),
        ("POST", format!("/compliance/requests/{request}/verify")),
        ("POST", format!("/compliance/requests/{request}/extend")),
        ("POST", format!("/compliance/requests/{request}/refuse")),
        ("POST", format!("/compliance/requests/{request}/approve")),
        ("GET", format!("/compliance/requests/{request}/ledger")),
    ];
    for (method, path) in &routes {
        let call =
            Call::new(method, path).json(&json!({"reason": "x", "ground": "152-FZ art. 14"}));
        user.api.send(call.clone()).await.problem(403, "staff_only");
        machine
            .anonymous()
            .send(call)
            .await
            .problem(401, "sign_in_required");
    }
    assert_eq!(state_of(&user, &request).await, "verified");
    staff.api.get("/compliance/requests").await.is(200);
    let nothing = domain::ids::RequestId::new(machine.now());
    staff
        .api
        .get(format!("/compliance/requests/{nothing}"))
        .await
        .problem(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_in_the_order_of_deadlines_and_without_personal_data() {
    let machine = TestMachine::start().await;
    let (user, staff) = (machine.user().await, machine.staff().await);
    let words = canary("Words");
    let erasure = ask_with(
        &machine,
        &user,
        json!({"kind": "erasure", "details": words}),
    )
    .await;
    let correction = ask_with(
        &machine,
        &user,
        json!({"kind": "rectification", "fields": {"name": "Ada"}}),
    )
    .await;
    let queue = staff.api.get("/compliance/requests").await.json(200);
    let ids: Vec<_> = queue["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, [correction.as_str(), erasure.as_str()]);
    for word in user.person.canaries().iter().chain([&words]) {
        assert!(!queue.to_string().contains(word.as_str()));
    }
    let file = staff
        .api
        .get(format!("/compliance/requests/{erasure}"))
        .await
        .json(200);
    assert_eq!(file["details"], words);
    assert_eq!(
        (&file["level"], &file["overdue"]),
        (&json!("l3"), &json!(false))
    );
    let due: Timestamp = file["due_at"].as_str().unwrap().parse().unwrap();
    machine.jump_to(due);
    let staff = machine.sign_in(&staff.person).await;
    let late = staff
        .api
        .get(format!("/compliance/requests/{erasure}"))
        .await
        .json(200);
    assert_eq!(late["overdue"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_is_compared_approved_and_made() {
    let machine = TestMachine::start().await;
    let (user, staff) = (machine.user().await, machine.staff().await);
    let (name, phone) = (canary("Corrected"), "+442071838750");
    let body = json!({"kind": "rectification", "details": "I married.", "fields": {"name": name, "phone": phone}});
    let request = ask_with(&machine, &user, body).await;
    let file = staff
        .api
        .get(format!("/compliance/requests/{request}"))
        .await
        .json(200);
    assert_eq!(
        (&file["current"]["name"], &file["fields"]["name"]),
        (&json!(user.person.name), &json!(name))
    );
    decide(&machine, &staff, &request, "approve", Value::Null).await;
    assert_eq!(state_of(&user, &request).await, "completed");
    let profile = user.api.get("/me").await.json(200);
    assert_eq!(
        (&profile["name"], &profile["phone"]),
        (&json!(name), &json!(phone))
    );
    assert_eq!(profile["company"], user.person.company);
    let letter = machine.last_mail_to(&user.person.email).await;
    assert!(letter.text.unwrap().contains(&request));
    let empty = json!({"kind": "rectification", "details": "Something is wrong."});
    let problem = user
        .api
        .post("/data-subject-requests", &empty)
        .await
        .problem(422, "invalid_field");
    assert_eq!(problem["field"], "details");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_its_ground_and_where_to_complain() {
    let machine = TestMachine::start().await;
    let (user, staff) = (machine.user().await, machine.staff().await);
    let request = ask(&machine, &user, "erasure").await;
    let path = format!("/compliance/requests/{request}/refuse");
    for body in [
        json!({"ground": "", "reason": "No."}),
        json!({"ground": "because", "reason": "No."}),
        json!({"ground": "152-FZ art. 21(5)", "reason": " "}),
    ] {
        staff
            .api
            .post(&path, &body)
            .await
            .problem(422, "invalid_field");
    }
    let reason = canary("Reason");
    let body = json!({"ground": "152-FZ art. 21(5)", "reason": reason});
    decide(&machine, &staff, &request, "refuse", body.clone()).await;
    let view = user
        .api
        .get(format!("/data-subject-requests/{request}"))
        .await
        .json(200);
    assert_eq!(
        (&view["state"], &view["refusal_reason"]),
        (&json!("refused"), &json!(reason))
    );
    assert!(
        view["complaint_route"]
            .as_str()
            .unwrap()
            .contains("Roskomnadzor")
    );
    let letter = machine.last_mail_to(&user.person.email).await;
    assert!(
        letter
            .text
            .as_deref()
            .unwrap()
            .contains("152-FZ art. 21(5)")
    );
    for what in ["approve", "refuse", "extend", "verify"] {
        let answer = staff
            .api
            .post(format!("/compliance/requests/{request}/{what}"), &body)
            .await;
        assert!(
            [409, 422].contains(&answer.status.as_u16()),
            "{what}: {}",
            answer.text()
        );
    }
    // Another one may be made now.
    ask(&machine, &user, "erasure").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_is_extended_once_where_the_law_allows_it() {
    let machine = TestMachine::start().await;
    let (user, staff) = (machine.user().await, machine.staff().await);
    let erasure = ask(&machine, &user, "erasure").await;
    let extend = json!({"reason": "We wait for the archive."});
    let path = |request: &str| format!("/compliance/requests/{request}/extend");
    let refused = staff.api.post(path(&erasure), &extend).await;
    assert_eq!(
        refused.status,
        409,
        "152-FZ gives none for an erasure: {}",
        refused.text()
    );
    let before = user
        .api
        .get(format!("/data-subject-requests/{erasure}"))
        .await
        .json(200)["due_at"]
        .clone();

    // An access request waits only while its person is not proven.
    let somebody = machine.user().await;
    let email = &somebody.person.email;
    machine
        .anonymous()
        .post(
            "/data-subject-requests",
            &json!({"kind": "rectification", "email": email}),
        )
        .await
        .is(202);
    machine.settled().await;
    let link = machine.link(email, "request").await;
    let (request, token) = link.split_once('.').unwrap();
    let confirm = json!({"token": token, "fields": {"name": "Ada"}});
    let confirmed = machine
        .anonymous()
        .post(
            format!("/data-subject-requests/{request}/confirm"),
            &confirm,
        )
        .await
        .json(200);
    assert_eq!(confirmed["state"], "open", "a correction needs a session");
    assert_eq!(staff.api.post(path(request), &extend).await.status, 409);
    decide(&machine, &staff, request, "verify", Value::Null).await;
    assert_eq!(state_of(&somebody, request).await, "verified");
    let after = user
        .api
        .get(format!("/data-subject-requests/{erasure}"))
        .await
        .json(200)["due_at"]
        .clone();
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_is_made_once_though_it_is_sent_twice_at_once() {
    let machine = TestMachine::start().await;
    let staff = machine.staff().await;
    let user = machine.user_like(Person::new(), &[]).await;
    let request = ask(&machine, &user, "restriction").await;
    let path = format!("/compliance/requests/{request}/approve");
    let reason = json!({"reason": "Checked."});
    let answers = (0..5).map(|_| staff.api.post(&path, &reason));
    let answers = futures::future::join_all(answers).await;
    let made = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(made, 1, "{answers:?}");
    machine.settled().await;
    assert_eq!(state_of(&user, &request).await, "completed");
}
