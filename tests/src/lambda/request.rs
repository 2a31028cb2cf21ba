//! What an HTTP API makes of a request.

use serde_json::{Value, json};

use crate::User;

/// The host of an API that has no domain of its own.
const HOST: &str = "abcdefghij.execute-api.eu-central-1.amazonaws.com";
/// Who sends.
const SOURCE_IP: &str = "205.255.255.176";

/// An event of an HTTP API, payload format 2.0
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>):
/// header names in lower case, values of one name joined by commas, cookies apart, and the stage
/// before the path unless it is `$default`.
#[derive(Debug, Clone)]
pub struct ApiRequest(Value);

impl ApiRequest {
    /// The id of every such request.
    pub const ID: &str = "JKJaXmPLvHcESHA=";

    /// A request of nobody in particular, without a body.
    #[must_use]
    pub fn new(method: &str, path: &str) -> Self {
        Self(json!({
            "version": "2.0",
            "routeKey": format!("{method} {path}"),
            "rawPath": path,
            "rawQueryString": "",
            "headers": {
                "accept": "*/*",
                "accept-encoding": "gzip, deflate, br",
                "content-length": "0",
                "host": HOST,
                "user-agent": "curl/8.5.0",
                "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
                "x-forwarded-for": SOURCE_IP,
                "x-forwarded-port": "443",
                "x-forwarded-proto": "https",
            },
            "requestContext": {
                "accountId": "123456789012",
                "apiId": "abcdefghij",
                "domainName": HOST,
                "domainPrefix": "abcdefghij",
                "http": {
                    "method": method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": SOURCE_IP,
                    "userAgent": "curl/8.5.0",
                },
                "requestId": Self::ID,
                "routeKey": format!("{method} {path}"),
                "stage": "$default",
                "time": "10/Mar/2020:05:16:23 +0000",
                "timeEpoch": 1_583_817_383_220_i64,
            },
            "isBase64Encoded": false,
        }))
    }

    /// With a header, after what it has of that name already.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let before = self.0["headers"][name].as_str().map(str::to_owned);
        let value = before.map_or_else(|| value.to_owned(), |before| format!("{before},{value}"));
        self.0["headers"][name] = json!(value);
        self
    }

    /// With a session's token.
    #[must_use]
    pub fn by(self, user: &User) -> Self {
        self.header("authorization", &format!("Bearer {}", user.token()))
    }

    /// With these cookies, each `name=value`.
    #[must_use]
    pub fn cookies(mut self, cookies: &[&str]) -> Self {
        self.0["cookies"] = json!(cookies);
        self
    }

    /// With a query, as it was sent.
    #[must_use]
    pub fn query(mut self, query: &str) -> Self {
        self.0["rawQueryString"] = json!(query);
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        let body = body.to_string();
        self.0["headers"]["content-length"] = json!(body.len().to_string());
        self.0["body"] = json!(body);
        self.header("content-type", "application/json")
    }

    /// With this text for its body, said to be base64.
    #[must_use]
    pub fn base64(mut self, body: &str) -> Self {
        self.0["body"] = json!(body);
        self.0["isBase64Encoded"] = json!(true);
        self
    }

    /// Through a stage of this name.
    #[must_use]
    pub fn through_stage(mut self, stage: &str) -> Self {
        let path = self.0["rawPath"].as_str().unwrap_or_default();
        let path = json!(format!("/{stage}{path}"));
        self.0["requestContext"]["http"]["path"] = path.clone();
        self.0["requestContext"]["stage"] = json!(stage);
        self.0["rawPath"] = path;
        self
    }

    /// The event.
    #[must_use]
    pub fn event(self) -> Value {
        self.0
    }
}
