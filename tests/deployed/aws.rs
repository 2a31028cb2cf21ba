//! AWS's APIs past their SDKs, for the few calls that an operator makes here.

use assetbox_tests::http::{Call, Http};
use serde_json::Value;

/// The account's owner at the emulator.
pub struct Aws {
    http: Http,
    url: String,
    region: String,
}

impl Aws {
    pub fn new(http: Http, url: &str, region: &str) -> Self {
        Self {
            http,
            url: url.to_owned(),
            region: region.to_owned(),
        }
    }

    /// The emulator lets its owner in by the key's name and reads the service from the scope.
    fn scope(&self, service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=test/20260101/{}/{service}/aws4_request, SignedHeaders=host, Signature=0",
            self.region
        )
    }

    /// A call of a service that speaks REST.
    pub async fn rest(
        &self,
        service: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Value {
        let mut call = Call::new(method, path).header("authorization", &self.scope(service));
        if let Some(body) = body {
            call = call.json(body);
        }
        let answer = self.http.send(call, &format!("{}{path}", self.url)).await;
        answer.json(200)
    }

    /// A call of a service that speaks JSON: `("sqs", "AmazonSQS.SendMessage")`.
    pub async fn json(&self, (service, target): (&str, &str), body: &Value) -> Value {
        let call = Call::new("POST", target)
            .header("authorization", &self.scope(service))
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.1")
            .body(body.to_string());
        let answer = self.http.send(call, &self.url).await;
        let text = answer.is(200).text();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// What the emulator itself shows.
    pub async fn shown(&self, path: &str) -> Value {
        let url = format!("{}/_ministack/{path}", self.url);
        self.http.send(Call::new("GET", path), &url).await.json(200)
    }
}
