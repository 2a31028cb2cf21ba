//! HTTPS, checked by the system's root certificates.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{
    Builder, Client,
    connect::{Connect, HttpConnector},
};

use super::OutboundError;

type HttpsClient<R> = Client<HttpsConnector<HttpConnector<R>>, Full<Bytes>>;

/// A client that reads the root certificates at its first request: that takes longer than all
/// the rest of a function's start, and most starts call nobody. Its clones share them.
#[derive(Debug, Clone)]
pub(super) struct Https<R> {
    http: HttpConnector<R>,
    builder: Builder,
    client: Arc<OnceLock<HttpsClient<R>>>,
}

impl<R> Https<R>
where
    R: Clone + Send + Sync + 'static,
    HttpsConnector<HttpConnector<R>>: Connect,
{
    pub(super) fn over(mut http: HttpConnector<R>, builder: Builder) -> Self {
        // an address of https is connected to as well
        http.enforce_http(false);
        Self {
            http,
            builder,
            client: Arc::default(),
        }
    }

    /// Sends a request; gives the answer's head and a body to be read.
    ///
    /// # Errors
    /// [`OutboundError::Unavailable`], also when there are no root certificates.
    pub(super) async fn request(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, OutboundError> {
        let client = self.client().map_err(|error| {
            tracing::error!(%error, "no root certificates");
            OutboundError::Unavailable
        })?;
        let answer = client.request(request).await;
        answer.map_err(|_| OutboundError::Unavailable)
    }

    fn client(&self) -> io::Result<&HttpsClient<R>> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let connector = HttpsConnectorBuilder::new()
            .with_native_roots()?
            .https_or_http()
            .enable_http1()
            .wrap_connector(self.http.clone());
        let client = self.builder.build(connector);
        Ok(self.client.get_or_init(|| client))
    }
}
