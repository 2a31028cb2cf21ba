//! Which actions on which resources a call needs
//! (<https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>).

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

use super::{ACCOUNT, REGION};
use crate::template::{ContextKey, Need};

/// What a call needs. What is not understood needs something that no role grants by name.
pub(super) fn of(service: &str, operation: &str, request: &HttpRequest) -> Vec<Need> {
    match service {
        "s3" => of_s3(operation, &Place::of(request), request),
        "ses" => of_ses(operation, request),
        _ => of_json(service, operation, &json(request)),
    }
}

/// What a reader of an object needs in order to be told that there is none; without it, S3
/// answers as if the object were not the reader's.
pub(super) fn where_missing(operation: &str, request: &HttpRequest) -> Option<Need> {
    let reads = matches!(operation, "GetObject" | "HeadObject");
    reads.then(|| Need::new("s3:ListBucket", Place::of(request).bucket_arn()))
}

fn arn(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}")
}

fn json(request: &HttpRequest) -> Value {
    let body = request.body().bytes().unwrap_or_default();
    serde_json::from_slice(body).unwrap_or_default()
}

fn text<'value>(body: &'value Value, name: &str) -> &'value str {
    body[name].as_str().unwrap_or_default()
}

fn of_json(service: &str, operation: &str, body: &Value) -> Vec<Need> {
    let action = format!("{service}:{operation}");
    match service {
        "dynamodb" => of_dynamodb(operation, body),
        "sqs" => {
            let (_, queue) = text(body, "QueueUrl").rsplit_once('/').unwrap_or_default();
            // a batch is allowed by what allows one
            vec![Need::new(
                action.trim_end_matches("Batch"),
                arn("sqs", queue),
            )]
        }
        "kms" => {
            let mut need = Need::new(action, text(body, "KeyId"));
            let algorithm = body["SigningAlgorithm"].as_str();
            need.context
                .extend(algorithm.map(|name| (ContextKey::SigningAlgorithm, name.to_owned())));
            vec![need]
        }
        "secretsmanager" => vec![Need::new(action, text(body, "SecretId"))],
        "rekognition" => {
            let mut needs = vec![Need::new(action, "*")];
            needs.extend(picture(&body["Image"]["S3Object"]));
            needs
        }
        _ => vec![Need::new(action, "")],
    }
}

/// Rekognition reads the bucket with the rights of its caller.
fn picture(object: &Value) -> Option<Need> {
    object.is_object().then(|| {
        let place = Place {
            bucket: text(object, "Bucket").to_owned(),
            key: text(object, "Name").to_owned(),
            version: object["Version"].is_string(),
        };
        place.read()
    })
}

fn table(name: &str) -> String {
    arn("dynamodb", &format!("table/{name}"))
}

fn of_dynamodb(operation: &str, body: &Value) -> Vec<Need> {
    let action = format!("dynamodb:{operation}");
    match operation {
        "BatchWriteItem" => {
            let action = action.as_str();
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            tables
                .flat_map(|(name, writes)| {
                    let writes = writes.as_array().into_iter().flatten();
                    let writes = writes.filter_map(|write| write.as_object()?.values().next());
                    writes.map(move |write| of_item(action, table(name), write))
                })
                .collect()
        }
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            tables
                .map(|(name, _)| Need::new(action.as_str(), table(name)))
                .collect()
        }
        "TransactGetItems" | "TransactWriteItems" => {
            let items = body["TransactItems"].as_array().into_iter().flatten();
            items
                .filter_map(|item| item.as_object()?.iter().next())
                .map(|(kind, item)| {
                    of_item(in_transaction(kind), table(text(item, "TableName")), item)
                })
                .collect()
        }
        _ => {
            let mut resource = table(text(body, "TableName"));
            if let Some(index) = body["IndexName"].as_str() {
                resource.push_str("/index/");
                resource.push_str(index);
            }
            vec![of_item(action, resource, body)]
        }
    }
}

/// What a call needs for one item, which it names by its key or brings along. The partition key
/// is `pk` in every table.
fn of_item(action: impl Into<String>, resource: String, item: &Value) -> Need {
    let mut need = Need::new(action, resource);
    let named = ["Key", "Item"].into_iter();
    let keys = named.filter_map(|name| item[name]["pk"]["S"].as_str());
    need.context
        .extend(keys.map(|key| (ContextKey::LeadingKeys, key.to_owned())));
    need
}

/// There is no action for a transaction: each of its members needs its own.
fn in_transaction(kind: &str) -> String {
    match kind {
        "ConditionCheck" => "dynamodb:ConditionCheckItem".to_owned(),
        other => format!("dynamodb:{other}Item"),
    }
}

fn of_ses(operation: &str, request: &HttpRequest) -> Vec<Need> {
    let body = request.body().bytes().unwrap_or_default();
    let find = |wanted: &str| {
        let mut fields = form_urlencoded::parse(body);
        fields.find_map(|(name, value)| (name == wanted).then(|| value.into_owned()))
    };
    let from = find("Source").unwrap_or_default();
    let (_, domain) = from.rsplit_once('@').unwrap_or_default();
    let mut resources = vec![format!("identity/{domain}")];
    resources.extend(find("ConfigurationSetName").map(|name| format!("configuration-set/{name}")));
    let needs = resources.iter().map(|resource| {
        let mut need = Need::new(format!("ses:{operation}"), arn("ses", resource));
        need.context.insert(ContextKey::FromAddress, from.clone());
        need
    });
    needs.collect()
}

/// What a request to S3 is about.
struct Place {
    bucket: String,
    key: String,
    /// Whether it names a version.
    version: bool,
}

impl Place {
    /// Buckets stand in the path.
    fn of(request: &HttpRequest) -> Self {
        let uri: http::Uri = request.uri().parse().unwrap_or_default();
        let path = uri.path().trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let query = uri.query().unwrap_or_default();
        Self {
            bucket: bucket.to_owned(),
            key: percent_decode_str(key).decode_utf8_lossy().into_owned(),
            version: form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "versionId"),
        }
    }

    fn bucket_arn(&self) -> String {
        format!("arn:aws:s3:::{}", self.bucket)
    }

    fn object(&self, action: &str) -> Need {
        Need::new(action, format!("{}/{}", self.bucket_arn(), self.key))
    }

    fn read(&self) -> Need {
        self.object(if self.version {
            "s3:GetObjectVersion"
        } else {
            "s3:GetObject"
        })
    }

    /// "You must always have the s3:DeleteObject permission", says the reference of the
    /// operation, and s3:DeleteObjectVersion too for a version.
    fn delete(&self) -> Vec<Need> {
        let mut needs = vec![self.object("s3:DeleteObject")];
        needs.extend(self.version.then(|| self.object("s3:DeleteObjectVersion")));
        needs
    }
}

fn of_s3(operation: &str, place: &Place, request: &HttpRequest) -> Vec<Need> {
    let bucket = |action: &str| vec![Need::new(action, place.bucket_arn())];
    match operation {
        "GetObject" | "HeadObject" => vec![place.read()],
        "PutObject" | "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload" => {
            vec![place.object("s3:PutObject")]
        }
        "AbortMultipartUpload" => vec![place.object("s3:AbortMultipartUpload")],
        "ListParts" => vec![place.object("s3:ListMultipartUploadParts")],
        "DeleteObject" => place.delete(),
        "DeleteObjects" => {
            of_deletion(&place.bucket, request).unwrap_or_else(|| bucket("s3:DeleteObjects"))
        }
        "ListObjectsV2" | "HeadBucket" => bucket("s3:ListBucket"),
        "ListObjectVersions" => bucket("s3:ListBucketVersions"),
        "ListMultipartUploads" => bucket("s3:ListBucketMultipartUploads"),
        other => bucket(&format!("s3:{other}")),
    }
}

/// The body of `DeleteObjects`.
#[derive(Deserialize)]
struct Deletion {
    #[serde(rename = "Object", default)]
    objects: Vec<Deleted>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Deleted {
    key: String,
    version_id: Option<String>,
}

fn of_deletion(bucket: &str, request: &HttpRequest) -> Option<Vec<Need>> {
    let body = std::str::from_utf8(request.body().bytes()?).ok()?;
    let deletion: Deletion = quick_xml::de::from_str(body).ok()?;
    let needs = deletion.objects.into_iter().flat_map(|object| {
        let place = Place {
            bucket: bucket.to_owned(),
            key: object.key,
            version: object.version_id.is_some(),
        };
        place.delete()
    });
    Some(needs.collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use aws_smithy_types::body::SdkBody;
    use serde_json::json;

    use super::*;

    fn request(method: &str, uri: &str, body: &str) -> HttpRequest {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method(method).unwrap();
        request.set_uri(uri).unwrap();
        request
    }

    fn needs(service: &str, operation: &str, request: &HttpRequest) -> Vec<(String, String)> {
        let needs = of(service, operation, request).into_iter();
        needs.map(|need| (need.action, need.resource)).collect()
    }

    fn of_body(service: &str, operation: &str, body: &Value) -> Vec<(String, String)> {
        let request = request("POST", "http://127.0.0.1:1/", &body.to_string());
        needs(service, operation, &request)
    }

    fn in_table(action: &str, rest: &str) -> (String, String) {
        let table = "arn:aws:dynamodb:eu-central-1:000000000000:table";
        (format!("dynamodb:{action}"), format!("{table}/{rest}"))
    }

    #[test]
    fn dynamodb_names_tables_indexes_and_the_members_of_transactions() {
        let query = json!({"TableName": "t"});
        assert_eq!(
            of_body("dynamodb", "Query", &query),
            [in_table("Query", "t")]
        );
        let query = json!({"TableName": "t", "IndexName": "due"});
        assert_eq!(
            of_body("dynamodb", "Query", &query),
            [in_table("Query", "t/index/due")]
        );
        let batch = json!({"RequestItems": {"t": {}, "u": {}}});
        assert_eq!(
            of_body("dynamodb", "BatchGetItem", &batch),
            [in_table("BatchGetItem", "t"), in_table("BatchGetItem", "u")]
        );
        let write = json!({"DeleteRequest": {"Key": {"pk": {"S": "a"}}}});
        let batch = json!({"RequestItems": {"t": [write]}}).to_string();
        let batch = request("POST", "http://127.0.0.1:1/", &batch);
        let needs = of("dynamodb", "BatchWriteItem", &batch);
        assert_eq!(needs[0].context[&ContextKey::LeadingKeys], "a");
        let members = ["Put", "Update", "Delete", "ConditionCheck"];
        let items = members.map(|member| json!({member: {"TableName": "t"}}));
        assert_eq!(
            of_body(
                "dynamodb",
                "TransactWriteItems",
                &json!({"TransactItems": items})
            ),
            ["PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"]
                .map(|action| in_table(action, "t"))
        );
        let items = json!({"TransactItems": [{"Get": {"TableName": "t"}}]});
        assert_eq!(
            of_body("dynamodb", "TransactGetItems", &items),
            [in_table("GetItem", "t")]
        );
    }

    fn of_object(method: &str, operation: &str, query: &str) -> Vec<(String, String)> {
        let uri = format!("http://127.0.0.1:1/b/originals/a%20b{query}");
        let needs = needs("s3", operation, &request(method, &uri, ""));
        for (_, resource) in &needs {
            assert_eq!(resource, "arn:aws:s3:::b/originals/a b");
        }
        needs
    }

    #[test]
    fn s3_has_actions_of_other_names_than_its_operations() {
        let cases: [(&str, &str, &[&str]); 11] = [
            ("GetObject", "", &["s3:GetObject"]),
            ("GetObject", "?versionId=1", &["s3:GetObjectVersion"]),
            ("HeadObject", "", &["s3:GetObject"]),
            ("PutObject", "", &["s3:PutObject"]),
            ("CreateMultipartUpload", "?uploads", &["s3:PutObject"]),
            ("UploadPart", "?partNumber=1", &["s3:PutObject"]),
            ("CompleteMultipartUpload", "?uploadId=1", &["s3:PutObject"]),
            (
                "AbortMultipartUpload",
                "?uploadId=1",
                &["s3:AbortMultipartUpload"],
            ),
            ("ListParts", "?uploadId=1", &["s3:ListMultipartUploadParts"]),
            ("DeleteObject", "", &["s3:DeleteObject"]),
            (
                "DeleteObject",
                "?versionId=1",
                &["s3:DeleteObject", "s3:DeleteObjectVersion"],
            ),
        ];
        for (operation, query, expected) in cases {
            let actions = of_object("GET", operation, query).into_iter();
            let actions: Vec<_> = actions.map(|(action, _)| action).collect();
            assert_eq!(actions, expected, "{operation}{query}");
        }
        let of_bucket = [
            ("ListObjectsV2", "s3:ListBucket"),
            ("ListObjectVersions", "s3:ListBucketVersions"),
            ("ListMultipartUploads", "s3:ListBucketMultipartUploads"),
            ("PutBucketPolicy", "s3:PutBucketPolicy"),
        ];
        for (operation, action) in of_bucket {
            let request = request("GET", "http://127.0.0.1:1/b/?x", "");
            assert_eq!(
                needs("s3", operation, &request),
                [(action.to_owned(), "arn:aws:s3:::b".to_owned())]
            );
        }
    }

    #[test]
    fn a_deletion_needs_both_rights_for_each_version() {
        let body = "<?xml version=\"1.0\"?><Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Object><Key>a&amp;b</Key><VersionId>1</VersionId></Object><Object><Key>c</Key></Object><Quiet>true</Quiet></Delete>";
        let request = request("POST", "http://127.0.0.1:1/b/?delete", body);
        let on = |action: &str, key: &str| (action.to_owned(), format!("arn:aws:s3:::b/{key}"));
        assert_eq!(
            needs("s3", "DeleteObjects", &request),
            [
                on("s3:DeleteObject", "a&b"),
                on("s3:DeleteObjectVersion", "a&b"),
                on("s3:DeleteObject", "c"),
            ]
        );
        let unreadable = super::tests::request("POST", "http://127.0.0.1:1/b/?delete", "<");
        assert_eq!(
            needs("s3", "DeleteObjects", &unreadable),
            [("s3:DeleteObjects".to_owned(), "arn:aws:s3:::b".to_owned())]
        );
    }

    #[test]
    fn a_letter_needs_its_identity_and_its_configuration() {
        let form = "Action=SendRawEmail&Source=a%40example.com&ConfigurationSetName=c";
        let needs = of(
            "ses",
            "SendRawEmail",
            &request("POST", "http://127.0.0.1:1/", form),
        );
        let resources: Vec<_> = needs.iter().map(|need| need.resource.as_str()).collect();
        assert_eq!(
            resources,
            [
                "arn:aws:ses:eu-central-1:000000000000:identity/example.com",
                "arn:aws:ses:eu-central-1:000000000000:configuration-set/c",
            ]
        );
        for need in &needs {
            assert_eq!(need.context[&ContextKey::FromAddress], "a@example.com");
        }
    }

    #[test]
    fn the_others_name_their_resource_in_the_body() {
        let one = |action: &str, resource: &str| vec![(action.to_owned(), resource.to_owned())];
        let queue = json!({"QueueUrl": "http://127.0.0.1:1/000000000000/jobs"});
        let jobs = "arn:aws:sqs:eu-central-1:000000000000:jobs";
        assert_eq!(
            of_body("sqs", "SendMessage", &queue),
            one("sqs:SendMessage", jobs)
        );
        assert_eq!(
            of_body("sqs", "SendMessageBatch", &queue),
            one("sqs:SendMessage", jobs)
        );
        let key = json!({"KeyId": "alias/k"});
        assert_eq!(
            of_body("kms", "Decrypt", &key),
            one("kms:Decrypt", "alias/k")
        );
        let secret = json!({"SecretId": "s"});
        assert_eq!(
            of_body("secretsmanager", "GetSecretValue", &secret),
            one("secretsmanager:GetSecretValue", "s")
        );
        let image = json!({"Image": {"S3Object": {"Bucket": "b", "Name": "previews/a"}}});
        assert_eq!(
            of_body("rekognition", "DetectText", &image),
            [
                ("rekognition:DetectText".to_owned(), "*".to_owned()),
                (
                    "s3:GetObject".to_owned(),
                    "arn:aws:s3:::b/previews/a".to_owned()
                ),
            ]
        );
    }
}
