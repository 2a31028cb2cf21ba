//! What a controller sends (OpenDSR 2.0, 7.1), read from the raw body.

use domain::{
    contact::EmailAddress,
    opendsr::{AddressDigest, Regulation, SubjectRequestId, SubjectRequestType},
    time::Timestamp,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::answer::OpenDsrFault;

/// The most callback addresses of a request.
const MAX_CALLBACKS: usize = 5;
/// The most identities of a request.
const MAX_IDENTITIES: usize = 10;

/// Which version of the specification the sender speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edition {
    /// OpenGDPR: it knows no regulation but the GDPR.
    OpenGdpr,
    /// OpenDSR 2.
    OpenDsr,
}

impl Edition {
    /// The version of the API, as answers name it.
    pub fn api_version(self) -> &'static str {
        match self {
            Self::OpenGdpr => "1.0",
            Self::OpenDsr => "2.0",
        }
    }

    /// Whether a sender may ask for this version here.
    fn speaks(self, version: &str) -> bool {
        let major = version.split('.').next().unwrap_or_default();
        match self {
            Self::OpenGdpr => matches!(major, "0" | "1"),
            Self::OpenDsr => major == "2",
        }
    }
}

/// How a person is named.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct OpenDsrIdentity {
    /// Only `email` is supported.
    #[schema(example = "email")]
    pub identity_type: Option<String>,
    /// The address, or the SHA-256 of the address in lower case, in hexadecimal.
    pub identity_value: Option<String>,
    /// `raw` or `sha256`.
    #[schema(example = "raw")]
    pub identity_format: Option<String>,
}

/// A request that a controller passes on. What we don't know of is ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct OpenDsrRequest {
    /// `gdpr` or `ccpa`; required from version 2 on.
    #[schema(example = "gdpr")]
    pub regulation: Option<String>,
    /// The sender's own id of the request: a UUID of version 4 in lower case. Required.
    #[schema(example = "a7551968-d5d6-44b2-9831-815ac9017798")]
    pub subject_request_id: Option<String>,
    /// `access`, `portability` or `erasure`. Required.
    #[schema(example = "erasure")]
    pub subject_request_type: Option<String>,
    /// The person. All of them name one e-mail address. Required.
    pub subject_identities: Option<Vec<OpenDsrIdentity>>,
    /// When the person asked the sender (RFC 3339). Required.
    #[schema(example = "2026-11-23T09:00:00Z")]
    pub submitted_time: Option<String>,
    /// The version that the sender speaks.
    pub api_version: Option<String>,
    /// Where each change of the status is told: https, on the sender's registered hosts.
    pub status_callback_urls: Option<Vec<String>>,
    /// By processor; we have none.
    #[expect(dead_code, reason = "only its form is checked")]
    #[schema(value_type = Option<Object>)]
    pub extensions: Option<Map<String, Value>>,
}

/// A request that can be taken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Submission {
    pub regulation: Regulation,
    pub id: SubjectRequestId,
    pub asked: SubjectRequestType,
    pub address: AddressDigest,
    pub submitted_at: Timestamp,
    pub callbacks: Vec<String>,
}

/// Collects what is wrong, so that the sender learns of all of it at once.
#[derive(Default)]
struct Reader(Vec<OpenDsrFault>);

impl Reader {
    fn fault(&mut self, reason: &'static str, message: &str) {
        self.0.push(OpenDsrFault::validation(reason, message));
    }

    /// A field that must be there and be of its form.
    fn required<T>(
        &mut self,
        name: &str,
        value: Option<&String>,
        form: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let Some(value) = value else {
            self.fault("missing", &format!("{name} is required"));
            return None;
        };
        let read = read(value);
        if read.is_none() {
            self.fault("invalid", &format!("{name} must be {form}"));
        }
        read
    }

    fn regulation(&mut self, text: Option<&String>, edition: Edition) -> Option<Regulation> {
        if text.is_none() && edition == Edition::OpenGdpr {
            return Some(Regulation::Gdpr);
        }
        self.required("regulation", text, "gdpr or ccpa", |text| match text {
            "gdpr" => Some(Regulation::Gdpr),
            "ccpa" => Some(Regulation::Ccpa),
            _ => None,
        })
    }

    fn asked(&mut self, text: Option<&String>) -> Option<SubjectRequestType> {
        let form = "access, portability or erasure";
        self.required("subject_request_type", text, form, |text| match text {
            "access" => Some(SubjectRequestType::Access),
            "portability" => Some(SubjectRequestType::Portability),
            "erasure" => Some(SubjectRequestType::Erasure),
            _ => None,
        })
    }

    /// The one address that all identities name.
    fn address(&mut self, identities: Option<&Vec<OpenDsrIdentity>>) -> Option<AddressDigest> {
        let identities = identities.map(Vec::as_slice).unwrap_or_default();
        if identities.is_empty() {
            self.fault("missing", "subject_identities is required");
            return None;
        }
        if identities.len() > MAX_IDENTITIES {
            self.fault("invalid", "subject_identities has more than 10 identities");
            return None;
        }
        let read: Option<Vec<_>> = identities.iter().map(|one| self.identity(one)).collect();
        let read = read?;
        let first = *read.first()?;
        if read.iter().any(|other| *other != first) {
            let message =
                "subject_identities must name one e-mail address: send a request for each";
            self.fault("several_persons", message);
            return None;
        }
        Some(first)
    }

    fn identity(&mut self, identity: &OpenDsrIdentity) -> Option<AddressDigest> {
        let text = |value: &Option<String>| value.as_deref().unwrap_or_default().to_owned();
        if text(&identity.identity_type) != "email" {
            let message = "identity_type must be email, as discovery says";
            self.fault("unsupported_identity", message);
            return None;
        }
        let value = text(&identity.identity_value);
        let read = match text(&identity.identity_format).as_str() {
            "raw" => EmailAddress::new(&value)
                .ok()
                .as_ref()
                .map(AddressDigest::of),
            "sha256" => AddressDigest::from_hex(&value),
            _ => {
                let message = "identity_format must be raw or sha256, as discovery says";
                self.fault("unsupported_identity", message);
                return None;
            }
        };
        if read.is_none() {
            // never the value itself
            self.fault("invalid", "identity_value does not fit its type and format");
        }
        read
    }

    fn callbacks(&mut self, urls: Option<Vec<String>>) -> Vec<String> {
        let urls = urls.unwrap_or_default();
        if urls.len() > MAX_CALLBACKS {
            self.fault("invalid", "status_callback_urls has more than 5 addresses");
        }
        urls
    }
}

impl Submission {
    /// Reads a body.
    pub fn read(body: &[u8], edition: Edition) -> Result<Self, Vec<OpenDsrFault>> {
        let mut reader = Reader::default();
        let sent: OpenDsrRequest = match serde_json::from_slice(body) {
            Ok(sent) => sent,
            Err(error) => {
                // serde's own words may quote what was sent
                let (line, column) = (error.line(), error.column());
                let message = format!(
                    "the body is not JSON of the documented form (line {line}, column {column})"
                );
                reader.fault("malformed", &message);
                return Err(reader.0);
            }
        };
        let version = sent.api_version.as_deref();
        if version.is_some_and(|version| !edition.speaks(version)) {
            reader.fault(
                "unsupported_version",
                "api_version is not one of this address",
            );
        }
        let regulation = reader.regulation(sent.regulation.as_ref(), edition);
        let id = reader.required(
            "subject_request_id",
            sent.subject_request_id.as_ref(),
            "a UUID of version 4 in lower case",
            |text| text.parse().ok(),
        );
        let asked = reader.asked(sent.subject_request_type.as_ref());
        let address = reader.address(sent.subject_identities.as_ref());
        let submitted_at = reader.required(
            "submitted_time",
            sent.submitted_time.as_ref(),
            "a time of RFC 3339",
            |text| text.parse().ok(),
        );
        let callbacks = reader.callbacks(sent.status_callback_urls);
        match (regulation, id, asked, address, submitted_at) {
            (Some(regulation), Some(id), Some(asked), Some(address), Some(submitted_at))
                if reader.0.is_empty() =>
            {
                Ok(Self {
                    regulation,
                    id,
                    asked,
                    address,
                    submitted_at,
                    callbacks,
                })
            }
            _ => Err(reader.0),
        }
    }
}

#[cfg(test)]
mod tests {
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
}
