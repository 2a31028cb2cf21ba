//! The specification's text, section by section.

use assetbox_tests::controller::{Controller, path_of, uuid};
use assetbox_tests::{Answer, Call, Person, TestMachine};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opendsr::signature::SigningKey;
use serde_json::{Value, json};

use super::{certificate, is_signed};

/// Section 6: discovery. Section 10.1: the first version's routes and headers.
#[tokio::test(flavor = "multi_thread")]
async fn discovery_says_what_is_taken_and_where_the_certificate_is() {
    let machine = TestMachine::start().await;
    let certificate = certificate(&machine).await;
    let identities = json!([
        {"identity_type": "email", "identity_format": "raw"},
        {"identity_type": "email", "identity_format": "sha256"},
    ]);
    for (path, version) in [
        ("/opendsr/v2/discovery", "2.0"),
        ("/opengdpr/v1/discovery", "1.0"),
    ] {
        let answer = machine.anonymous().get(path).await;
        is_signed(&answer, &certificate);
        let discovery = answer.json(200);
        assert_eq!(discovery["api_version"], version);
        assert_eq!(discovery["supported_identities"], identities);
        let types = &discovery["supported_subject_request_types"];
        assert_eq!(*types, json!(["access", "portability", "erasure"]));
    }
}

/// Sections 7.3 and 4.2: the receipt, its two signatures, and that it is the same again.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_gets_a_signed_receipt_and_the_same_one_again() {
    let machine = TestMachine::start().await;
    let (certificate, controller) = (certificate(&machine).await, machine.controller("example"));
    let request = Controller::request("erasure", &Person::new().email, &[]);
    let answer = controller.pass(&request).await;
    is_signed(&answer, &certificate);
    let receipt = answer.json(201);
    assert_eq!(receipt["controller_id"], "example");
    let id = &request["subject_request_id"];
    assert_eq!(receipt["subject_request_id"], *id);
    let encoded = receipt["encoded_request"].as_str().unwrap();
    assert_eq!(
        STANDARD.decode(encoded).unwrap(),
        request.to_string().into_bytes()
    );
    let time = |name: &str| receipt[name].as_str().unwrap().parse().unwrap();
    let (received, expected): (jiff::Timestamp, jiff::Timestamp) =
        (time("received_time"), time("expected_completion_time"));
    assert!(received < expected);

    // the field signs the body without itself
    let own = receipt["processor_signature"].as_str().unwrap();
    let field = format!(",\"processor_signature\":\"{own}\"");
    let without = answer.text().replace(&field, "");
    assert!(certificate.has_signed(without.as_bytes(), own));

    let again = controller.pass(&request).await;
    assert_eq!((again.status, &again.body), (answer.status, &answer.body));
    let mut other = request.clone();
    other["subject_request_type"] = json!("access");
    refused(&controller.pass(&other).await, 400, "id_taken");
}

/// An error in the specification's form (7.6) with this reason.
#[track_caller]
fn refused(answer: &Answer, status: u16, reason: &str) -> Value {
    let document = answer.json(status);
    let error = &document["error"];
    assert_eq!(error["code"], status, "{document}");
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
    let faults = error["errors"].as_array().expect("errors");
    assert!(
        faults.iter().any(|fault| fault["reason"] == reason),
        "{document}"
    );
    for fault in faults {
        let texts = ["domain", "reason", "message"].map(|name| fault[name].as_str());
        assert!(texts.iter().all(Option::is_some), "{document}");
    }
    document
}

/// Sections 7.5 and 7.6: errors, without what was sent.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused_without_saying_who_it_was_about() {
    let machine = TestMachine::start().await;
    let controller = machine.controller("example");
    let person = Person::new();
    let request = Controller::request("erasure", &person.email, &[]);
    let with = |field: &str, value: Value| {
        let mut changed = request.clone();
        changed[field] = value;
        changed
    };
    let md5 = json!([{
        "identity_type": "email", "identity_format": "md5", "identity_value": person.email,
    }]);
    for (wrong, reason) in [
        (with("subject_request_id", json!(person.email)), "invalid"),
        (with("subject_request_type", Value::Null), "missing"),
        (with("subject_identities", md5), "unsupported_identity"),
        (with("subject_identities", json!(person.email)), "malformed"),
        (with("api_version", json!("3.0")), "unsupported_version"),
    ] {
        let answer = controller.pass(&wrong).await;
        refused(&answer, 400, reason);
        assert!(!answer.text().contains(&person.email), "{reason}");
    }
    for url in [
        "https://dsr.elsewhere.example/callbacks",
        "https://169.254.169.254/latest/meta-data",
        "http://localhost:1/",
        "file:///etc/passwd",
        "https://127.0.0.1@elsewhere.example/",
    ] {
        let wrong = with("status_callback_urls", json!([url]));
        refused(&controller.pass(&wrong).await, 400, "callback_not_allowed");
    }
    assert_eq!(exchanges(&machine).await, 0);
}

async fn exchanges(machine: &TestMachine) -> usize {
    let items = machine.items("CatalogTable").await;
    let of_ours = |item: &&assetbox_tests::machine::Item| {
        assetbox_tests::text(item, "pk").starts_with("OPENDSR#")
    };
    items.iter().filter(of_ours).count()
}

/// Section 4.3: who may send; and what one controller sees of another's.
#[tokio::test(flavor = "multi_thread")]
async fn only_registered_controllers_send_and_each_sees_its_own() {
    let machine = TestMachine::start().await;
    let (controller, other) = (
        machine.controller("example"),
        machine.controller("signing-example"),
    );
    let request = Controller::request("access", &Person::new().email, &[]);
    let stranger = machine.anonymous();
    let unknown = stranger.post("/opendsr/v2/requests", &request).await;
    assert_eq!(unknown.header("www-authenticate"), Some("Bearer"));
    refused(&unknown, 401, "unknown_sender");
    controller.pass(&request).await.is(201);
    let path = path_of(&request);
    refused(&stranger.get(&path).await, 401, "unknown_sender");
    let theirs = other.api.get(&path).await;
    let nothing = other
        .api
        .get(format!("/opendsr/v2/requests/{}", uuid()))
        .await;
    refused(&theirs, 404, "not_found");
    assert_eq!(theirs.body, nothing.body);
    refused(&other.api.delete(&path).await, 404, "not_found");
}

/// Section 8.8 the other way round: a body that is not signed as registered is a 403.
#[tokio::test(flavor = "multi_thread")]
async fn a_controller_with_a_certificate_signs_what_it_sends() {
    let machine = TestMachine::start().await;
    let (controller, plain) = (
        machine.controller("signing-example"),
        machine.controller("example"),
    );
    let secret = machine.secret();
    let key = secret["opendsr"]["private_key"].as_str().unwrap();
    let key = SigningKey::from_pem(key).unwrap();
    let request = Controller::request("access", &Person::new().email, &[]);
    let signature = key.sign(request.to_string().as_bytes()).unwrap();
    let call = || Call::new("POST", "/opendsr/v2/requests").json(&request);
    let signed = |header: &str| call().header(header, &signature);

    refused(&controller.api.send(call()).await, 403, "bad_signature");
    let of_another = key.sign(b"{}").unwrap();
    let wrong = call().header("x-opendsr-signature", &of_another);
    refused(&controller.api.send(wrong).await, 403, "bad_signature");
    // it can't be checked
    let unchecked = plain.api.send(signed("x-opendsr-signature")).await;
    refused(&unchecked, 403, "bad_signature");
    for header in ["x-opendsr-signature", "x-opengdpr-signature"] {
        controller.api.send(signed(header)).await.is(201);
    }
}

/// Sections 8.1, 8.3, 9 and 10.1: status and cancellation, under every name.
#[tokio::test(flavor = "multi_thread")]
async fn a_pending_request_is_asked_about_and_taken_back_under_every_name() {
    let machine = TestMachine::start().await;
    let (certificate, controller) = (certificate(&machine).await, machine.controller("example"));
    let mut request = Controller::request("portability", &Person::new().email, &[]);
    request.as_object_mut().unwrap().remove("regulation");
    request["api_version"] = json!("1.0");
    let passed = controller
        .api
        .post("/opengdpr/v1/opengdpr_requests", &request);
    let receipt = passed.await.json(201);
    let id = request["subject_request_id"].as_str().unwrap();
    for (path, version) in [
        (format!("/opendsr/v2/requests/{id}"), "2.0"),
        (format!("/opendsr/v2/status/{id}"), "2.0"),
        (format!("/opengdpr/v1/opengdpr_requests/{id}"), "1.0"),
        (format!("/opengdpr/v1/status/{id}"), "1.0"),
    ] {
        let answer = controller.api.get(path).await;
        is_signed(&answer, &certificate);
        let expected = json!({
            "controller_id": "example",
            "expected_completion_time": receipt["expected_completion_time"],
            "subject_request_id": id,
            "request_status": "pending",
            "api_version": version,
        });
        assert_eq!(answer.json(200), expected);
    }
    let cancelled = controller.api.delete(path_of(&request)).await;
    is_signed(&cancelled, &certificate);
    let told = cancelled.json(202);
    assert_eq!(told["subject_request_id"], id);
    let old = format!("/opengdpr/v1/opengdpr_requests/{id}");
    let again = controller.api.delete(old).await.json(202);
    assert_eq!(again["received_time"], told["received_time"]);
    let status = controller.status(&request).await;
    assert_eq!(status["request_status"], "cancelled");
    assert_eq!(status["extensions"]["127.0.0.1"]["outcome"], "withdrawn");
}
