//! The event of an HTTP API, payload format 2.0
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Uri};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use url::Url;
use uuid::Uuid;

use super::routes::Match;
use crate::cloud::ACCOUNT;

/// The id of the one API.
const API_ID: &str = "assetbox";

/// A request that a route takes.
pub(super) struct Incoming<'request> {
    pub parts: &'request Parts,
    /// Decoded.
    pub path: &'request str,
    pub body: &'request Bytes,
    pub matched: &'request Match<'request>,
    pub peer: SocketAddr,
    pub now: Timestamp,
}

/// HTTP APIs decode the path before they match and hand it on.
pub(super) fn decoded_path(uri: &Uri) -> String {
    percent_decode_str(uri.path())
        .decode_utf8_lossy()
        .into_owned()
}

/// The bytes of the request line and the headers.
pub(super) fn head_len(parts: &Parts) -> usize {
    let target = parts
        .uri
        .path_and_query()
        .map_or(0, |path| path.as_str().len());
    let headers = parts.headers.iter();
    let headers = headers.map(|(name, value)| name.as_str().len() + value.len());
    parts.method.as_str().len() + target + headers.sum::<usize>()
}

/// Whether there is one host at most, and it is one that an address can have: functions see
/// their address under it.
pub(super) fn has_sound_host(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    first.is_none_or(is_host) && second.is_none()
}

fn is_host(value: &HeaderValue) -> bool {
    let host = value.to_str().ok();
    let url = host.and_then(|host| Url::parse(&format!("http://{host}/")).ok());
    url.is_some_and(|url| {
        let is_plain = url.username().is_empty() && url.password().is_none();
        is_plain && url.path() == "/" && url.query().is_none() && url.fragment().is_none()
    })
}

impl Incoming<'_> {
    pub(super) fn event(&self) -> Value {
        let query = self.parts.uri.query().unwrap_or_default();
        let mut event = json!({
            "version": "2.0",
            "routeKey": self.matched.key,
            "rawPath": self.path,
            "rawQueryString": query,
            "headers": self.headers(),
            "requestContext": self.context(),
            "isBase64Encoded": false,
        });
        let cookies = cookies(&self.parts.headers);
        if !cookies.is_empty() {
            event["cookies"] = json!(cookies);
        }
        if !query.is_empty() {
            event["queryStringParameters"] = json!(query_parameters(query));
        }
        if !self.matched.parameters.is_empty() {
            event["pathParameters"] = json!(self.matched.parameters);
        }
        self.add_body(&mut event);
        event
    }

    /// Lower-case names; several values of one name are joined by commas; cookies apart.
    fn headers(&self) -> Map<String, Value> {
        let headers = &self.parts.headers;
        let mut joined: Map<_, _> = headers
            .keys()
            .filter(|name| **name != COOKIE)
            .map(|name| {
                let values: Vec<_> = headers.get_all(name).iter().map(text).collect();
                (name.as_str().to_owned(), json!(values.join(",")))
            })
            .collect();
        let host = self.host();
        let port = host.rsplit_once(':').map_or("80", |(_, port)| port);
        let before = joined.get("x-forwarded-for").and_then(Value::as_str);
        let peer = self.peer.ip();
        let forwarded_for =
            before.map_or_else(|| peer.to_string(), |before| format!("{before}, {peer}"));
        joined.insert("x-forwarded-for".to_owned(), json!(forwarded_for));
        joined.insert("x-forwarded-port".to_owned(), json!(port));
        joined.insert("x-forwarded-proto".to_owned(), json!("http"));
        joined.insert(
            "content-length".to_owned(),
            json!(self.body.len().to_string()),
        );
        joined
    }

    fn context(&self) -> Value {
        let host = self.host();
        let user_agent = self
            .parts
            .headers
            .get(USER_AGENT)
            .map(text)
            .unwrap_or_default();
        json!({
            "accountId": ACCOUNT,
            "apiId": API_ID,
            "domainName": host,
            "domainPrefix": host.split(['.', ':']).next(),
            "http": {
                "method": self.parts.method.as_str(),
                "path": self.path,
                "protocol": "HTTP/1.1",
                "sourceIp": self.peer.ip(),
                "userAgent": user_agent,
            },
            "requestId": Uuid::new_v4(),
            "routeKey": self.matched.key,
            "stage": "$default",
            "time": self.now.strftime("%d/%b/%Y:%H:%M:%S %z").to_string(),
            "timeEpoch": self.now.as_millisecond(),
        })
    }

    fn host(&self) -> String {
        let host = self.parts.headers.get(HOST).map(text);
        host.unwrap_or_else(|| "localhost".to_owned())
    }

    /// A text as it is, anything else as base64.
    fn add_body(&self, event: &mut Value) {
        if self.body.is_empty() {
            return;
        }
        match std::str::from_utf8(self.body) {
            Ok(body) if is_text(&self.parts.headers) => event["body"] = json!(body),
            _ => {
                event["body"] = json!(STANDARD.encode(self.body));
                event["isBase64Encoded"] = json!(true);
            }
        }
    }
}

/// The types whose bodies API Gateway hands on as they are.
fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .map(text)
        .unwrap_or_default()
        .to_ascii_lowercase();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.starts_with("text/")
        || essence.ends_with("+json")
        || essence.ends_with("+xml")
        || [
            "application/json",
            "application/xml",
            "application/javascript",
        ]
        .contains(&essence)
}

/// Header values are Latin-1 on the wire unless they are UTF-8.
fn text(value: &HeaderValue) -> String {
    let bytes = value.as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

fn cookies(headers: &HeaderMap) -> Vec<String> {
    let values: Vec<_> = headers.get_all(COOKIE).iter().map(text).collect();
    let pairs = values
        .iter()
        .flat_map(|value| value.split(';'))
        .map(str::trim);
    pairs
        .filter(|pair| !pair.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Decoded; several values of one name are joined by commas.
fn query_parameters(query: &str) -> BTreeMap<String, String> {
    let mut parameters = BTreeMap::<String, String>::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        parameters
            .entry(name.into_owned())
            .and_modify(|joined| {
                joined.push(',');
                joined.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    parameters
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::net::Ipv4Addr;

    use http::Request;

    use super::*;

    fn event_of(request: Request<&'static [u8]>) -> Value {
        let (parts, body) = request.into_parts();
        let incoming = Incoming {
            path: &decoded_path(&parts.uri),
            parts: &parts,
            body: &Bytes::from_static(body),
            matched: &Match {
                key: "POST /a/{id}",
                function: "F",
                parameters: BTreeMap::from([("id".to_owned(), "x y".to_owned())]),
            },
            peer: SocketAddr::from((Ipv4Addr::new(10, 0, 0, 7), 5000)),
            now: "2020-03-12T19:03:58.390Z".parse().unwrap(),
        };
        incoming.event()
    }

    fn request() -> http::request::Builder {
        Request::post("/a/x%20y?p=1&p=2&q=%C3%BC")
            .header("Host", "127.0.0.1:8080")
            .header("X-Two", "one")
            .header("X-Two", "two")
            .header("Cookie", "a=1; b=2")
            .header("User-Agent", "test")
    }

    #[test]
    fn it_is_the_event_of_payload_format_2() {
        let request = request()
            .header("Content-Type", "application/json")
            .body(&b"{}"[..]);
        let mut event = event_of(request.unwrap());
        let request_id = event["requestContext"]["requestId"].take();
        assert!(request_id.is_string());
        let expected = json!({
            "version": "2.0",
            "routeKey": "POST /a/{id}",
            "rawPath": "/a/x y",
            "rawQueryString": "p=1&p=2&q=%C3%BC",
            "cookies": ["a=1", "b=2"],
            "headers": {
                "host": "127.0.0.1:8080",
                "x-two": "one,two",
                "user-agent": "test",
                "content-type": "application/json",
                "content-length": "2",
                "x-forwarded-for": "10.0.0.7",
                "x-forwarded-port": "8080",
                "x-forwarded-proto": "http",
            },
            "queryStringParameters": {"p": "1,2", "q": "ü"},
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "assetbox",
                "domainName": "127.0.0.1:8080",
                "domainPrefix": "127",
                "http": {
                    "method": "POST",
                    "path": "/a/x y",
                    "protocol": "HTTP/1.1",
                    "sourceIp": "10.0.0.7",
                    "userAgent": "test",
                },
                "requestId": null,
                "routeKey": "POST /a/{id}",
                "stage": "$default",
                "time": "12/Mar/2020:19:03:58 +0000",
                "timeEpoch": 1_584_039_838_390_i64,
            },
            "body": "{}",
            "pathParameters": {"id": "x y"},
            "isBase64Encoded": false,
        });
        assert_eq!(event, expected);
    }

    #[test]
    fn other_bodies_are_base64() {
        let request = request()
            .header("Content-Type", "image/png")
            .body(&[0xff, 0x00][..]);
        let event = event_of(request.unwrap());
        assert_eq!(event["body"], "/wA=");
        assert_eq!(event["isBase64Encoded"], true);
    }

    #[test]
    fn a_forged_address_stays_behind_the_real_one() {
        let request = request()
            .header("X-Forwarded-For", "1.2.3.4")
            .body(&b""[..]);
        let event = event_of(request.unwrap());
        assert_eq!(event["headers"]["x-forwarded-for"], "1.2.3.4, 10.0.0.7");
        assert_eq!(event["requestContext"]["http"]["sourceIp"], "10.0.0.7");
        assert!(event.get("body").is_none());
    }

    #[test]
    fn a_host_is_one_that_an_address_can_have() {
        let hosts = |hosts: &[&'static str]| {
            let hosts = hosts
                .iter()
                .map(|host| (HOST, HeaderValue::from_static(host)));
            has_sound_host(&hosts.collect())
        };
        for sound in ["127.0.0.1:8080", "localhost", "[::1]:80", "a-b.example"] {
            assert!(hosts(&[sound]), "{sound}");
        }
        assert!(hosts(&[]));
        for wrong in [
            "",
            " ",
            "[",
            "999.1.1.1",
            "a:b",
            "a/b",
            "me@a",
            "a?b",
            "a#b",
            "a b",
            ":80",
        ] {
            assert!(!hosts(&[wrong]), "{wrong}");
        }
        assert!(!hosts(&["a", "a"]));
    }
}
