//! What AWS bills: quantities by the request(call).map(|name| Self::of(name, 1.0)).unwrap_or_default()s of `infra/cost/prices.json`.

use std::collections::BTreeMap;

use assetbox::cloud::Call;

/// Quantities of what AWS bills.
#[derive(Debug, Clone, Default)]
pub struct Usage(BTreeMap<&'static str, f64>);

impl Usage {
    /// So much of one thing.
    pub fn of(name: &'static str, quantity: f64) -> Self {
        Self(BTreeMap::from([(name, quantity)]))
    }

    /// What these calls are billed as.
    pub fn of_calls(calls: &[Call]) -> Self {
        calls.iter().fold(Self::default(), |usage, call| {
            usage
                .and(Self::of("dynamodb.read_unit", call.read_units))
                .and(Self::of("dynamodb.write_unit", call.write_units))
                .and(request(call).map_or_else(Self::default, |name| Self::of(name, 1.0)))
        })
    }

    /// Both together.
    pub fn and(mut self, other: Self) -> Self {
        for (name, quantity) in other.0 {
            *self.0.entry(name).or_default() += quantity;
        }
        self
    }

    /// So often.
    pub fn times(mut self, often: f64) -> Self {
        for quantity in self.0.values_mut() {
            *quantity *= often;
        }
        self
    }

    /// How much of one thing.
    pub fn quantity(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or_default()
    }

    /// Every name with its quantity.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.0.iter().map(|(name, quantity)| (*name, *quantity))
    }
}

/// What a call is billed as by itself; `None` for what is free or billed by units.
fn request(call: &Call) -> Option<&'static str> {
    match call.service {
        "dynamodb" => None,
        "s3" => of_s3(&call.operation),
        "kms" => Some(match call.operation.as_str() {
            "Sign" | "GetPublicKey" => "kms.asymmetric",
            _ => "kms.symmetric",
        }),
        "secretsmanager" => Some("secrets.call"),
        "ses" => Some("ses.letter"),
        "sqs" => Some("sqs.request"),
        "rekognition" => Some("rekognition.image"),
        other => panic!("{other} has no price"),
    }
}

/// S3's two classes of requests. Deleting and giving up is free; that deleting many at once is, no
/// source confirms, so it counts as the POST that it is.
fn of_s3(operation: &str) -> Option<&'static str> {
    match operation {
        "DeleteObject" | "AbortMultipartUpload" => None,
        "GetObject" | "HeadObject" | "HeadBucket" => Some("s3.get"),
        _ => Some("s3.put"),
    }
}
