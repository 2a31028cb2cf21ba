//! What a web page does: preflights, cross-origin uploads, posted forms.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::Request;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{ACCESS_KEY, Answer, Harness, PLAIN, REGION, SECRET_KEY, presigned, send};

const PAGE: &str = "https://app.example";

fn preflight(harness: &Harness, path: &str, origin: &str, method: &str) -> Request<String> {
    Request::options(harness.url(path))
        .header("origin", origin)
        .header("access-control-request-method", method)
        .header(
            "access-control-request-headers",
            "content-type,x-amz-checksum-sha256",
        )
        .body(String::new())
        .unwrap()
}

#[tokio::test]
async fn a_preflight_is_answered_for_allowed_pages_only() {
    let harness = Harness::start().await;
    let allowed = send(preflight(&harness, "/plain-bucket/a/b", PAGE, "PUT")).await;
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.header("access-control-allow-origin"), PAGE);
    assert!(
        allowed
            .header("access-control-allow-methods")
            .contains("PUT")
    );
    assert_eq!(
        allowed.header("access-control-allow-headers"),
        "content-type,x-amz-checksum-sha256"
    );
    let form = send(preflight(&harness, "/plain-bucket", PAGE, "POST")).await;
    assert_eq!(form.status, 200);

    let strange_page = preflight(&harness, "/plain-bucket/a", "https://evil.example", "PUT");
    let strange_method = preflight(&harness, "/plain-bucket/a", PAGE, "PATCH");
    let strange_bucket = preflight(&harness, "/no-such-bucket/a", PAGE, "PUT");
    for request in [strange_page, strange_method, strange_bucket] {
        let refused = send(request).await;
        assert_eq!(refused.status, 403);
        assert_eq!(refused.header("access-control-allow-origin"), "");
        assert!(refused.text().contains("AccessForbidden"));
    }
}

#[tokio::test]
async fn a_page_may_read_the_tag_of_its_upload() {
    let harness = Harness::start().await;
    let url = crate::presigned::put(&harness, "picture", 5).await;
    let stored = send(presigned(&url, &[("origin", PAGE)], "12345")).await;
    assert_eq!(stored.status, 200);
    assert_eq!(stored.header("access-control-allow-origin"), PAGE);
    let exposed = stored.header("access-control-expose-headers");
    assert!(
        exposed.contains("ETag") && exposed.contains("Location"),
        "{exposed}"
    );
    assert!(!stored.header("etag").is_empty());
    // A refusal is readable too, so that the page can show it.
    let refused = send(presigned(&url, &[("origin", PAGE)], "123456")).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.header("access-control-allow-origin"), PAGE);
    let stranger = send(presigned(
        &url,
        &[("origin", "https://evil.example")],
        "12345",
    ))
    .await;
    assert_eq!(stranger.header("access-control-allow-origin"), "");
}

/// A form whose policy allows up to ten bytes of PNG at one key until `expiration`.
struct Form {
    fields: Vec<(String, String)>,
}

impl Form {
    fn new(key: &str, signed: Timestamp, expiration: Timestamp, secret: &str) -> Self {
        let date = signed.strftime("%Y%m%d").to_string();
        let credential = format!("{ACCESS_KEY}/{date}/{REGION}/s3/aws4_request");
        let mut fields = vec![
            ("key".to_owned(), key.to_owned()),
            ("content-type".to_owned(), "image/png".to_owned()),
            ("success_action_status".to_owned(), "201".to_owned()),
            ("x-amz-meta-name".to_owned(), "picture".to_owned()),
            ("x-amz-algorithm".to_owned(), "AWS4-HMAC-SHA256".to_owned()),
            ("x-amz-credential".to_owned(), credential),
            (
                "x-amz-date".to_owned(),
                signed.strftime("%Y%m%dT%H%M%SZ").to_string(),
            ),
        ];
        let mut conditions: Vec<Value> = fields
            .iter()
            .map(|(name, value)| json!({name: value}))
            .collect();
        conditions.push(json!({"bucket": PLAIN}));
        conditions.push(json!(["content-length-range", 1, 10]));
        let policy = json!({"expiration": expiration.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string(), "conditions": conditions});
        let policy = BASE64_STANDARD.encode(policy.to_string());
        let key = [date.as_str(), REGION, "s3", "aws4_request"]
            .iter()
            .fold(format!("AWS4{secret}").into_bytes(), |key, part| {
                sign(&key, part)
            });
        fields.push((
            "x-amz-signature".to_owned(),
            hex::encode(sign(&key, &policy)),
        ));
        fields.push(("policy".to_owned(), policy));
        Self { fields }
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    async fn post(self, harness: &Harness, file: &str) -> Answer {
        let mut body = String::new();
        for (name, value) in self.fields {
            body += &format!(
                "--frontier\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        body += &format!(
            "--frontier\r\ncontent-disposition: form-data; name=\"file\"; filename=\"f\"\r\n\
             content-type: image/png\r\n\r\n{file}\r\n--frontier--\r\n"
        );
        let request = Request::post(harness.url("/plain-bucket"))
            .header("content-type", "multipart/form-data; boundary=frontier")
            .header("origin", PAGE)
            .body(body);
        send(request.unwrap()).await
    }
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn form(key: &str) -> Form {
    let now = Timestamp::now();
    Form::new(key, now, now + SignedDuration::from_mins(10), SECRET_KEY)
}

#[tokio::test]
async fn a_form_uploads_what_its_policy_allows() {
    let harness = Harness::start().await;
    let posted = form("pöst/a b.png").post(&harness, "12345").await;
    assert_eq!(posted.status, 201, "{}", posted.text());
    let address = harness.url("/plain-bucket/p%C3%B6st/a%20b.png");
    assert_eq!(posted.header("location"), address);
    assert!(
        posted
            .text()
            .contains(&format!("<Location>{address}</Location>")),
        "{}",
        posted.text()
    );
    assert!(posted.text().contains("<Key>pöst/a b.png</Key>"));
    assert_eq!(
        posted.header("etag"),
        "\"827ccb0eea8a706c4c34a16891f84e7b\""
    );
    assert_eq!(posted.header("access-control-allow-origin"), PAGE);
    assert_eq!(harness.get(PLAIN, "pöst/a b.png").await, "12345");
    let head = harness
        .client
        .head_object()
        .bucket(PLAIN)
        .key("pöst/a b.png")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_type(), Some("image/png"));
    assert_eq!(head.metadata().unwrap()["name"], "picture");
    assert_eq!(harness.events()[0].event_name, "ObjectCreated:Post");
}

#[tokio::test]
async fn a_form_beyond_its_policy_is_refused() {
    let harness = Harness::start().await;
    let now = Timestamp::now();
    let minutes = SignedDuration::from_mins(10);
    let code = |answer: Answer| {
        let text = answer.text();
        let code = text
            .split_once("<Code>")
            .and_then(|(_, rest)| rest.split_once("</Code>"));
        (
            answer.status.as_u16(),
            code.map(|(code, _)| code.to_owned()).unwrap_or(text),
        )
    };
    assert_eq!(
        code(form("key").post(&harness, "12345678901").await),
        (400, "EntityTooLarge".to_owned())
    );
    assert_eq!(
        code(form("key").post(&harness, "").await),
        (400, "EntityTooSmall".to_owned())
    );
    let expired = Form::new("key", now, now - minutes, SECRET_KEY);
    assert_eq!(
        code(expired.post(&harness, "12345").await),
        (403, "AccessDenied".to_owned())
    );
    let other_key = form("key").set("key", "other");
    assert_eq!(
        code(other_key.post(&harness, "12345").await),
        (403, "AccessDenied".to_owned())
    );
    let other_type = form("key").set("content-type", "text/html");
    assert_eq!(
        code(other_type.post(&harness, "12345").await),
        (403, "AccessDenied".to_owned())
    );
    let more = form("key").set("x-amz-meta-more", "1");
    assert_eq!(
        code(more.post(&harness, "12345").await),
        (403, "AccessDenied".to_owned())
    );
    let forged = Form::new("key", now, now + minutes, "another-secret");
    assert_eq!(
        code(forged.post(&harness, "12345").await),
        (403, "SignatureDoesNotMatch".to_owned())
    );
    assert!(harness.store.list_all_versions(PLAIN).unwrap().is_empty());
    assert!(harness.files().is_empty() && harness.events().is_empty());
}
