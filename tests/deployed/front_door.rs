//! The HTTP API in front of the functions.

use assetbox_tests::http::Call;
use serde_json::Value;

use crate::deployment::Deployment;
use crate::report::row;

/// The committed document, which another test compares with the routes of the code.
const OPENAPI: &str = include_str!("../../infra/openapi.json");

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment: infra/deployed/run.sh"]
async fn every_route_reaches_its_function() {
    let deployed = Deployment::open().await;
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let mut routes = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            // a name that nothing has
            let nowhere: String = path
                .split('/')
                .map(|part| {
                    if part.starts_with('{') {
                        "nothing"
                    } else {
                        part
                    }
                })
                .collect::<Vec<_>>()
                .join("/");
            let call = Call::new(&method.to_uppercase(), &nowhere).json(&serde_json::json!({}));
            let answer = deployed.anonymous().send(call).await;
            assert!(
                answer.status.as_u16() < 500,
                "{method} {path}: {}",
                answer.text()
            );
            assert!(
                answer.header("x-request-id").is_some(),
                "{method} {path}: {}",
                answer.text()
            );
            routes += 1;
        }
    }
    row(
        "routes of the OpenAPI document through the gateway",
        &format!("{routes}, every one its function's answer"),
    );

    let unknown = deployed.anonymous().get("/no-such-route").await;
    assert_eq!(unknown.status, 404);
    assert!(
        unknown.header("x-request-id").is_none(),
        "the gateway answers this one: {}",
        unknown.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment: infra/deployed/run.sh"]
async fn our_web_front_end_may_call_the_api_and_no_other() {
    let deployed = Deployment::open().await;
    let origin = deployed.told.web_origin.clone();
    let preflight = |path: &str| {
        Call::new("OPTIONS", path)
            .header("origin", &origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type")
    };
    let answer = deployed.anonymous().send(preflight("/sessions")).await;
    assert!(answer.status.is_success(), "{}", answer.text());
    assert_eq!(
        answer.header("access-control-allow-origin"),
        Some(origin.as_str())
    );
    assert_eq!(
        answer.header("access-control-allow-credentials"),
        Some("true")
    );
    let foreign = preflight("/sessions").header("origin", "https://elsewhere.example");
    let foreign = deployed.anonymous().send(foreign).await;
    assert_ne!(
        foreign.header("access-control-allow-origin"),
        Some("https://elsewhere.example")
    );
    row("CORS of the API", "our origin, no other");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a deployment: infra/deployed/run.sh"]
async fn a_session_works_as_a_cookie_of_our_own_pages() {
    let deployed = Deployment::open().await;
    let user = deployed.user().await;
    user.browser().get("/me").await.is(200);
    let from_elsewhere =
        Call::new("DELETE", "/sessions/current").header("sec-fetch-site", "cross-site");
    let refused = user.browser().send(from_elsewhere).await;
    assert!(refused.status.is_client_error(), "{}", refused.text());
    user.browser().delete("/sessions/current").await.is(204);
    user.browser().get("/me").await.is(401);
    row(
        "cookies through the gateway",
        "a session of our pages, refused to others",
    );
}
