//! Who sends: a registered controller, by its bearer token, and by its signature
//! where it has registered a certificate.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

use crate::{
    App,
    answer::Failure,
    party::{Controller, Party},
};

/// The headers that a signature comes in, of both versions.
const SIGNATURES: [&str; 2] = ["x-opendsr-signature", "x-opengdpr-signature"];

/// A controller that has proven itself by its token.
pub(crate) struct Caller {
    pub party: Arc<Party>,
    pub controller: Arc<Controller>,
    signature: Option<String>,
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    // one that is no text is one that fits nothing
    Some(value.to_str().unwrap_or_default().to_owned())
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = text(headers, header::AUTHORIZATION.as_str())?;
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim().to_owned())
}

impl FromRequestParts<App> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let party = app.party()?;
        let token = bearer(&parts.headers).ok_or_else(Failure::unauthorized)?;
        let controller = party.authenticate(&token);
        let controller = controller.ok_or_else(Failure::unauthorized)?;
        let mut signatures = SIGNATURES.iter();
        Ok(Self {
            party: Arc::clone(party),
            controller,
            signature: signatures.find_map(|name| text(&parts.headers, name)),
        })
    }
}

impl Caller {
    /// Whether a body is signed as it must be: with the registered certificate. One
    /// that was signed although none is registered can't be checked, and is refused.
    pub fn check_signature(&self, body: &[u8]) -> Result<(), Failure> {
        let good = match (&self.controller.certificate, &self.signature) {
            (None, None) => true,
            (Some(certificate), Some(signature)) => certificate.has_signed(body, signature),
            _ => false,
        };
        good.then_some(()).ok_or_else(Failure::bad_signature)
    }
}
