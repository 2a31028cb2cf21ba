//! A served store and its clients.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresignedRequest;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use local_objects::{BucketOptions, ObjectEvent, ObjectStore, StoreOptions};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub const ACCESS_KEY: &str = "AKIALOCALTESTS";
pub const SECRET_KEY: &str = "local-tests-secret";
pub const REGION: &str = "eu-central-1";
/// A bucket without versioning, open to pages of `https://app.example`.
pub const PLAIN: &str = "plain-bucket";
/// A bucket that keeps versions.
pub const VERSIONED: &str = "versioned-bucket";
/// A bucket whose versions stay for seven days.
pub const LOCKED: &str = "locked-bucket";

pub struct Harness {
    pub folder: TempDir,
    pub store: ObjectStore,
    pub client: Client,
    pub address: SocketAddr,
    pub events: Arc<Mutex<Vec<ObjectEvent>>>,
    shutdown: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

pub fn open(folder: &Path) -> ObjectStore {
    ObjectStore::open(StoreOptions {
        root: folder.to_owned(),
        region: REGION.to_owned(),
        credentials: (ACCESS_KEY.to_owned(), SECRET_KEY.to_owned()),
    })
    .unwrap()
}

pub fn bucket(name: &str, versioned: bool, object_lock_days: Option<u32>) -> BucketOptions {
    BucketOptions {
        name: name.to_owned(),
        versioned,
        object_lock_days,
        cors_origins: vec!["https://app.example".to_owned()],
    }
}

pub fn client(address: SocketAddr, secret_key: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(format!("http://{address}"))
        .force_path_style(true)
        .region(Region::new(REGION))
        .credentials_provider(Credentials::from_keys(ACCESS_KEY, secret_key, None))
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    Client::from_conf(config)
}

impl Harness {
    pub async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap()).await
    }

    pub async fn start_in(folder: TempDir) -> Self {
        let store = open(folder.path());
        for options in [
            bucket(PLAIN, false, None),
            bucket(VERSIONED, true, None),
            bucket(LOCKED, true, Some(7)),
        ] {
            store.ensure_bucket(&options).unwrap();
        }
        let events = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&events);
        store.subscribe(move |event| heard.lock().unwrap().push(event));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, ended) = oneshot::channel::<()>();
        let served = store.clone();
        let server = tokio::spawn(async move {
            served
                .serve(listener, async { _ = ended.await })
                .await
                .unwrap();
        });
        Self {
            client: client(address, SECRET_KEY),
            folder,
            store,
            address,
            events,
            shutdown,
            server,
        }
    }

    /// Ends the server and releases the folder.
    pub async fn stop(self) -> TempDir {
        self.shutdown.send(()).unwrap();
        self.server.await.unwrap();
        drop(self.store);
        self.folder
    }

    pub async fn restart(self) -> Self {
        Self::start_in(self.stop().await).await
    }

    pub async fn put(&self, bucket: &str, key: &str, body: &str) -> String {
        let body = ByteStream::from(body.as_bytes().to_vec());
        let output = self
            .client
            .put_object()
            .bucket(bucket)
            .key(key)
            .body(body)
            .send()
            .await
            .unwrap();
        output.version_id.unwrap_or_default()
    }

    pub async fn get(&self, bucket: &str, key: &str) -> String {
        let output = self
            .client
            .get_object()
            .bucket(bucket)
            .key(key)
            .send()
            .await
            .unwrap();
        String::from_utf8(output.body.collect().await.unwrap().to_vec()).unwrap()
    }

    pub fn events(&self) -> Vec<ObjectEvent> {
        self.events.lock().unwrap().clone()
    }

    /// The names of the content files.
    pub fn files(&self) -> Vec<String> {
        names(&self.folder.path().join("contents"))
    }

    /// The names of the files that are being written.
    pub fn incoming(&self) -> Vec<String> {
        names(&self.folder.path().join("incoming"))
    }

    /// Whether these bytes are anywhere in the folder.
    pub fn holds(&self, needle: &[u8]) -> bool {
        holds(self.folder.path(), needle)
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

fn holds(folder: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, needle);
        }
        let bytes = std::fs::read(path).unwrap();
        bytes.windows(needle.len()).any(|window| window == needle)
    })
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The status and S3 code of a refusal.
pub fn refusal<T: Debug, E: ProvideErrorMetadata + Debug>(
    result: Result<T, SdkError<E, aws_sdk_s3::config::http::HttpResponse>>,
) -> (u16, String) {
    let error = result.expect_err("a refusal");
    let status = error
        .raw_response()
        .map_or(0, |response| response.status().as_u16());
    (status, error.code().unwrap_or_default().to_owned())
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub async fn send(request: Request<impl Into<Bytes>>) -> Answer {
    let client = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
        .build(HttpConnector::new());
    let response = client
        .request(request.map(|body| Full::new(body.into())))
        .await
        .unwrap();
    let (parts, body) = response.into_parts();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.collect().await.unwrap().to_bytes(),
    }
}

/// A presigned request with its signed headers; those in `instead` replace or add.
pub fn presigned(
    request: &PresignedRequest,
    instead: &[(&str, &str)],
    body: &str,
) -> Request<String> {
    let mut builder = Request::builder()
        .method(request.method())
        .uri(request.uri());
    let headers = builder.headers_mut().unwrap();
    let signed = request
        .headers()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"));
    for (name, value) in signed.chain(instead.iter().copied()) {
        headers.insert(
            http::HeaderName::try_from(name).unwrap(),
            value.parse().unwrap(),
        );
    }
    builder.body(body.to_owned()).unwrap()
}

pub async fn answer(request: &PresignedRequest, body: &str) -> Answer {
    send(presigned(request, &[], body)).await
}
