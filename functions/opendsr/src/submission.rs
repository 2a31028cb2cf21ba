//! What a controller sends (OpenDSR 2.0, 7.1), read from the raw body.

#[cfg(test)]
mod tests;

use domain::{
    contact::EmailAddress,
    opendsr::{AddressDigest, Regulation, SubjectRequestId, SubjectRequestType},
    time::Timestamp,
};
use platform::http::Object;
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
    #[schema(value_type = Option<Vec<OpenDsrIdentity>>)]
    pub subject_identities: Option<Vec<Object<OpenDsrIdentity>>>,
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
    fn address(
        &mut self,
        identities: Option<&Vec<Object<OpenDsrIdentity>>>,
    ) -> Option<AddressDigest> {
        let identities = identities.map(Vec::as_slice).unwrap_or_default();
        if identities.is_empty() {
            self.fault("missing", "subject_identities is required");
            return None;
        }
        if identities.len() > MAX_IDENTITIES {
            self.fault("invalid", "subject_identities has more than 10 identities");
            return None;
        }
        let each = identities.iter().map(|Object(one)| self.identity(one));
        let read: Option<Vec<_>> = each.collect();
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
            Ok(Object(sent)) => sent,
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
