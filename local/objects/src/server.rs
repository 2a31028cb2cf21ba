//! Serving the store over HTTP: `s3s`, with a layer around it for what S3 does beyond its
//! operations - cross-origin requests, request ids, the status of some refusals.

use std::future::Future;
use std::io;
use std::time::Duration;

use http::header::{CONTENT_LENGTH, HeaderName, LOCATION};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use s3s::auth::{S3Auth, SecretKey};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, S3ErrorCode, S3Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::cors::{self, Allowed};
use crate::s3::{Backend, PostedAt};
use crate::store::ObjectStore;

/// How long requests may take to end after the shutdown.
const GRACE: Duration = Duration::from_secs(10);

impl ObjectStore {
    /// Serves until `shutdown` is ready, then lets the requests under way end.
    ///
    /// Every request must carry a Signature Version 4 of the store's credentials, in a header, in
    /// the address (presigned) or in a posted form's policy.
    ///
    /// # Errors
    /// Events that a crash kept back can't be read.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send,
    ) -> io::Result<()> {
        self.blocking(Self::deliver_pending)
            .await
            .map_err(io::Error::other)?;
        let layer = Layer::new(self);
        let graceful = GracefulShutdown::new();
        let mut connections = JoinSet::new();
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => layer.accept(stream, &graceful, &mut connections),
                    Err(error) => {
                        // Likely out of file descriptors: wait until some are free.
                        tracing::warn!(%error, "a connection was not accepted");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
                Some(_) = connections.join_next() => {}
                () = &mut shutdown => break,
            }
        }
        drop(listener);
        if tokio::time::timeout(GRACE, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("requests were cut off at the end");
        }
        connections.shutdown().await;
        Ok(())
    }
}

#[derive(Clone)]
struct Layer {
    store: ObjectStore,
    service: S3Service,
}

impl Layer {
    fn new(store: ObjectStore) -> Self {
        let mut builder = S3ServiceBuilder::new(Backend(store.clone()));
        let (access_key, secret_key) = store.options().credentials.clone();
        builder.set_auth(Credentials {
            access_key,
            secret_key: secret_key.into(),
        });
        Self {
            store,
            service: builder.build(),
        }
    }

    fn accept(
        &self,
        stream: TcpStream,
        graceful: &GracefulShutdown,
        connections: &mut JoinSet<()>,
    ) {
        // Without this, small answers wait for the peer's acknowledgement.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection ended at its start");
            return;
        }
        let layer = self.clone();
        let service = service_fn(move |request| {
            let layer = layer.clone();
            async move { layer.handle(request).await }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke off");
            }
        });
    }

    async fn handle(&self, request: Request<Incoming>) -> Result<Response<Body>, s3s::HttpError> {
        let allowed = Allowed::of_request(&self.store, request.uri().path(), request.headers());
        let mut response = if request.method() == Method::OPTIONS {
            cors::preflight(allowed, request.headers())
        } else {
            let mut response = self.service.call(request.map(Body::from)).await?;
            refine(&mut response);
            if let Some(allowed) = allowed {
                allowed.mark(response.headers_mut());
            }
            response
        };
        let id = Uuid::new_v4().simple().to_string().to_ascii_uppercase();
        if let Ok(id) = HeaderValue::from_str(&id) {
            response
                .headers_mut()
                .insert(HeaderName::from_static("x-amz-request-id"), id);
        }
        Ok(response)
    }
}

/// The one account.
struct Credentials {
    access_key: String,
    secret_key: SecretKey,
}

#[async_trait::async_trait]
impl S3Auth for Credentials {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        if access_key == self.access_key {
            Ok(self.secret_key.clone())
        } else {
            Err(S3ErrorCode::InvalidAccessKeyId.into())
        }
    }
}

/// Brings an answer to what S3 sends where `s3s` differs.
fn refine(response: &mut Response<Body>) {
    if response.status() == StatusCode::BAD_REQUEST {
        forbid_failed_policy(response);
    } else if let Some(PostedAt(address)) = response.extensions_mut().remove() {
        name_posted(response, &address);
    }
}

/// A form that its policy does not allow: S3 answers 403 and `AccessDenied`, and keeps
/// `InvalidPolicyDocument` for a policy that can't be read.
fn forbid_failed_policy(response: &mut Response<Body>) {
    let Some(document) = document(response) else {
        return;
    };
    let is_condition = document.contains("<Code>InvalidPolicyDocument</Code>")
        && (document.contains("<Message>Policy condition") || document.contains("does not match"));
    if is_condition {
        *response.status_mut() = StatusCode::FORBIDDEN;
        replace_between(response, &document, ("<Code>", "</Code>"), "AccessDenied");
    }
}

/// The answer to a posted form names the object's whole address, but for one that redirects.
fn name_posted(response: &mut Response<Body>, address: &str) {
    if response.status() == StatusCode::SEE_OTHER {
        return;
    }
    if let Ok(location) = HeaderValue::from_str(address) {
        response.headers_mut().insert(LOCATION, location);
    }
    if let Some(document) = document(response) {
        // An encoded address holds nothing that XML would read as markup.
        replace_between(response, &document, ("<Location>", "</Location>"), address);
    }
}

fn document(response: &Response<Body>) -> Option<String> {
    let bytes = response.body().bytes()?;
    String::from_utf8(bytes.to_vec()).ok()
}

fn replace_between(
    response: &mut Response<Body>,
    document: &str,
    (start, end): (&str, &str),
    text: &str,
) {
    let Some((before, rest)) = document.split_once(start) else {
        return;
    };
    let Some((_, after)) = rest.split_once(end) else {
        return;
    };
    *response.body_mut() = Body::from(format!("{before}{start}{text}{end}{after}"));
    response.headers_mut().remove(CONTENT_LENGTH);
}
