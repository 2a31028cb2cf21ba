use aws_sdk_ses::primitives::Blob;
use aws_sdk_ses::types::RawMessage;
use http::Request;
use serde_json::json;

use crate::support::{Stack, get, json_body, send, text_body};

#[tokio::test(flavor = "multi_thread")]
async fn the_start_page_shows_what_runs() {
    let machine = Stack::default().start().await;
    let response = send(&machine, get("/")).await;
    assert_eq!(response.headers()["location"], "/_local/");
    let response = send(&machine, get("/_local/")).await;
    assert_eq!(response.status(), 200);
    let page = text_body(&response);
    for expected in [
        "WebFunction",
        "assetbox-jobs-queue",
        "assetbox-things-table",
        "DetectLabels",
        "+14 days",
        "/_local/mail",
        "/_local/provider/checkouts",
        "/_local/api/",
        "staff@assetbox.example",
        "Assetbox Privacy Policy",
        "/_local/policies/privacy-policy/ru",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    let status = json_body(&send(&machine, get("/_local/status")).await);
    assert_eq!(status["api_url"], machine.api_url());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_start_page_names_the_operator() {
    let machine = assetbox::Machine::start(assetbox::MachineOptions::default())
        .await
        .unwrap();
    let response = send(&machine, get("/_local/")).await;
    let page = text_body(&response);
    for expected in ["OPERATOR_NAME", "PRIVACY_ADDRESS", "MAIL_FROM"] {
        let mut functions = machine.model().functions.iter();
        let value = functions.find_map(|function| function.environment.get(expected));
        let value = value.unwrap().replace('<', "&lt;").replace('>', "&gt;");
        assert!(page.contains(&value), "{expected}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_can_be_read() {
    let machine = Stack::default().start().await;
    let english = send(&machine, get("/_local/policies/privacy-policy/en")).await;
    assert!(text_body(&english).contains("# Assetbox Privacy Policy"));
    let russian = send(&machine, get("/_local/policies/terms/ru")).await;
    assert_eq!(russian.status(), 200);
    for missing in ["privacy-policy/fr", "nothing/en"] {
        let response = send(&machine, get(&format!("/_local/policies/{missing}"))).await;
        assert_eq!(response.status(), 404, "{missing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_is_moved_by_a_call_and_a_form() {
    let machine = Stack::default().start().await;
    let call = Request::post("/_local/clock").body(br#"{"advance_seconds": 3600}"#.to_vec());
    let response = send(&machine, call.unwrap()).await;
    assert_eq!(json_body(&response)["offset_seconds"], 3_600);
    let form = Request::post("/_local/clock")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(b"advance_seconds=86400".to_vec());
    assert_eq!(send(&machine, form.unwrap()).await.status(), 303);
    assert_eq!(machine.clock().offset().as_secs(), 90_000);
    for wrong in [
        r#"{"advance_seconds": -1}"#,
        r#"{"advance_seconds": 0}"#,
        "{}",
        "",
    ] {
        let call = Request::post("/_local/clock").body(wrong.as_bytes().to_vec());
        assert_eq!(send(&machine, call.unwrap()).await.status(), 400, "{wrong}");
    }
    assert_eq!(machine.clock().offset().as_secs(), 90_000);
}

const MAIL: &str = "From: Box <box@example.com>\r\nTo: ann@example.com\r\nSubject: Welcome <b>\r\n\
    MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=B\r\n\r\n\
    --B\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nOpen http://127.0.0.1:1/confirm#signup=abl_1 now\r\n\
    --B\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Open <a href=\"http://127.0.0.1:1/\">it</a></p>\r\n--B--\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn mail_is_listed_and_read() {
    let machine = Stack::default().start().await;
    let empty = send(&machine, get("/_local/mail")).await;
    assert!(text_body(&empty).contains("No mail yet"));
    let ses = aws_sdk_ses::Client::new(&machine.sdk_config("test"));
    let message = RawMessage::builder().data(Blob::new(MAIL)).build().unwrap();
    let sent = ses
        .send_raw_email()
        .source("box@example.com")
        .destinations("ann@example.com");
    let sent = sent.raw_message(message).send().await.unwrap();
    assert!(
        machine
            .calls()
            .since(0)
            .iter()
            .any(|call| call.service == "ses" && call.operation == "SendRawEmail")
    );

    let list = send(&machine, get("/_local/mail")).await;
    assert!(text_body(&list).contains("Welcome &lt;b&gt;"));
    let id = &machine.mailbox().list().await.unwrap()[0].id;
    assert!(sent.message_id.contains(id.as_str()));
    let message = send(&machine, get(&format!("/_local/mail/{id}"))).await;
    let page = text_body(&message);
    assert!(
        page.contains("<a href=\"http://127.0.0.1:1/confirm#signup=abl_1\""),
        "{page}"
    );
    assert!(page.contains("<iframe sandbox="));
    let html = send(&machine, get(&format!("/_local/mail/{id}/html"))).await;
    let policy = html.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("sandbox ") && policy.contains("default-src 'none'"));

    let delete = Request::post(format!("/_local/mail/{id}/delete")).body(Vec::new());
    assert_eq!(send(&machine, delete.unwrap()).await.status(), 303);
    assert_eq!(
        send(&machine, get(&format!("/_local/mail/{id}")))
            .await
            .status(),
        404
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_get_nothing() {
    let machine = Stack::default().start().await;
    let renamed = Request::get("/_local/mail")
        .header("host", "evil.example")
        .body(Vec::new());
    assert_eq!(send(&machine, renamed.unwrap()).await.status(), 403);
    let posted = Request::post("/_local/clock")
        .header("sec-fetch-site", "cross-site")
        .body(json!({"advance_seconds": 60}).to_string().into_bytes());
    assert_eq!(send(&machine, posted.unwrap()).await.status(), 403);
    assert_eq!(machine.clock().offset().as_secs(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_is_described_by_a_document_and_a_page() {
    let machine = Stack::default().start().await;
    let document = send(&machine, get("/_local/openapi.json")).await;
    assert_eq!(json_body(&document)["openapi"], "3.1.0");
    let page = send(&machine, get("/_local/api/")).await;
    assert_eq!(page.headers()["content-type"], "text/html");
    let script = send(&machine, get("/_local/api/swagger-initializer.js")).await;
    assert!(text_body(&script).contains("/_local/openapi.json"));
    assert_eq!(
        send(&machine, get("/_local/api/nothing")).await.status(),
        404
    );
}
