//! Requests through an HTTP API.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::send;
use crate::support::lambda::{ApiRequest, Program};
use crate::support::upload::{announced, send_to};
use crate::support::{TestMachine, pictures};

#[tokio::test(flavor = "multi_thread")]
async fn every_program_with_routes_answers_the_signed_in() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    for (function, path, open) in [
        ("SignupFunction", "/policies", true),
        ("AccountsFunction", "/me", false),
        ("PaymentsFunction", "/billing", false),
        ("AssetsFunction", "/assets", false),
        (
            "DataSubjectRequestsFunction",
            "/data-subject-requests",
            false,
        ),
    ] {
        let program = Program::start(&machine, function).await;
        let reply = send(&program, ApiRequest::new("GET", path).by(&user)).await;
        assert_eq!(reply.headers["content-type"], "application/json");
        assert_eq!(reply.headers["x-request-id"], ApiRequest::ID);
        reply.is(200);
        if !open {
            let nobody = send(&program, ApiRequest::new("GET", path)).await;
            assert_eq!(nobody.headers["www-authenticate"], "Bearer");
            nobody.problem(401, "sign_in_required");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_served_through_a_stage_and_in_base64() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let program = Program::start(&machine, "UploadsFunction").await;
    let picture = pictures::png();
    let form = announced("dot.png", "image/png", &picture);
    let begin = || ApiRequest::new("POST", "/uploads").json(&form);

    send(&program, begin())
        .await
        .problem(401, "sign_in_required");
    // the stage is a part of the path that API Gateway hands on
    let upload = send(&program, begin().by(&user).through_stage("prod")).await;
    let upload = upload.is(201);
    let http = machine.http();
    send_to(http, &upload["put"], picture).await.is(200);
    let path = format!("/uploads/{}", upload["id"].as_str().unwrap());
    let complete = ApiRequest::new("POST", &format!("{path}/complete")).by(&user);
    let finished = send(&program, complete).await.is(200);
    assert_eq!(finished["state"], "finished");
    let read = ApiRequest::new("GET", &path).by(&user);
    let read = send(&program, read.through_stage("prod")).await.is(200);
    assert_eq!(read["asset_id"], upload["asset_id"]);
    // the gateway decodes the path: what it matched as a name stays one
    for name in ["a#b", "a?b", "a%2Fb", "a\\b"] {
        let complete = ApiRequest::new("POST", &format!("/uploads/{name}/complete"));
        send(&program, complete.by(&user))
            .await
            .problem(404, "not_found");
    }
    machine.settled().await;
    let asset = format!("/assets/{}", upload["asset_id"].as_str().unwrap());
    let asset = user.api.get(asset).await.json(200);
    assert_eq!(asset["preview"]["state"], "ready");

    // bytes come as base64
    let encoded = STANDARD.encode(form.to_string());
    send(&program, begin().by(&user).base64(&encoded))
        .await
        .is(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_signs_in_and_out_by_its_cookies() {
    let machine = TestMachine::start().await;
    let person = machine.user().await.person;
    let program = Program::start(&machine, "AccountsFunction").await;
    let credentials = json!({"email": person.email, "password": person.password});
    let reply = send(
        &program,
        ApiRequest::new("POST", "/sessions").json(&credentials),
    )
    .await;
    // API Gateway makes a Set-Cookie of each
    let given = reply.cookies[0].as_str().unwrap().to_owned();
    assert_eq!(reply.cookies.as_array().unwrap().len(), 1);
    assert_eq!(reply.headers["set-cookie"], json!(null));
    reply.is(201);
    let (cookie, _) = given.split_once(';').unwrap();
    assert!(cookie.starts_with("__Host-session=abs_"), "{cookie}");

    let cookies = ["theme=dark", cookie, "language=en"];
    let read = || ApiRequest::new("GET", "/me").cookies(&cookies);
    send(&program, read()).await.is(200);
    let leave = ApiRequest::new("DELETE", "/sessions/current").cookies(&cookies);
    let from_elsewhere = leave.clone().header("sec-fetch-site", "cross-site");
    send(&program, from_elsewhere)
        .await
        .problem(403, "cross_site");
    let left = send(&program, leave.header("sec-fetch-site", "same-origin")).await;
    let taken = left.cookies[0].as_str().unwrap().to_owned();
    assert!(taken.contains("Max-Age=0"), "{taken}");
    left.is(204);
    send(&program, read())
        .await
        .problem(401, "sign_in_required");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_twice_is_never_taken_for_one() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let program = Program::start(&machine, "AssetsFunction").await;
    let list = || ApiRequest::new("GET", "/assets").by(&user);
    send(&program, list().query("limit=2")).await.is(200);
    let twice = send(&program, list().query("limit=2&limit=3")).await;
    let status = twice.status.as_u64().unwrap();
    assert!((400..500).contains(&status), "{}", twice.body);
    // two headers come as one, joined by a comma
    send(&program, list().by(&user))
        .await
        .problem(401, "sign_in_required");
}
