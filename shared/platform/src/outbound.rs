//! Calls without the AWS SDK: HTTPS with the same TLS stack. [`Outbound`] calls
//! hosts of processors that are registered (clause 5.6), [`Guarded`] addresses that
//! a registered controller has named.

mod guarded;
mod https;
mod public;

pub use guarded::{Callable, Guarded, NotCallable};
pub use public::is_public;

use std::time::Duration;

use bytes::Bytes;
use domain::compliance::processor::Processor;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{HttpConnector, dns::GaiResolver},
    },
    rt::TokioExecutor,
};

use https::Https;

const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// A call that got no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// No answer in time, or none at all: it may work later, and may have worked now.
    #[error("the provider does not answer")]
    Unavailable,
    /// The request can't be made.
    #[error("the request can't be made: {0}")]
    Invalid(String),
}

/// A client for one process, that calls some registered processors and nobody else.
#[derive(Debug, Clone)]
pub struct Outbound {
    hosts: Vec<&'static str>,
    client: Https<GaiResolver>,
}

impl Outbound {
    /// To these processors, with the system's root certificates. Loopback endpoints can always
    /// be called, and they alone by plain `http`.
    #[must_use]
    pub fn to(processors: &[Processor]) -> Self {
        let hosts = processors.iter().flat_map(|to| to.registered().hosts);
        Self {
            hosts: hosts.copied().collect(),
            client: Https::over(HttpConnector::new(), Client::builder(TokioExecutor::new())),
        }
    }

    /// Sends a request and reads the answer, at most 1 MiB of it within ten seconds.
    ///
    /// # Errors
    /// [`OutboundError`].
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), OutboundError> {
        self.may_call(request.uri())?;
        let call = async {
            let answer = self.client.request(request).await?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES);
            let body = body
                .collect()
                .await
                .map_err(|_| OutboundError::Unavailable)?;
            Ok((status, body.to_bytes()))
        };
        tokio::time::timeout(TIMEOUT, call)
            .await
            .map_err(|_| OutboundError::Unavailable)?
    }

    fn may_call(&self, uri: &Uri) -> Result<(), OutboundError> {
        let host = uri.host().unwrap_or_default();
        if matches!(host, "127.0.0.1" | "localhost" | "[::1]") {
            return Ok(());
        }
        let refused = |why: &str| Err(OutboundError::Invalid(why.to_owned()));
        if uri.scheme_str() != Some("https") {
            return refused("only https leaves the machine");
        }
        if !self.hosts.contains(&host) {
            return refused("the host is not one of a registered processor");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_registered_processors_are_called_and_only_by_https() {
        let stripe = Outbound::to(&[Processor::Stripe]);
        let may = |to: &Outbound, uri: &str| to.may_call(&uri.parse().unwrap()).is_ok();
        assert!(may(&stripe, "https://api.stripe.com/v1/charges"));
        assert!(may(&stripe, "http://127.0.0.1:8080/"));
        assert!(!may(&stripe, "http://api.stripe.com/v1/charges"));
        assert!(!may(&stripe, "https://api.stripe.com.example.com/"));
        assert!(!may(&stripe, "https://api.yookassa.ru/v3/payments"));
        let nobody = Outbound::to(&[]);
        assert!(!may(&nobody, "https://api.stripe.com/v1/charges"));
    }
}
