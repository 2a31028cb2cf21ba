//! What requests must not be misused for: letters in masses, and the copy of somebody's data.

use assetbox_tests::stage::jobs;
use assetbox_tests::{Call, Stage};
use domain::time::SignedDuration;
use serde_json::json;

use super::{ask, id, somebody};

#[tokio::test(flavor = "multi_thread")]
async fn one_person_makes_thirty_requests_a_day() {
    let stage = Stage::start().await;
    // the day is one of the clock's
    let into = stage.now().as_second().rem_euclid(24 * 3600);
    stage.advance(SignedDuration::from_secs(24 * 3600 + 1 - into));
    let user = somebody(&stage).await;
    let body = json!({"kind": "restriction"});
    for _ in 0..30 {
        let answer = user.api.post("/data-subject-requests", &body).await;
        assert!(answer.status.is_success(), "{}", answer.text());
    }
    let answer = user.api.post("/data-subject-requests", &body).await;
    answer.problem(429, "too_many_requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_goes_to_our_own_pages_after_a_fresh_sign_in_on_every_way() {
    let stage = Stage::start().await;
    let user = somebody(&stage).await;
    let asked = ask(&user, json!({"kind": "access"})).await;
    for job in jobs(&stage.take().await) {
        assert!(stage.carry_out(&job).await);
    }
    let request = format!("/data-subject-requests/{}", id(&asked));
    let path = format!("{request}/export");
    let led = |path: &str| Call::new("GET", path).header("sec-fetch-site", "cross-site");
    let browser = user.browser();
    browser.send(led(&path)).await.problem(403, "cross_site");
    browser.get(&path).await.is(200);
    // a program says by itself who it is
    user.api.send(led(&path)).await.is(200);

    stage.advance(SignedDuration::from_mins(10));
    for way in [&path, &format!("{path}?part=html")] {
        let stale = user.api.get(way).await;
        stale.problem(401, "fresh_sign_in_required");
        browser
            .get(way)
            .await
            .problem(401, "fresh_sign_in_required");
    }
    let head = user.api.send(Call::new("HEAD", &path)).await;
    assert!(head.status.is_client_error());
    // the request's page needs no fresh sign-in, and says nothing of the copy's content
    let page = user.api.get(&request).await;
    page.is(200);
    for word in user.person.canaries() {
        assert!(!page.text().contains(&word), "{word}");
    }
}
