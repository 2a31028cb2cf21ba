//! What calls to both providers have in common.

use bytes::Bytes;
use domain::{
    billing::{Fact, plan::Plan},
    ids::{CheckoutId, WorkspaceId},
    time::Timestamp,
};
use http::{Request, StatusCode};
use http_body_util::Full;
use platform::{http::Problem, outbound::Outbound};
use serde::de::DeserializeOwned;

/// Why a provider did not do as it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It is busy or away: the same call may work later.
    #[error("the payment provider does not answer")]
    Unavailable,
    /// It knows no such thing.
    #[error("the payment provider knows no such thing")]
    Unknown,
    /// It refused the call.
    #[error("the payment provider refused the call with status {0}")]
    Refused(StatusCode),
    /// Its answer, or our request, is not of the form that its documentation says.
    #[error("the payment provider's interface is not as documented")]
    Unreadable,
}

impl From<ProviderError> for Problem {
    fn from(error: ProviderError) -> Self {
        tracing::warn!(error = %error, "payment provider");
        match error {
            ProviderError::Unavailable => Self::busy(),
            _ => Self::new(
                StatusCode::BAD_GATEWAY,
                "provider_failed",
                "The payment provider could not do this. Try again later, or choose another provider.",
            ),
        }
    }
}

/// Sends a call and reads the JSON answer. What the answer says in an error is
/// not kept: it may quote the payer.
///
/// # Errors
/// [`ProviderError`].
pub async fn call<T: DeserializeOwned>(
    outbound: &Outbound,
    request: Result<Request<Full<Bytes>>, http::Error>,
) -> Result<T, ProviderError> {
    let request = request.map_err(|_| ProviderError::Unreadable)?;
    let (status, body) = outbound
        .send(request)
        .await
        .map_err(|_| ProviderError::Unavailable)?;
    if status == StatusCode::NOT_FOUND {
        return Err(ProviderError::Unknown);
    }
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        return Err(ProviderError::Unavailable);
    }
    if !status.is_success() {
        return Err(ProviderError::Refused(status));
    }
    serde_json::from_slice(&body).map_err(|_| ProviderError::Unreadable)
}

/// An id that may stand in a URL's path as it is.
#[must_use]
pub fn is_plain_id(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    (1..=255).contains(&id.len()) && id.bytes().all(plain)
}

/// A checkout to open at a provider.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// Ours: also the provider's idempotency key, so that a repeat opens no second one.
    pub id: CheckoutId,
    /// For whom; comes back in every event.
    pub workspace: WorkspaceId,
    /// For what.
    pub plan: &'a Plan,
    /// When the payer agreed that we charge the following months, if they did.
    pub agreed_at: Option<Timestamp>,
    /// The customer at this provider, once there is one.
    pub customer: Option<&'a str>,
    /// Where the payer goes afterwards.
    pub success_url: &'a str,
    /// Where the payer goes who gives up.
    pub cancel_url: &'a str,
}

/// What an event says, and of which workspace.
#[derive(Debug)]
pub struct Told {
    /// The workspace that our checkout wrote into the provider's objects.
    pub workspace: WorkspaceId,
    /// The facts.
    pub facts: Vec<Fact>,
}
