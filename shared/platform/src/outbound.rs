//! Calls to payment providers: HTTPS with the same TLS stack as the AWS SDK.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

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

/// A client for one process.
#[derive(Debug, Clone)]
pub struct Outbound {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Outbound {
    /// With the system's root certificates. Plain `http` is allowed for loopback endpoints only.
    ///
    /// # Errors
    /// When there are no root certificates.
    pub fn new() -> Result<Self, std::io::Error> {
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_native_roots()?
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client })
    }

    /// Sends a request and reads the answer, at most 1 MiB of it within ten seconds.
    ///
    /// # Errors
    /// [`OutboundError`].
    pub async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<(StatusCode, Bytes), OutboundError> {
        let host = request.uri().host().unwrap_or_default();
        let loopback = matches!(host, "127.0.0.1" | "localhost" | "[::1]");
        if request.uri().scheme_str() != Some("https") && !loopback {
            return Err(OutboundError::Invalid(
                "only https leaves the machine".to_owned(),
            ));
        }
        let call = async {
            let answer = self
                .client
                .request(request)
                .await
                .map_err(|_| OutboundError::Unavailable)?;
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
}
