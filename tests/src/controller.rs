//! A controller that passes requests on by OpenDSR.

use serde_json::{Value, json};

use crate::http::{Answer, Bearer, Client};
use crate::{TestMachine, random};

/// A registered controller at the API.
pub struct Controller {
    /// What it calls with.
    pub api: Client<Bearer>,
}

/// A UUID of version 4.
#[must_use]
pub fn uuid() -> String {
    let mut bytes = random::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex::encode(bytes);
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]);
    parts.join("-")
}

impl TestMachine {
    /// A controller that the secret names.
    pub fn controller(&self, id: &str) -> Controller {
        let secret = self.secret();
        let controllers = secret["opendsr"]["controllers"].as_array();
        let mut controllers = controllers.expect("controllers").iter();
        let found = controllers.find(|one| one["id"] == id).expect("this one");
        let token = found["token"].as_str().expect("a token").to_owned();
        Controller {
            api: self.anonymous().with(Bearer(token)),
        }
    }

    /// Lets the schedule of exchanges run, whether or not it has just run by itself.
    pub async fn exchanges(&self) -> Value {
        self.settled().await;
        let http = json!({"method": "POST", "path": "/exchanges"});
        let tick = json!({
            "version": "2.0",
            "rawPath": "/exchanges",
            "headers": {},
            "requestContext": {"http": http},
            "isBase64Encoded": false,
        });
        let done = self.invoke("OpendsrFunction", tick).await.unwrap();
        assert_eq!(done["statusCode"], 200, "{done}");
        serde_json::from_str(done["body"].as_str().unwrap()).unwrap()
    }
}

impl Controller {
    /// A request as the specification has it.
    #[must_use]
    pub fn request(kind: &str, email: &str, callbacks: &[String]) -> Value {
        json!({
            "regulation": "gdpr",
            "subject_request_id": uuid(),
            "subject_request_type": kind,
            "submitted_time": "2026-11-20T09:00:00Z",
            "subject_identities": [{
                "identity_type": "email",
                "identity_value": email,
                "identity_format": "raw",
            }],
            "api_version": "2.0",
            "status_callback_urls": callbacks,
        })
    }

    /// Passes a request on.
    pub async fn pass(&self, request: &Value) -> Answer {
        self.api.post("/opendsr/v2/requests", request).await
    }

    /// Where a request stands.
    pub async fn status(&self, request: &Value) -> Value {
        self.api.get(path_of(request)).await.json(200)
    }
}

/// Where a request is asked about and taken back.
#[must_use]
pub fn path_of(request: &Value) -> String {
    let id = request["subject_request_id"].as_str().expect("an id");
    format!("/opendsr/v2/requests/{id}")
}
