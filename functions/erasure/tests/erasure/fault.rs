//! A process that dies: after so many AWS calls the answer of the last one is
//! lost, and no further call is made.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};

/// How many calls are left to live.
#[derive(Debug, Clone)]
pub struct Life(Arc<AtomicI64>);

impl Life {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(i64::MAX)))
    }

    pub fn end_after(&self, calls: i64) {
        self.0.store(calls, Ordering::SeqCst);
    }

    pub fn is_over(&self) -> bool {
        self.0.load(Ordering::SeqCst) <= 0
    }

    pub fn client(&self) -> SharedHttpClient {
        SharedHttpClient::new(Mortal {
            inner: aws_smithy_http_client::Builder::new().build_http(),
            life: self.clone(),
        })
    }
}

#[derive(Debug)]
struct Mortal {
    inner: SharedHttpClient,
    life: Life,
}

impl HttpClient for Mortal {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            inner: self.inner.http_connector(settings, components),
            life: self.life.clone(),
        })
    }
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    life: Life,
}

fn dead() -> ConnectorError {
    ConnectorError::io("the process is dead".into())
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let left = self.life.0.fetch_sub(1, Ordering::SeqCst);
        if left <= 0 {
            return HttpConnectorFuture::ready(Err(dead()));
        }
        let call = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            let answer = call.await;
            if left == 1 { Err(dead()) } else { answer }
        })
    }
}
