//! A machine with functions of the test's own.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use assetbox::functions::{Constructor, EventHandler, Function, Registry};
use assetbox::{Machine, MachineOptions};
use axum::Router;
use bytes::Bytes;
use futures::FutureExt;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

pub const TEMPLATE: &str = include_str!("../fixtures/template.yaml");

/// The events that a function got.
pub type Seen = Arc<Mutex<Vec<Value>>>;

/// A stack whose functions are the test's; what it doesn't give does nothing.
pub struct Stack {
    pub web: Router,
    pub worker: EventHandler,
    pub uploads: EventHandler,
    pub template: String,
}

impl Default for Stack {
    fn default() -> Self {
        Self {
            web: Router::new(),
            worker: handler(|_| Ok(Value::Null)),
            uploads: handler(|_| Ok(Value::Null)),
            template: TEMPLATE.to_owned(),
        }
    }
}

impl Stack {
    pub async fn start(self) -> Machine {
        Machine::start(self.options(None)).await.unwrap()
    }

    pub async fn start_in(self, data: &Path) -> Machine {
        Machine::start(self.options(Some(data))).await.unwrap()
    }

    pub fn options(self, data: Option<&Path>) -> MachineOptions {
        let functions: Registry = BTreeMap::from([
            constructor("WebFunction", Function::Http(self.web)),
            constructor("WorkerFunction", Function::Event(self.worker)),
            constructor("UploadsFunction", Function::Event(self.uploads)),
        ]);
        MachineOptions {
            data: data.map(Path::to_owned),
            template: self.template,
            functions,
            ..MachineOptions::default()
        }
    }
}

fn constructor(id: &str, function: Function) -> (String, Constructor) {
    let make: Constructor = Box::new(move |_| {
        let function = function.clone();
        async move { Ok(function) }.boxed()
    });
    (id.to_owned(), make)
}

/// A handler that answers at once.
pub fn handler(
    answer: impl Fn(Value) -> Result<Value, String> + Send + Sync + 'static,
) -> EventHandler {
    let answer = Arc::new(answer);
    Arc::new(move |event| {
        let answer = Arc::clone(&answer);
        async move { answer(event) }.boxed()
    })
}

/// A handler that keeps what it gets, and what it has got.
pub fn recorder() -> (EventHandler, Seen) {
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let handler = handler(move |event| {
        kept.lock().unwrap().push(event);
        Ok(json!({"batchItemFailures": []}))
    });
    (handler, seen)
}

/// The records of all batches, in order.
pub fn records(seen: &Seen) -> Vec<Value> {
    let batches = seen.lock().unwrap();
    let records = batches
        .iter()
        .filter_map(|event| event["Records"].as_array());
    records.flatten().cloned().collect()
}

pub async fn idle(machine: &Machine) {
    let idle = machine.idle();
    tokio::time::timeout(Duration::from_secs(30), idle)
        .await
        .expect("idle in time")
        .unwrap();
}

/// One request to the machine's API, whose body is read whole.
pub async fn send(machine: &Machine, request: Request<Vec<u8>>) -> Response<Bytes> {
    let address: SocketAddr = machine
        .api_url()
        .trim_start_matches("http://")
        .parse()
        .unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let (mut parts, body) = request.into_parts();
    let host = http::HeaderValue::from_str(&address.to_string()).unwrap();
    parts.headers.entry("host").or_insert(host);
    let request = Request::from_parts(parts, Full::new(Bytes::from(body)));
    let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
    Response::from_parts(parts, body.collect().await.unwrap().to_bytes())
}

pub fn get(path: &str) -> Request<Vec<u8>> {
    Request::get(path).body(Vec::new()).unwrap()
}

pub fn json_body(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

pub fn text_body(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

/// Puts an item with this partition key.
pub async fn put_thing(machine: &Machine, pk: &str) {
    let client = aws_sdk_dynamodb::Client::new(&machine.sdk_config("test"));
    put(&client, pk).await.unwrap();
}

pub async fn put(
    client: &aws_sdk_dynamodb::Client,
    pk: &str,
) -> Result<(), aws_sdk_dynamodb::Error> {
    use aws_sdk_dynamodb::types::AttributeValue::S;
    let put = client.put_item().table_name("assetbox-things-table");
    put.item("pk", S(pk.to_owned()))
        .item("sk", S("-".to_owned()))
        .send()
        .await?;
    Ok(())
}

pub async fn has_thing(machine: &Machine, pk: &str) -> bool {
    use aws_sdk_dynamodb::types::AttributeValue::S;
    let client = aws_sdk_dynamodb::Client::new(&machine.sdk_config("test"));
    let get = client.get_item().table_name("assetbox-things-table");
    let found = get
        .key("pk", S(pk.to_owned()))
        .key("sk", S("-".to_owned()))
        .send()
        .await
        .unwrap();
    found.item.is_some()
}

pub fn s3(machine: &Machine) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::config::Builder::from(&machine.sdk_config("test"));
    aws_sdk_s3::Client::from_conf(config.force_path_style(true).build())
}
