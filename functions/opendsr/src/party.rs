//! Our side of OpenDSR: what we sign with, and whose requests we take.

use std::sync::Arc;

use axum::http::Uri;
use domain::opendsr::ControllerId;
use platform::{ConfigError, outbound::Guarded, secret::OpenDsrSecret};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::signature::{Certificate, SigningKey, pair};

const MIN_TOKEN_CHARACTERS: usize = 32;

/// Our side.
#[derive(Debug)]
pub(crate) struct Party {
    key: SigningKey,
    /// The certificate as it is handed out.
    pub certificate: String,
    /// The domain that it is for.
    pub domain: String,
    /// Where the API is reached.
    pub public_url: String,
    /// Calls controllers back.
    pub calls: Guarded,
    controllers: Vec<Arc<Controller>>,
}

/// A registered controller.
pub(crate) struct Controller {
    /// What it is called here.
    pub id: ControllerId,
    /// Where its callbacks may go.
    pub hosts: Vec<String>,
    /// What it signs with, where it does.
    pub certificate: Option<Certificate>,
    token: [u8; 32],
}

impl std::fmt::Debug for Controller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Controller({})", self.id)
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

fn wrong(what: impl std::fmt::Display) -> ConfigError {
    ConfigError::Secret(format!("opendsr: {what}"))
}

impl Party {
    /// Of the application's secret.
    pub fn of(secret: &OpenDsrSecret, public_url: &str) -> Result<Self, ConfigError> {
        let (key, _) = pair(&secret.private_key, &secret.certificate).map_err(wrong)?;
        let domain = public_url.parse::<Uri>().ok();
        let domain = domain.and_then(|uri| uri.host().map(str::to_owned));
        let calls = Guarded::new(secret.allow_loopback);
        let mut controllers: Vec<Arc<Controller>> = Vec::new();
        for one in &secret.controllers {
            let id = &one.id;
            let twice = controllers.iter().any(|known| known.id == *id);
            if twice || one.token.len() < MIN_TOKEN_CHARACTERS {
                return Err(wrong(format!(
                    "{id} is registered twice, or its token has under 32 characters"
                )));
            }
            let certificate = one.certificate.as_deref().map(Certificate::from_pem);
            controllers.push(Arc::new(Controller {
                id: id.clone(),
                hosts: one.hosts.clone(),
                certificate: certificate.transpose().map_err(wrong)?,
                token: digest(&one.token),
            }));
        }
        Ok(Self {
            key,
            certificate: secret.certificate.clone(),
            domain: domain.ok_or_else(|| wrong("PUBLIC_URL has no host"))?,
            public_url: public_url.to_owned(),
            calls,
            controllers,
        })
    }

    /// The controller of this name.
    pub fn controller(&self, id: &ControllerId) -> Option<&Arc<Controller>> {
        self.controllers.iter().find(|known| known.id == *id)
    }

    /// The controller whose token this is.
    pub fn authenticate(&self, token: &str) -> Option<Arc<Controller>> {
        let digest = digest(token);
        let theirs = |known: &&Arc<Controller>| bool::from(known.token.ct_eq(&digest));
        self.controllers.iter().find(theirs).cloned()
    }

    /// The signature of a body.
    pub fn sign(&self, body: &[u8]) -> Result<String, crate::signature::Unusable> {
        self.key.sign(body)
    }

    /// The headers that go with a body that we send (7.3, 8.6), under the names of both versions.
    pub fn headers(
        &self,
        body: &[u8],
    ) -> Result<[(&'static str, String); 4], crate::signature::Unusable> {
        let signature = self.sign(body)?;
        let domain = &self.domain;
        Ok([
            ("x-opendsr-processor-domain", domain.clone()),
            ("x-opendsr-signature", signature.clone()),
            ("x-opengdpr-processor-domain", domain.clone()),
            ("x-opengdpr-signature", signature),
        ])
    }
}
