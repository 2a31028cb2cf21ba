//! The SDKs' way out: plain HTTP that counts calls, injects faults and announces writes.

use std::sync::Arc;

use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use tokio::sync::Notify;

use super::calls::{Call, Calls, units};
use super::faults::{self, Failure, Faults, Moment};
use super::roles::Roles;
use super::{needs, operation, refusal};
use crate::functions::Invocation;
use crate::template::Need;

/// What all clients of a machine share.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    http: SharedHttpClient,
    pub(super) calls: Calls,
    pub(super) faults: Faults,
    pub(super) roles: Roles,
    /// Told of every successful write to a table.
    pub(super) table_written: Arc<Notify>,
}

impl Wire {
    pub(super) fn new(roles: Roles) -> Self {
        Self {
            http: Builder::new().build_http(),
            calls: Calls::default(),
            faults: Faults::default(),
            roles,
            table_written: Arc::default(),
        }
    }

    /// The client of one caller.
    pub(super) fn client(&self, caller: &str) -> SharedHttpClient {
        SharedHttpClient::new(Client {
            wire: self.clone(),
            caller: Arc::from(caller),
        })
    }
}

#[derive(Debug)]
struct Client {
    wire: Wire,
    caller: Arc<str>,
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            inner: self.wire.http.http_connector(settings, components),
            wire: self.wire.clone(),
            caller: Arc::clone(&self.caller),
        })
    }
}

#[derive(Debug, Clone)]
struct Connector {
    inner: SharedHttpConnector,
    wire: Wire,
    caller: Arc<str>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.clone();
        HttpConnectorFuture::new(async move { connector.send(request).await })
    }
}

impl Connector {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let (service, operation) = operation::of(&request);
        let invocation = Invocation::current();
        let mut call = Call {
            number: 0,
            caller: self.caller.to_string(),
            invocation: invocation.as_ref().map(|invocation| invocation.id.clone()),
            service,
            operation,
            status: None,
            read_units: 0.0,
            write_units: 0.0,
            injected: false,
            denied: None,
        };
        let needs = || needs::of(service, &call.operation, &request);
        if let Err(denied) = self.wire.roles.check(&self.caller, needs) {
            return Ok(self.deny(denied, call));
        }
        let body = request.body().bytes().unwrap_or_default();
        if let Some(answer) = refusal::of_an_empty_key(&call, body) {
            call.status = Some(answer.status().as_u16());
            return self.pass(Ok(answer), call);
        }
        let of_missing = needs::where_missing(&call.operation, &request);
        let attempt = operation::attempt(&request);
        let fault = self.wire.faults.take(&call, &attempt);
        call.injected = fault.is_some();
        if let Some((failure, Moment::Before)) = fault {
            let body = request.body().bytes().unwrap_or_default().to_vec();
            return self.fail(failure, call, &body, invocation).await;
        }
        let answer = self.forward(request, &mut call).await;
        call.status = answer.as_ref().ok().map(|answer| answer.status().as_u16());
        let succeeded = answer
            .as_ref()
            .is_ok_and(|answer| answer.status().is_success());
        if succeeded && operation::writes_a_table(call.service, &call.operation) {
            self.wire.table_written.notify_waiters();
        }
        match fault {
            Some((Failure::Slow, Moment::After)) => {
                tokio::time::sleep(faults::LATE).await;
                self.pass(answer, call)
            }
            Some((Failure::Cut, Moment::After)) => self.pass(faults::cut(answer).await, call),
            Some((failure, Moment::After)) => self.fail(failure, call, &[], invocation).await,
            _ if call.status == Some(404) => {
                match self.wire.roles.check(&self.caller, || of_missing) {
                    Err(denied) => Ok(self.deny(denied, call)),
                    Ok(()) => self.pass(answer, call),
                }
            }
            _ => self.pass(answer, call),
        }
    }

    /// Sends a request to its service; notes what of the database it consumed.
    async fn forward(
        &self,
        mut request: HttpRequest,
        call: &mut Call,
    ) -> Result<HttpResponse, ConnectorError> {
        let body = request.body().bytes().unwrap_or_default();
        let Some(asking) = asking(call, body) else {
            return self.inner.call(request).await;
        };
        let length = asking.len().to_string();
        request.headers_mut().insert("content-length", length);
        *request.body_mut() = SdkBody::from(asking);
        let mut answer = self.inner.call(request).await?;
        let body = ByteStream::new(answer.take_body()).collect().await;
        let body = body
            .map_err(|error| ConnectorError::io(error.into()))?
            .into_bytes();
        let consumed = units::consumed(&call.operation, &body);
        (call.read_units, call.write_units) = (consumed.read, consumed.write);
        *answer.body_mut() = SdkBody::from(body);
        Ok(answer)
    }

    fn pass(
        &self,
        answer: Result<HttpResponse, ConnectorError>,
        call: Call,
    ) -> Result<HttpResponse, ConnectorError> {
        self.wire.calls.add(call);
        answer
    }

    /// What the service answers to a caller whose role doesn't allow the call.
    fn deny(&self, need: Need, mut call: Call) -> HttpResponse {
        tracing::error!(caller = call.caller, %need, "a call was denied");
        let answer = refusal::access_denied(&call, &need);
        call.status = Some(answer.status().as_u16());
        call.denied = Some(need);
        self.wire.calls.add(call);
        answer
    }

    /// The failure in place of the service's answer. `body` is the request's.
    async fn fail(
        &self,
        failure: Failure,
        call: Call,
        body: &[u8],
        invocation: Option<Invocation>,
    ) -> Result<HttpResponse, ConnectorError> {
        let outcome = failure.outcome(&call, body);
        self.wire.calls.add(call);
        if failure == Failure::Kill {
            let Some(invocation) = invocation else {
                let reason = "killed outside of an invocation";
                return Err(ConnectorError::other(reason.into(), None));
            };
            invocation.kill();
        }
        match outcome {
            Some(outcome) => outcome,
            None => std::future::pending().await,
        }
    }
}

/// The body of a request to the database that asks what it consumes; `None` for other requests.
fn asking(call: &Call, body: &[u8]) -> Option<Vec<u8>> {
    let to_database = call.service == "dynamodb";
    to_database.then(|| units::asking(&call.operation, body))?
}
