//! The application's secret: one JSON document in Secrets Manager.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use aws_sdk_secretsmanager::Client;
use domain::{compliance::StaffRole, contact::EmailAddress, opendsr::ControllerId};
use serde::{Deserialize, Deserializer};
use store::lookup::{LookupHash, LookupKey};
use zeroize::Zeroizing;

use crate::env::{ConfigError, Env};

/// What the secret holds.
#[derive(Clone, Deserialize)]
struct Document {
    #[serde(deserialize_with = "text")]
    lookup_key: Zeroizing<String>,
    #[serde(default)]
    staff: Vec<Member>,
    #[serde(default)]
    stripe: StripeSecret,
    #[serde(default)]
    yookassa: YookassaSecret,
    #[serde(default)]
    opendsr: Option<OpenDsrSecret>,
}

/// A member of the compliance staff: an address, which may do everything, or
/// with the roles that it has.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum Member {
    Address(String),
    WithRoles {
        email: String,
        roles: BTreeSet<StaffRole>,
    },
}

impl Member {
    fn read(self) -> (String, BTreeSet<StaffRole>) {
        match self {
            Self::Address(email) => (email, StaffRole::ALL.into()),
            Self::WithRoles { email, roles } => (email, roles),
        }
    }
}

/// Reads a secret of a body or document into memory that is wiped after use.
///
/// # Errors
/// Anything but a text.
pub fn text<'de, D: Deserializer<'de>>(d: D) -> Result<Zeroizing<String>, D::Error> {
    String::deserialize(d).map(Zeroizing::new)
}

fn secrets<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Zeroizing<String>>, D::Error> {
    let texts = Vec::<String>::deserialize(d)?;
    Ok(texts.into_iter().map(Zeroizing::new).collect())
}

/// Stripe's keys.
#[derive(Clone, Default, Deserialize)]
pub struct StripeSecret {
    /// The key of our calls.
    #[serde(default, deserialize_with = "text")]
    pub api_key: Zeroizing<String>,
    /// The keys of their webhooks: two while one is rolled.
    #[serde(default, deserialize_with = "secrets")]
    pub webhook_secrets: Vec<Zeroizing<String>>,
}

/// YooKassa's keys.
#[derive(Clone, Default, Deserialize)]
pub struct YookassaSecret {
    /// The shop.
    #[serde(default)]
    pub shop_id: String,
    /// The key of our calls.
    #[serde(default, deserialize_with = "text")]
    pub secret_key: Zeroizing<String>,
}

/// The controllers that may pass requests on to us by OpenDSR, and what we sign with.
#[derive(Clone, Deserialize)]
pub struct OpenDsrSecret {
    /// Our RSA key, PKCS#8 in PEM.
    #[serde(deserialize_with = "text")]
    pub private_key: Zeroizing<String>,
    /// The certificate of that key, with those of its issuers, in PEM.
    pub certificate: String,
    /// Who may send.
    #[serde(default)]
    pub controllers: Vec<ControllerSecret>,
    /// Controllers may be called on this machine itself: for one machine only.
    #[serde(default)]
    pub allow_loopback: bool,
}

/// A registered controller.
#[derive(Clone, Deserialize)]
pub struct ControllerSecret {
    /// What it is called here: `controller_id` in every answer.
    pub id: ControllerId,
    /// Its bearer token.
    #[serde(deserialize_with = "text")]
    pub token: Zeroizing<String>,
    /// The hosts that its callbacks may go to.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Its certificate in PEM. With one, it has to sign what it sends.
    pub certificate: Option<String>,
}

/// The application's secret, read once in the init phase.
#[derive(Clone)]
pub struct AppSecret {
    /// The key of keyed hashes.
    pub lookup: LookupKey,
    /// Who is staff with which roles, by the hash of their login address.
    pub staff: Arc<HashMap<LookupHash, BTreeSet<StaffRole>>>,
    /// Stripe's keys.
    pub stripe: StripeSecret,
    /// YooKassa's keys.
    pub yookassa: YookassaSecret,
    /// OpenDSR, where it is set up.
    pub opendsr: Option<OpenDsrSecret>,
}

impl std::fmt::Debug for AppSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppSecret(…)")
    }
}

impl AppSecret {
    /// Reads the secret that `APP_SECRET` names.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub async fn load(aws: &aws_types::SdkConfig, env: &Env) -> Result<Self, ConfigError> {
        let answer = Client::new(aws)
            .get_secret_value()
            .secret_id(env.required("APP_SECRET")?)
            .send()
            .await
            .map_err(|e| {
                use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
                ConfigError::Secret(e.code().unwrap_or("no answer").to_owned())
            })?;
        let text = Zeroizing::new(answer.secret_string.unwrap_or_default());
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, ConfigError> {
        // the parser's message could quote the secret
        let document: Document = serde_json::from_str(text).map_err(|_| {
            ConfigError::Secret("it is not the JSON document of the docs".to_owned())
        })?;
        if document.lookup_key.len() < 32 {
            return Err(ConfigError::Secret(
                "lookup_key has under 32 characters".to_owned(),
            ));
        }
        let lookup = LookupKey::new(&document.lookup_key);
        let staff = document
            .staff
            .into_iter()
            .map(Member::read)
            .filter_map(|(email, roles)| {
                let address = EmailAddress::new(&email).ok()?;
                Some((lookup.email(&address), roles))
            })
            .collect();
        Ok(Self {
            lookup,
            staff: Arc::new(staff),
            stripe: document.stripe,
            yookassa: document.yookassa,
            opendsr: document.opendsr,
        })
    }
}
