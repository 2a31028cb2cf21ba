//! A withdrawal by a letter that is proven to come from the address on file: a link takes it back
//! for seven days, and then it is carried out (5.2b, level L1).

use assetbox_tests::stage::{jobs, letters};
use assetbox_tests::{Call, Stage, User};
use domain::consequence::{Job, Letter};
use domain::contact::EmailAddress;
use domain::ids::RequestId;
use domain::request::RequestKind;
use domain::time::days;
use serde_json::json;

use super::{read, somebody};

/// A withdrawal by letter after the job has taken it in: its id, and the secret of the link.
async fn withdrawn(stage: &Stage, user: &User) -> (String, String) {
    let address = EmailAddress::new(&user.person.email).unwrap();
    let job = Job::TakeRequest {
        login: stage.lookup().email(&address).to_string(),
        request: RequestId::new(stage.now()),
        kind: RequestKind::Withdrawal,
        received_at: stage.now(),
        proven: true,
    };
    // however often it comes
    for _ in 0..2 {
        assert!(stage.carry_out(&job).await);
    }
    let messages = stage.take().await;
    let [Letter::WithdrawalByLetter { request, .. }] = letters(&messages)[..] else {
        panic!("one letter with a link: {messages:?}");
    };
    (request.to_string(), stage.secret_in(&messages[0]).await)
}

/// What the schedule orders.
async fn ordered(stage: &Stage) -> Vec<Job> {
    stage.hand("RetentionFunction", json!({})).await.unwrap();
    jobs(&stage.take().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_click_takes_it_back_and_no_scanner_does() {
    let stage = Stage::start().await;
    let user = somebody(&stage).await;
    let (request, secret) = withdrawn(&stage, &user).await;
    let view = read(&user, &request).await;
    assert_eq!(view["state"], "open");
    assert!(view["destruction_at"].as_str() < view["due_at"].as_str());

    let path = |what: &str| format!("/data-subject-requests/{request}/{what}");
    for method in ["GET", "HEAD"] {
        let fetched = stage
            .anonymous()
            .send(Call::new(method, path("cancel")))
            .await;
        assert!(fetched.status.is_client_error(), "{method}");
    }
    // it confirms nothing
    let token = json!({"token": secret});
    let confirmed = stage.anonymous().post(path("confirm"), &token).await;
    confirmed.problem(410, "link_over");
    assert_eq!(read(&user, &request).await["state"], "open");

    let cancelled = stage.anonymous().post(path("cancel"), &token).await;
    assert_eq!(cancelled.json(200)["state"], "cancelled");
    let again = stage.anonymous().post(path("cancel"), &token).await;
    again.problem(410, "link_over");
    stage.advance(days(8));
    assert_eq!(ordered(&stage).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_cancels_is_carried_out_after_seven_days() {
    let stage = Stage::start().await;
    let user = somebody(&stage).await;
    let subject = stage.subject_of(&user.person.email).await;
    let (request, secret) = withdrawn(&stage, &user).await;
    stage.advance(days(6));
    assert_eq!(ordered(&stage).await, []);
    stage.advance(days(1));
    let orders = ordered(&stage).await;
    let [job @ Job::CarryOut { .. }] = &orders[..] else {
        panic!("one order: {orders:?}");
    };
    // first the last letter to the person goes out
    assert!(!stage.carry_out(job).await);
    let messages = stage.take().await;
    assert!(
        matches!(letters(&messages)[..], [Letter::ErasureBegins { .. }]),
        "{messages:?}"
    );
    let path = format!("/data-subject-requests/{request}/cancel");
    let token = json!({"token": secret});
    let late = stage.anonymous().post(path, &token).await;
    assert!(late.status.is_client_error(), "{}", late.text());
    assert!(stage.carry_out(job).await);
    let left = stage.keys("PeopleTable", &format!("SUBJ#{subject}")).await;
    assert!(left.is_empty(), "{left:?}");
}
