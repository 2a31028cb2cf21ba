use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{any, get as on_get, post};
use http::Request as HttpRequest;
use lambda_http::RequestExt;

use crate::support::{Stack, get, json_body, send, text_body};

#[tokio::test(flavor = "multi_thread")]
async fn a_request_reaches_its_function_and_its_answer_comes_back() {
    let contexts = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&contexts);
    let web = Router::new().route(
        "/things/{id}",
        on_get(move |Path(id): Path<String>, request: Request| async move {
            let context = serde_json::to_value(request.request_context_ref()).unwrap();
            kept.lock().unwrap().push(context);
            let cookie = format!("{:?}", request.headers().get("cookie").unwrap());
            (
                [("set-cookie", "a=1"), ("x-cookie", &cookie)],
                format!("thing {id}"),
            )
                .into_response()
        }),
    );
    let machine = Stack {
        web,
        ..Stack::default()
    }
    .start()
    .await;

    let request = HttpRequest::get("/things/7?x=1")
        .header("cookie", "s=1; t=2")
        .body(Vec::new());
    let response = send(&machine, request.unwrap()).await;

    assert_eq!(response.status(), 200);
    assert_eq!(text_body(&response), "thing 7");
    assert_eq!(response.headers()["set-cookie"], "a=1");
    assert_eq!(response.headers()["x-cookie"], "\"s=1; t=2\"");
    let contexts = contexts.lock().unwrap();
    assert_eq!(contexts[0]["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(contexts[0]["routeKey"], "GET /things/{id}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_pass_both_ways() {
    let echo =
        Router::new().route(
            "/files/{*rest}",
            any(|body: bytes::Bytes| async move {
                ([("content-type", "application/octet-stream")], body)
            }),
        );
    let machine = Stack {
        web: echo,
        ..Stack::default()
    }
    .start()
    .await;
    let bytes: Vec<u8> = (0..=255).collect();

    let response = send(
        &machine,
        HttpRequest::put("/files/a/b").body(bytes.clone()).unwrap(),
    )
    .await;

    assert_eq!(response.body().as_ref(), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_route_is_not_found() {
    let machine = Stack::default().start().await;
    let response = send(&machine, get("/nothing")).await;
    assert_eq!(response.status(), 404);
    assert_eq!(
        json_body(&response),
        serde_json::json!({"message": "Not Found"})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused() {
    let web = Router::new().route("/things", post(|| async { "in" }));
    let machine = Stack {
        web,
        ..Stack::default()
    }
    .start()
    .await;
    let request = HttpRequest::post("/things").body(vec![b'x'; 10 * 1024 * 1024 + 1]);
    assert_eq!(send(&machine, request.unwrap()).await.status(), 413);
    let request = HttpRequest::post("/things").body(vec![b'x'; 1024]);
    assert_eq!(send(&machine, request.unwrap()).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_panics_or_hangs_ends_alone() {
    let web = Router::new()
        .route(
            "/things",
            on_get(|| async {
                panic!("a test's panic");
                #[allow(unreachable_code)]
                ""
            }),
        )
        .route(
            "/things/newest",
            on_get(|| async {
                std::future::pending::<()>().await;
                StatusCode::OK
            }),
        )
        .route("/things/{id}", on_get(|| async { "fine" }));
    let template = Stack::default()
        .template
        .replace("Timeout: 20", "Timeout: 1");
    let machine = Stack {
        web,
        template,
        ..Stack::default()
    }
    .start()
    .await;

    assert_eq!(send(&machine, get("/things")).await.status(), 500);
    assert_eq!(send(&machine, get("/things/newest")).await.status(), 503);
    assert_eq!(send(&machine, get("/things/1")).await.status(), 200);
    assert_eq!(machine.runs("WebFunction").unwrap().failures, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn allowed_origins_get_their_permissions() {
    let web = Router::new().route("/things", on_get(|| async { "things" }));
    let machine = Stack {
        web,
        ..Stack::default()
    }
    .start()
    .await;
    let preflight = HttpRequest::options("/things")
        .header("origin", "https://app.example.com")
        .header("access-control-request-method", "GET")
        .body(Vec::new());
    let response = send(&machine, preflight.unwrap()).await;
    assert_eq!(response.status(), 204);
    assert_eq!(
        response.headers()["access-control-allow-methods"],
        "GET,POST"
    );

    let request = HttpRequest::get("/things")
        .header("origin", "https://app.example.com")
        .body(Vec::new());
    let response = send(&machine, request.unwrap()).await;
    assert_eq!(
        response.headers()["access-control-allow-origin"],
        "https://app.example.com"
    );
}
