//! How a machine is started.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;
use uuid::Uuid;

use super::provider::MOUNT;
use crate::functions::{self, Registry};

/// How a machine is started.
pub struct MachineOptions {
    /// The data folder; `None` for a temporary one that goes with the machine.
    pub data: Option<PathBuf>,
    /// The port of the API and the local pages; 0 for any that is free.
    pub port: u16,
    /// The text of the template.
    pub template: String,
    /// Values of the template's parameters, over the machine's own.
    pub parameters: BTreeMap<String, String>,
    /// The constructors of the template's functions.
    pub functions: Registry,
    /// The addresses of those who are staff, for a new data folder.
    pub staff: Vec<String>,
}

/// The template that this program was built with.
const TEMPLATE: &str = include_str!("../../../template.yaml");

/// What one machine signs with for controllers, and what its second controller signs with:
/// everybody has this key, so it proves nothing.
const OPENDSR_KEY: &str = include_str!("../../opendsr/key.pem");
const OPENDSR_CERTIFICATE: &str = include_str!("../../opendsr/certificate.pem");

impl Default for MachineOptions {
    /// The product, in a temporary folder, on a free port.
    fn default() -> Self {
        Self {
            data: None,
            port: 0,
            template: TEMPLATE.to_owned(),
            parameters: BTreeMap::new(),
            functions: functions::all(),
            staff: vec!["staff@assetbox.example".to_owned()],
        }
    }
}

impl MachineOptions {
    /// The application's secret of a new data folder: random keys, and those who are staff.
    pub(super) fn secret(&self) -> String {
        let random = || format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let secret = json!({
            "lookup_key": random(),
            "staff": self.staff,
            "stripe": {
                "api_key": format!("sk_test_{}", random()),
                "webhook_secrets": [format!("whsec_{}", random())],
            },
            "yookassa": {"shop_id": "100000", "secret_key": format!("test_{}", random())},
            "opendsr": {
                "private_key": OPENDSR_KEY,
                "certificate": OPENDSR_CERTIFICATE,
                "controllers": [
                    {"id": "example", "token": random(), "hosts": ["127.0.0.1"]},
                    {
                        "id": "signing-example",
                        "token": random(),
                        "hosts": ["127.0.0.1"],
                        "certificate": OPENDSR_CERTIFICATE,
                    },
                ],
                "allow_loopback": true,
            },
        });
        secret.to_string()
    }
}

/// The values that the template's parameters have on one machine: its own addresses, S3 in the
/// path style, and no alarms.
pub(super) fn of_one_machine(api_url: &str) -> BTreeMap<String, String> {
    let parameters = [
        ("PublicUrl", api_url.to_owned()),
        ("S3ForcePathStyle", "true".to_owned()),
        ("StripeApiUrl", format!("{api_url}{MOUNT}")),
        ("YookassaApiUrl", format!("{api_url}{MOUNT}")),
        ("YookassaSources", "127.0.0.1/32,::1/128".to_owned()),
        ("Alarms", "false".to_owned()),
    ];
    parameters
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}
