#![allow(clippy::unwrap_used)]
use super::*;
use proptest::prelude::*;
use serde_json::json;

fn good() -> Value {
    json!({
        "regulation": "gdpr",
        "subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798",
        "subject_request_type": "erasure",
        "submitted_time": "2026-11-23T09:00:00+03:00",
        "subject_identities": [{
            "identity_type": "email",
            "identity_value": "Ada@example.com",
            "identity_format": "raw",
        }],
        "api_version": "2.0",
        "status_callback_urls": ["https://dsr.acme.example/callbacks"],
        "extensions": {"dsr.other.example": {"property": 1}},
    })
}

fn read(body: &Value, edition: Edition) -> Result<Submission, Vec<&'static str>> {
    let read = Submission::read(body.to_string().as_bytes(), edition);
    read.map_err(|faults| faults.iter().map(|fault| fault.reason).collect())
}

fn with(field: &str, value: Value) -> Value {
    let mut body = good();
    body[field] = value;
    body
}

#[test]
fn a_request_as_the_specification_has_it_is_taken() {
    let asked = read(&good(), Edition::OpenDsr).unwrap();
    assert_eq!(asked.asked, SubjectRequestType::Erasure);
    assert_eq!(asked.regulation, Regulation::Gdpr);
    assert_eq!(asked.callbacks, ["https://dsr.acme.example/callbacks"]);
    let address = EmailAddress::new("ada@example.com").unwrap();
    assert_eq!(asked.address, AddressDigest::of(&address));
    let utc: Timestamp = "2026-11-23T06:00:00Z".parse().unwrap();
    assert_eq!(asked.submitted_at, utc);
    let mut short = good();
    for field in ["api_version", "status_callback_urls", "extensions"] {
        short.as_object_mut().unwrap().remove(field);
    }
    assert!(read(&short, Edition::OpenDsr).unwrap().callbacks.is_empty());
}

#[test]
fn an_address_may_be_hashed_and_named_twice_but_not_two_of_them() {
    let address = EmailAddress::new("ada@example.com").unwrap();
    let hashed = hex::encode(AddressDigest::of(&address).0);
    let identity = |format: &str, value: &str| json!({"identity_type": "email", "identity_format": format, "identity_value": value});
    let same = json!([
        identity("raw", "ada@example.com"),
        identity("sha256", &hashed)
    ]);
    let asked = read(&with("subject_identities", same), Edition::OpenDsr).unwrap();
    assert_eq!(asked.address, AddressDigest::of(&address));
    let two = json!([
        identity("raw", "ada@example.com"),
        identity("raw", "b@example.com")
    ]);
    let refused = read(&with("subject_identities", two), Edition::OpenDsr);
    assert_eq!(refused.unwrap_err(), ["several_persons"]);
}

#[test]
fn what_is_wrong_is_named_all_at_once_and_never_quoted() {
    let body = json!({
        "regulation": "lgpd",
        "subject_request_id": "A7551968-D5D6-44B2-9831-815AC9017798",
        "subject_request_type": "rectification",
        "submitted_time": "yesterday",
        "subject_identities": [{
            "identity_type": "email",
            "identity_value": "canary",
            "identity_format": "raw",
        }],
        "api_version": "3.1",
    });
    let faults = Submission::read(body.to_string().as_bytes(), Edition::OpenDsr).unwrap_err();
    assert_eq!(faults.len(), 6);
    assert!(faults.iter().all(|fault| !fault.message.contains("canary")));
    let missing = read(&json!({}), Edition::OpenDsr).unwrap_err();
    assert_eq!(missing, ["missing"; 5]);
}

#[test]
fn formats_and_types_that_are_not_offered_are_refused() {
    for (kind, format) in [
        ("email", "md5"),
        ("email", "sha1"),
        ("android_id", "raw"),
        ("controller_customer_id", "raw"),
    ] {
        let identity = json!([{
            "identity_type": kind, "identity_format": format, "identity_value": "x",
        }]);
        let refused = read(&with("subject_identities", identity), Edition::OpenDsr);
        assert_eq!(
            refused.unwrap_err(),
            ["unsupported_identity"],
            "{kind} {format}"
        );
    }
    for field in ["subject_identities", "status_callback_urls", "extensions"] {
        let refused = read(&with(field, json!("x")), Edition::OpenDsr);
        assert_eq!(refused.unwrap_err(), ["malformed"], "{field}");
    }
    let many = Value::from(vec!["https://dsr.acme.example/"; 6]);
    let refused = read(&with("status_callback_urls", many), Edition::OpenDsr);
    assert_eq!(refused.unwrap_err(), ["invalid"]);
}

#[test]
fn the_first_version_knows_one_regulation_only() {
    let mut old = with("api_version", json!("1.0"));
    old.as_object_mut().unwrap().remove("regulation");
    let asked = read(&old, Edition::OpenGdpr).unwrap();
    assert_eq!(asked.regulation, Regulation::Gdpr);
    let refused = read(&old, Edition::OpenDsr).unwrap_err();
    assert_eq!(refused, ["unsupported_version", "missing"]);
}

proptest! {
    #[test]
    fn no_body_is_quoted_back(canary in "[a-z]{12}", body in "\\PC{0,40}") {
        let texts = [
            body.replace("x", &canary),
            json!({"subject_identities": canary}).to_string(),
            json!({"subject_request_id": canary, "subject_identities": [
                {"identity_type": canary, "identity_value": canary, "identity_format": canary}
            ]}).to_string(),
            format!("{{\"regulation\": \"{canary}"),
        ];
        for text in texts {
            let faults = Submission::read(text.as_bytes(), Edition::OpenDsr).unwrap_err();
            prop_assert!(!faults.is_empty());
            prop_assert!(faults.iter().all(|fault| !fault.message.contains(&canary)));
        }
    }

    #[test]
    fn only_what_has_every_field_is_taken(
        field in prop::sample::select(vec![
            "regulation", "subject_request_id", "subject_request_type", "submitted_time",
            "subject_identities",
        ]),
        value in prop_oneof![
            Just(Value::Null), Just(json!(1)), Just(json!([])), Just(json!({})), Just(json!("")),
        ],
    ) {
        prop_assert!(read(&with(field, value), Edition::OpenDsr).is_err());
    }
}
