//! What each function is asked first: an event of its source that makes it work.

use assetbox_tests::events::{object_created, object_key, scheduled, sqs};
use assetbox_tests::lambda::ApiRequest;
use assetbox_tests::upload::{announced, send_to};
use assetbox_tests::{TestMachine, User};
use serde_json::{Value, json};

use crate::Result;

/// The function that Node and Python are measured beside.
pub(super) const UPLOADS: &str = "UploadsFunction";

/// The file that is announced.
const FILE: &[u8] = b"a document of few words";

/// An event for a function.
#[derive(Clone)]
pub(super) struct Question {
    /// Its logical id.
    pub(super) function: String,
    /// The event in words.
    pub(super) what: &'static str,
    pub(super) event: Value,
}

impl Question {
    fn new(function: &str, what: &'static str, event: Value) -> Self {
        Self {
            function: function.to_owned(),
            what,
            event,
        }
    }

    /// Whether an answer is a success.
    pub(super) fn is_answered_by(&self, answer: &Value) -> bool {
        let status = answer.get("statusCode").and_then(Value::as_u64);
        let failures = answer.get("batchItemFailures").and_then(Value::as_array);
        status.is_none_or(|status| (200..300).contains(&status))
            && failures.is_none_or(Vec::is_empty)
    }
}

/// One for each function, `uploads` first.
pub(super) async fn questions(machine: &TestMachine) -> Result<Vec<Question>> {
    let user = machine.user().await;
    let asset = machine.upload_png(&user.api).await;
    let get = |path: &str| ApiRequest::new("GET", path).by(&user).event();
    let told = |kind: &str, queue: &str| {
        let key = object_key(kind, &user.workspace, &asset);
        sqs(
            machine,
            queue,
            &[object_created(machine, &key, "0055AED6DCD90281E5")],
        )
    };
    let form = announced("words.txt", "text/plain", FILE);
    let begin = ApiRequest::new("POST", "/uploads").json(&form).by(&user);
    let mut questions = vec![
        Question::new(UPLOADS, "`POST /uploads`", begin.event()),
        Question::new("SignupFunction", "`GET /policies`", get("/policies")),
        Question::new("AccountsFunction", "`GET /me`", get("/me")),
        Question::new("PaymentsFunction", "`GET /billing`", get("/billing")),
        Question::new("AssetsFunction", "`GET /assets`", get("/assets")),
        Question::new(
            "DataSubjectRequestsFunction",
            "`GET /data-subject-requests`",
            get("/data-subject-requests"),
        ),
        Question::new("ComplianceFunction", "`GET /claims`", get("/claims")),
        Question::new(
            "OpendsrFunction",
            "`GET /opendsr/v2/discovery`",
            get("/opendsr/v2/discovery"),
        ),
        Question::new("SiteFunction", "`GET /surveys`", get("/surveys")),
        Question::new(
            "RenditionsFunction",
            "an original that is rendered already",
            told("originals", "RenditionsQueue"),
        ),
        Question::new(
            "TaggingFunction",
            "a preview that is tagged already",
            told("previews", "TaggingQueue"),
        ),
        Question::new(
            "ErasureFunction",
            "an asset that is purged already",
            sqs(machine, "JobsQueue", &[purge(&user)?]),
        ),
        Question::new(
            "OutboxFunction",
            "a letter that is sent already",
            json!({"Records": [letter(machine)?]}),
        ),
        Question::new(
            "TrialExpiryFunction",
            "a schedule, nothing due",
            scheduled(),
        ),
        Question::new("RetentionFunction", "a schedule, nothing due", scheduled()),
    ];
    for function in &machine.model().functions {
        if !questions.iter().any(|asked| asked.function == function.id) {
            let nothing = json!({"Records": []});
            questions.push(Question::new(&function.id, "an empty batch", nothing));
        }
    }
    Ok(questions)
}

/// A job for an asset that nobody has any more.
fn purge(user: &User) -> Result<String> {
    let job = domain::consequence::Job::PurgeAsset {
        workspace: user.workspace.parse()?,
        asset: "ast_00000000000000000000000000000000".parse()?,
    };
    Ok(serde_json::to_string(&job)?)
}

/// The record of a letter that was delivered and forgotten.
fn letter(machine: &TestMachine) -> Result<Value> {
    let name = machine.name_of("CatalogTable");
    let key = json!({
        "pk": {"S": "OUT#usr_00000000000000000000000000000000"},
        "sk": {"S": "2026-11-22T10:00:00Z#0"},
    });
    let arn = format!(
        "arn:aws:dynamodb:eu-central-1:000000000000:table/{name}/stream/2026-11-22T00:00:00.000"
    );
    Ok(json!({
        "eventID": "c4ca4238a0b923820dcc509a6f75849b",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_392_000.0,
            "Keys": key,
            "NewImage": key,
            "SequenceNumber": "4421584500000000017450439091",
            "SizeBytes": 26,
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": arn,
    }))
}

/// Whether S3 takes the file at the address that an answer gives, as it says: whoever answers has
/// done the same work.
pub(super) async fn takes_the_file(machine: &TestMachine, answer: &Value) -> Result<()> {
    let upload: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default())?;
    let taken = send_to(machine.http(), &upload["put"], FILE.to_vec()).await;
    if !taken.status.is_success() {
        return Err(format!("S3 doesn't take the file: {}: {upload}", taken.text()).into());
    }
    Ok(())
}
