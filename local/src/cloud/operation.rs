//! Which operation of which service a request is.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use super::faults::Attempt;

/// The service and operation of a request.
pub(super) fn of(request: &HttpRequest) -> (&'static str, String) {
    if let Some(target) = request.headers().get("x-amz-target") {
        return of_target(target);
    }
    match action(request) {
        Some(action) => ("ses", action),
        None => ("s3", of_s3(request)),
    }
}

/// Which attempt of which operation a request is; the first of one without a name if it doesn't say.
pub(super) fn attempt(request: &HttpRequest) -> Attempt {
    let header = |name: &str| request.headers().get(name).unwrap_or_default();
    let number = header("amz-sdk-request")
        .split(';')
        .find_map(|part| part.trim().strip_prefix("attempt=")?.parse().ok());
    Attempt {
        operation: header("amz-sdk-invocation-id").to_owned(),
        number: number.unwrap_or(1),
    }
}

/// Whether the operation may change a table.
pub(super) fn writes_a_table(service: &str, operation: &str) -> bool {
    service == "dynamodb"
        && matches!(
            operation,
            "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems"
        )
}

/// `X-Amz-Target` of the JSON protocols.
fn of_target(target: &str) -> (&'static str, String) {
    let (prefix, operation) = target.rsplit_once('.').unwrap_or(("", target));
    let service = match prefix {
        "AmazonSQS" => "sqs",
        "TrentService" => "kms",
        "secretsmanager" => "secretsmanager",
        "RekognitionService" => "rekognition",
        _ => "dynamodb",
    };
    (service, operation.to_owned())
}

/// `Action` of the query protocol's form.
fn action(request: &HttpRequest) -> Option<String> {
    let form = request
        .headers()
        .get("content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    let body = request.body().bytes().filter(|_| form)?;
    form_urlencoded::parse(body)
        .find(|(name, _)| name == "Action")
        .map(|(_, action)| action.into_owned())
}

/// The SDK names most operations of S3 in `x-id`; the others show in method, path and query.
fn of_s3(request: &HttpRequest) -> String {
    let uri: http::Uri = request.uri().parse().unwrap_or_default();
    let query: Vec<_> =
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).collect();
    let find = |name: &str| query.iter().find(|(found, _)| found == name);
    if let Some((_, operation)) = find("x-id") {
        return operation.clone().into_owned();
    }
    let has = |name: &str| find(name).is_some();
    let of_object = uri
        .path()
        .trim_start_matches('/')
        .split_once('/')
        .is_some_and(|(_, key)| !key.is_empty());
    let operation = match (request.method(), of_object) {
        ("POST", false) if has("delete") => "DeleteObjects",
        ("GET", false) if has("versions") => "ListObjectVersions",
        ("GET", false) if has("uploads") => "ListMultipartUploads",
        ("GET", false) => "ListObjectsV2",
        ("HEAD", false) => "HeadBucket",
        ("POST", true) if has("uploads") => "CreateMultipartUpload",
        ("POST", true) if has("uploadId") => "CompleteMultipartUpload",
        ("DELETE", true) if has("uploadId") => "AbortMultipartUpload",
        ("GET", true) if has("uploadId") => "ListParts",
        ("GET", true) => "GetObject",
        ("HEAD", true) => "HeadObject",
        ("DELETE", true) => "DeleteObject",
        ("PUT", true) if has("partNumber") => "UploadPart",
        ("PUT", true) if request.headers().contains_key("x-amz-copy-source") => "CopyObject",
        ("PUT", true) => "PutObject",
        (method, _) => method,
    };
    operation.to_owned()
}
