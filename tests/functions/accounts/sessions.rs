//! Sessions: their names, their traces, and cookies without a word of where they come from.

use assetbox_tests::{Call, TestMachine};

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_alone_is_not_enough_for_a_change() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let other = machine.sign_in(&user.person).await;
    let cookie = format!("{}={}", platform::http::SESSION_COOKIE, user.token());
    let sign_out = || Call::new("DELETE", "/sessions").header("cookie", &cookie);
    let from_nowhere = machine.anonymous().send(sign_out()).await;
    from_nowhere.problem(403, "cross_site");
    other.api.get("/me").await.is(200);
    let from_our_page = sign_out().header("origin", machine.api_url());
    machine.anonymous().send(from_our_page).await.is(204);
    other.api.get("/me").await.problem(401, "sign_in_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_session_has_a_short_name_and_an_entry_in_the_ledger() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    machine.sign_in(&user.person).await;
    let list = user.api.get("/sessions").await.json(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert!(
        items
            .iter()
            .all(|item| item["id"].as_str().unwrap().len() == 12)
    );
    assert_eq!(machine.entries("session.opened").await.len(), 2);
}
