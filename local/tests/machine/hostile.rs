//! Requests that no well-meaning client sends, to the whole product: each is answered, none by a
//! failure of ours.

use assetbox::{Machine, MachineOptions};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The status of the answer to these bytes.
async fn status_of(machine: &Machine, request: &[u8]) -> u16 {
    let address = machine.api_url().trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A server may answer before it has read what it will not take.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|text| text.parse().ok());
    status.unwrap_or_else(|| panic!("no answer to {}", shown(request)))
}

fn shown(request: &[u8]) -> String {
    let start = &request[..request.len().min(200)];
    start.escape_ascii().to_string()
}

fn request(method: &str, target: impl AsRef<[u8]>, headers: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = format!("{method} ").into_bytes();
    bytes.extend(target.as_ref());
    bytes.extend(b" HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "Host") {
        bytes.extend(b"Host: 127.0.0.1\r\n");
    }
    for (name, value) in headers {
        bytes.extend(name.as_bytes());
        bytes.extend(b": ");
        bytes.extend(*value);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"\r\n");
    bytes
}

async fn product() -> Machine {
    Machine::start(MachineOptions::default()).await.unwrap()
}

/// The functions are as well as before.
async fn is_well(machine: &Machine) {
    for function in &machine.model().functions {
        let runs = machine.runs(&function.id).unwrap();
        assert_eq!(runs.failures, 0, "{}", function.id);
    }
    assert_eq!(
        status_of(machine, &request("GET", "/policies", &[])).await,
        200
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_is_our_failure() {
    let machine = product().await;
    let endings: [&[u8]; 24] = [
        b"%00",
        b"%2F",
        b"%2f..%2fx",
        b"%ff",
        b"%ff%fe",
        b"%C3%28",
        b"..",
        b"../me",
        b"%2e%2e/preview",
        b"%5C..%5Cme",
        b"/",
        b"//x",
        b"%",
        b"%zz",
        b"%25",
        b"%3Fx=1",
        b"%23x",
        b"%0d%0aX-Evil:1",
        b"%20",
        b"\xd0\xb9",
        b"\xff",
        b"{id}",
        b"a%2Fdownload",
        b"",
    ];
    let beginnings = [
        "/assets/",
        "/policies/",
        "/uploads/",
        "/unsubscribe/",
        "/certificates/",
        "/sessions/",
        "/webhooks/payments/",
        "/data-subject-requests/",
        "/compliance/requests/",
        "/",
        "/_local/",
        "/_local/mail/",
        "/_local/api/",
        "/_local/provider/checkout/",
    ];
    for beginning in beginnings {
        for ending in endings {
            for method in ["GET", "POST", "DELETE", "PATCH"] {
                let request = request(method, [beginning.as_bytes(), ending].concat(), &[]);
                let status = status_of(&machine, &request).await;
                assert!(status < 500, "{status} to {}", shown(&request));
            }
        }
    }
    for target in [
        "*",
        "//",
        "//assets",
        "http://elsewhere.example/assets",
        "elsewhere:80",
        "x",
    ] {
        for method in ["GET", "OPTIONS", "CONNECT", "PROPFIND"] {
            let request = request(method, target, &[]);
            let status = status_of(&machine, &request).await;
            assert!(status < 500, "{status} to {}", shown(&request));
        }
    }
    is_well(&machine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_query_is_our_failure() {
    let machine = product().await;
    let mut queries: Vec<String> = [
        "limit=99999999999999999999",
        "limit=-1",
        "cursor=%00",
        "cursor=%ff",
        "label=%ff",
        "&&==&",
        "label=%",
        "label=a&label=b",
        "?",
        "%00=%00",
    ]
    .map(str::to_owned)
    .into();
    for length in [9_000, 10_300, 65_400, 65_540, 100 * 1024, 1024 * 1024] {
        queries.push(format!("label={}", "x".repeat(length)));
        queries.push(format!("label={}", "%00".repeat(length / 3)));
    }
    for query in queries {
        for path in [
            "/assets",
            "/policies",
            "/confirm",
            "/nothing",
            "/_local/mail",
        ] {
            let request = request("GET", format!("{path}?{query}"), &[]);
            let status = status_of(&machine, &request).await;
            assert!(status < 500, "{status} to {}", shown(&request));
        }
    }
    is_well(&machine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_header_is_our_failure() {
    let machine = product().await;
    let long = vec![b'x'; 100 * 1024];
    let values: [&[u8]; 9] = [
        b"",
        b"\xff\xfe",
        b"\xd0\xb9",
        b"\t",
        b"\"",
        b"a,b;c=d",
        b"=;=;",
        b"Bearer",
        &long,
    ];
    let names = [
        "Authorization",
        "Cookie",
        "Content-Type",
        "If-Match",
        "Idempotency-Key",
        "Origin",
        "User-Agent",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "Accept-Language",
        "X-Amzn-Trace-Id",
        "Sec-Fetch-Site",
    ];
    for name in names {
        for value in values {
            for (method, path) in [
                ("GET", "/assets"),
                ("POST", "/uploads"),
                ("GET", "/_local/"),
            ] {
                let request = request(method, path, &[(name, value)]);
                let status = status_of(&machine, &request).await;
                assert!(status < 500, "{status} to {}", shown(&request));
            }
        }
    }
    let hosts: [&[u8]; 9] = [
        b"",
        b"[",
        b"999.1.1.1",
        b"a b",
        b"a/b?c#d",
        b"me:secret@a",
        b"a:99999",
        b"\xff",
        &long,
    ];
    for host in hosts {
        let request = request("GET", "/policies", &[("Host", host)]);
        let status = status_of(&machine, &request).await;
        assert!(
            (400..500).contains(&status),
            "{status} to {}",
            shown(&request)
        );
    }
    let twice = request("GET", "/policies", &[("Host", b"a"), ("Host", b"b")]);
    assert_eq!(status_of(&machine, &twice).await, 400);
    let many: Vec<_> = (0..200).map(|_| ("X-Many", &b"1"[..])).collect();
    assert!(status_of(&machine, &request("GET", "/policies", &many)).await < 500);
    let oversize = request("GET", "/policies", &[("X-Long", &long[..10_240])]);
    assert_eq!(status_of(&machine, &oversize).await, 431);
    is_well(&machine).await;
}

/// Bytes as they may stand in a request line, some of them percent-encoded.
fn target() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| format!("%{byte:02X}")),
        "[!-~&&[^ ]]{1,4}",
        Just("/".to_owned()),
        Just("../".to_owned()),
    ];
    let beginning = prop_oneof![
        Just("/"),
        Just("/assets/"),
        Just("/policies/"),
        Just("/unsubscribe/"),
        Just("/assets?"),
    ];
    (beginning, proptest::collection::vec(piece, 0..12))
        .prop_map(|(beginning, pieces)| format!("{beginning}{}", pieces.concat()))
}

#[test]
fn no_target_is_our_failure() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let machine = runtime.block_on(product());
    let mut runner = TestRunner::new(Config::with_cases(256));
    let outcome = runner.run(&target(), |target| {
        let status = runtime.block_on(status_of(&machine, &request("GET", &target, &[])));
        prop_assert!(status < 500, "{} to {}", status, target);
        Ok(())
    });
    outcome.unwrap();
    runtime.block_on(is_well(&machine));
}
