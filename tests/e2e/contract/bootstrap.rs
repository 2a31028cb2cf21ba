//! The real program of a function, driven over the Lambda Runtime API with real events.

use serde_json::{Value, json};

use crate::support::lambda::{Outcome, Program};
use crate::support::upload::{announced, send_to};
use crate::support::{TestMachine, User, pictures};

/// An event of an HTTP API, payload format 2.0, as API Gateway sends it
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).
fn event(method: &str, path: &str, user: Option<&User>, body: Option<&Value>) -> Value {
    let mut headers = json!({
        "accept": "*/*",
        "accept-encoding": "gzip, deflate, br",
        "content-length": body.map_or(0, |body| body.to_string().len()).to_string(),
        "host": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
        "user-agent": "curl/8.5.0",
        "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
        "x-forwarded-for": "205.255.255.176",
        "x-forwarded-port": "443",
        "x-forwarded-proto": "https",
    });
    if let Some(user) = user {
        headers["authorization"] = json!(format!("Bearer {}", user.token()));
    }
    if body.is_some() {
        headers["content-type"] = json!("application/json");
    }
    let mut event = json!({
        "version": "2.0",
        "routeKey": format!("{method} {path}"),
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "domainName": "abcdefghij.execute-api.eu-central-1.amazonaws.com",
            "domainPrefix": "abcdefghij",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "205.255.255.176",
                "userAgent": "curl/8.5.0",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": format!("{method} {path}"),
            "stage": "$default",
            "time": "10/Mar/2020:05:16:23 +0000",
            "timeEpoch": 1_583_817_383_220_i64,
        },
        "isBase64Encoded": false,
    });
    if let Some(body) = body {
        event["body"] = json!(body.to_string());
    }
    event
}

/// The HTTP answer of an invocation: its status and JSON body.
fn answer(outcome: Outcome) -> (Value, Value) {
    let Outcome::Answer(answer) = outcome else {
        panic!("an error: {outcome:?}");
    };
    let body = answer["body"].as_str().unwrap_or("null");
    (
        answer["statusCode"].clone(),
        serde_json::from_str(body).unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_uploads_program_serves_an_upload() {
    let machine = TestMachine::start().await;
    let user = machine.user().await;
    let program = Program::start(&machine, "uploads", "UploadsFunction").await;
    let picture = pictures::png();
    let body = announced("dot.png", "image/png", &picture);

    let (status, problem) = answer(
        program
            .invoke(event("POST", "/uploads", None, Some(&body)))
            .await,
    );
    assert_eq!(
        (status, &problem["code"]),
        (json!(401), &json!("sign_in_required"))
    );
    assert_eq!(problem["request_id"], "JKJaXmPLvHcESHA=");

    let (status, upload) = answer(
        program
            .invoke(event("POST", "/uploads", Some(&user), Some(&body)))
            .await,
    );
    assert_eq!(status, 201, "{upload}");
    send_to(machine.http(), &upload["put"], picture)
        .await
        .is(200);
    let path = format!("/uploads/{}/complete", upload["id"].as_str().unwrap());
    let (status, finished) = answer(
        program
            .invoke(event("POST", &path, Some(&user), None))
            .await,
    );
    assert_eq!(
        (status, &finished["state"]),
        (json!(200), &json!("finished"))
    );
    machine.settled().await;
    let asset = format!("/assets/{}", upload["asset_id"].as_str().unwrap());
    assert_eq!(
        user.api.get(asset).await.json(200)["preview"]["state"],
        "ready"
    );

    // A body that is base64, as API Gateway sends bytes.
    use base64::Engine;
    let mut encoded = event("POST", "/uploads", Some(&user), Some(&body));
    encoded["body"] = json!(base64::engine::general_purpose::STANDARD.encode(body.to_string()));
    encoded["isBase64Encoded"] = json!(true);
    let (status, _) = answer(program.invoke(encoded).await);
    assert_eq!(status, 201);

    // What is no event is an error of the invocation, and the program goes on.
    let outcome = program.invoke(json!({"not": "an event"})).await;
    let Outcome::Error(error) = outcome else {
        panic!("an answer: {outcome:?}");
    };
    assert!(error["errorMessage"].is_string(), "{error}");
    let nothing = "/uploads/upl_00000000000000000000000000000000";
    let (status, problem) = answer(
        program
            .invoke(event("GET", nothing, Some(&user), None))
            .await,
    );
    assert_eq!(
        (status, &problem["code"]),
        (json!(404), &json!("not_found"))
    );
}
