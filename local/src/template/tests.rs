#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::*;

const TEMPLATE: &str = include_str!("../../tests/fixtures/template.yaml");

fn place() -> Place {
    Place {
        region: "eu-central-1".to_owned(),
        account: "000000000000".to_owned(),
        stack: "assetbox".to_owned(),
        queue_base: "http://127.0.0.1:9".to_owned(),
    }
}

pub(super) fn resolve(text: &str, parameters: &[(&str, &str)]) -> Result<Model, TemplateError> {
    let parameters = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Model::resolve(&Document::parse(text)?, place(), &parameters)
}

fn model() -> Model {
    resolve(TEMPLATE, &[("PublicUrl", "http://127.0.0.1:8080")]).unwrap()
}

#[test]
fn functions_have_their_globals_and_environment() {
    let model = model();
    let web = model.function("WebFunction").unwrap();
    assert_eq!(web.timeout, Duration::from_secs(20));
    let expected = BTreeMap::from([
        ("PUBLIC_URL", "http://127.0.0.1:8080"),
        (
            "QUEUE_JOBS",
            "http://127.0.0.1:9/000000000000/assetbox-jobs-queue",
        ),
        ("S3_FORCE_PATH_STYLE", "true"),
        ("TABLE_THINGS", "assetbox-things-table"),
        ("THINGS_KEY", "alias/assetbox-things-key"),
    ]);
    let found: BTreeMap<_, _> = web
        .environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn routes_and_cors_come_from_the_events() {
    let model = model();
    let routes: Vec<_> = model
        .routes
        .iter()
        .map(|route| (route.method.as_deref(), route.path.as_deref()))
        .collect();
    assert!(routes.contains(&(Some("GET"), Some("/things/{id}"))));
    assert!(routes.contains(&(None, Some("/files/{proxy+}"))));
    let cors = model.cors.unwrap();
    assert_eq!(cors.origins, ["https://app.example.com"]);
    assert!(cors.credentials);
}

#[test]
fn tables_have_indexes_streams_and_expiry() {
    let table = model().tables.into_iter().next().unwrap();
    assert_eq!(table.name, "assetbox-things-table");
    assert_eq!(table.key.range.as_deref(), Some("sk"));
    assert_eq!(table.indexes[0].projection, "KEYS_ONLY");
    assert_eq!(table.stream.as_deref(), Some("NEW_IMAGE"));
    assert_eq!(table.ttl_attribute.as_deref(), Some("expires_at_epoch"));
}

#[test]
fn buckets_notify_queues_by_prefix() {
    let bucket = model().buckets.into_iter().next().unwrap();
    assert!(bucket.versioned);
    let [notification] = bucket.notifications.as_slice() else {
        panic!("{bucket:?}");
    };
    assert_eq!(notification.queue, "assetbox-uploads-queue");
    assert!(notification.takes("ObjectCreated:Put", "originals/a"));
    assert!(!notification.takes("ObjectCreated:Put", "previews/a"));
    assert!(!notification.takes("ObjectRemoved:Delete", "originals/a"));
}

#[test]
fn a_queue_follows_its_dead_letter_queue() {
    let model = model();
    let names: Vec<_> = model
        .queues
        .iter()
        .map(|queue| queue.name.as_str())
        .collect();
    let place = |name| names.iter().position(|found| *found == name).unwrap();
    assert!(place("assetbox-jobs-dead-letters") < place("assetbox-jobs-queue"));
    let jobs = model
        .queues
        .iter()
        .find(|queue| queue.id == "JobsQueue")
        .unwrap();
    assert_eq!(jobs.redrive.as_ref().unwrap().max_receive_count, 3);
}

#[test]
fn sources_are_read_whole() {
    let model = model();
    let worker = model.function("WorkerFunction").unwrap();
    assert_eq!(worker.sources.len(), 3);
    for source in &worker.sources {
        match source {
            Source::Queue(queue) => {
                assert_eq!((queue.batch_size, queue.concurrency), (5, 2));
                assert!(queue.reports_failures);
            }
            Source::Stream(stream) => {
                assert_eq!(stream.retries, Some(4));
                assert!(stream.bisects && stream.from_beginning);
                assert_eq!(
                    stream.on_failure.as_deref(),
                    Some("assetbox-jobs-dead-letters")
                );
                assert!(stream.filters.pass(&json!({"eventName": "INSERT"})));
                assert!(!stream.filters.pass(&json!({"eventName": "REMOVE"})));
            }
            Source::Schedule(schedule) => {
                assert_eq!(schedule.name, "WorkerFunction-Hourly");
                assert_eq!(schedule.input, Some(json!({"task": "sweep"})));
            }
        }
    }
}

#[test]
fn keys_and_secrets_are_named() {
    let model = model();
    assert_eq!(model.keys[0].key_use, KeyUse::SignEd25519);
    assert_eq!(model.secrets[0].name, "assetbox-things-secret");
}

#[test]
fn conditions_leave_things_out() {
    let model = resolve(TEMPLATE, &[("PublicUrl", "x"), ("Alarms", "no")]).unwrap();
    assert!(model.function("AlarmFunction").is_none());
    let model = resolve(TEMPLATE, &[("PublicUrl", "x"), ("Alarms", "yes")]).unwrap();
    assert!(model.function("AlarmFunction").is_some());
}

#[test]
fn what_is_not_understood_names_its_resource() {
    let cases = [
        ("A: {Type: AWS::Events::Rule}", "A"),
        (
            "A: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true}}",
            "A",
        ),
        (
            "A: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Missing}}",
            "A",
        ),
        (
            "A: {Type: AWS::Serverless::Function, Properties: {Events: {E: {Type: Kinesis}}}}",
            "A, event E",
        ),
        (
            "A: {Type: AWS::S3::Bucket, Properties: {NotificationConfiguration: {TopicConfigurations: []}}}",
            "A",
        ),
        (
            "A: {Type: AWS::KMS::Key, Properties: {KeySpec: RSA_2048, KeyUsage: SIGN_VERIFY}}",
            "A",
        ),
    ];
    for (resource, at) in cases {
        let text = format!("Resources:\n  {resource}\n");
        assert_eq!(resolve(&text, &[]).unwrap_err().at, at, "{resource}");
    }
}

#[test]
fn parameters_must_be_declared_and_have_values() {
    let text = "Parameters: {P: {Type: String}}\nResources: {}\n";
    assert_eq!(resolve(text, &[]).unwrap_err().at, "parameter P");
    let error = resolve(text, &[("P", "1"), ("Q", "2")]).unwrap_err();
    assert_eq!(error.at, "parameter Q");
}

#[test]
fn intrinsic_functions_are_done() {
    let text = r#"
Parameters:
  List: {Type: CommaDelimitedList, Default: "a, b"}
Mappings:
  Map: {one: {two: three}}
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          JOIN: !Join ["-", !Ref List]
          SELECT: !Select [1, !Split ["/", "x/y"]]
          MAP: !FindInMap [Map, one, two]
          SUB: !Sub ["${A}-${AWS::Region}-${!Kept}-${F.Arn}", {A: 1}]
          GONE: !Ref AWS::NoValue
"#;
    let model = resolve(text, &[]).unwrap();
    let environment = &model.functions[0].environment;
    assert_eq!(environment["JOIN"], "a-b");
    assert_eq!(environment["SELECT"], "y");
    assert_eq!(environment["MAP"], "three");
    assert_eq!(
        environment["SUB"],
        "1-eu-central-1-${Kept}-arn:aws:lambda:eu-central-1:000000000000:function:assetbox-f"
    );
    assert!(!environment.contains_key("GONE"));
}

#[test]
fn the_products_template_is_understood() {
    let text = include_str!("../../../template.yaml");
    let model = resolve(
        text,
        &[("Alarms", "false"), ("PublicUrl", "http://127.0.0.1:1")],
    )
    .unwrap();
    assert_eq!(model.functions.len(), 16);
    assert_eq!(model.tables.len(), 4);
    let sources = model
        .functions
        .iter()
        .flat_map(|function| &function.sources);
    let streams = sources.filter(|source| matches!(source, Source::Stream(_)));
    assert_eq!(streams.count(), 2);
    let proofs = model
        .buckets
        .iter()
        .find(|bucket| bucket.id == "ProofsBucket")
        .unwrap();
    assert_eq!(proofs.object_lock, ObjectLock::Days(3 * 365));
    assert!(
        model
            .routes
            .iter()
            .any(|route| route.path.as_deref() == Some("/confirm"))
    );
}

const ROLE: &str = r#"
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {Role: !GetAtt R.Arn}}
  T: {Type: AWS::SQS::Queue}
  R:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: p
          PolicyDocument:
            Version: 2012-10-17
            Statement:
              - Effect: Allow
                Action: [sqs:SendMessage, "sqs:Get*"]
                Resource: !GetAtt T.Arn
              - {Effect: Allow, Action: kms:Sign, Resource: "*", Condition: {StringEquals: {kms:SigningAlgorithm: A}}}
"#;

#[test]
fn a_role_is_read_with_the_function_that_has_it() {
    let model = resolve(ROLE, &[]).unwrap();
    let role = &model.function("F").unwrap().role;
    let queue = "arn:aws:sqs:eu-central-1:000000000000:assetbox-t";
    for (action, resource, allowed) in [
        ("sqs:SendMessage", queue, true),
        ("sqs:GetQueueUrl", queue, true),
        ("sqs:DeleteMessage", queue, false),
        (
            "sqs:SendMessage",
            "arn:aws:sqs:eu-central-1:000000000000:other",
            false,
        ),
        ("kms:Sign", "alias/key", false),
    ] {
        let found = role.allows(&Need::new(action, resource));
        assert_eq!(found.is_some(), allowed, "{action} on {resource}");
    }
    let mut signing = Need::new("kms:Sign", "alias/key");
    signing
        .context
        .insert(ContextKey::SigningAlgorithm, "A".to_owned());
    assert!(role.allows(&signing).is_some());
}

#[test]
fn what_a_role_says_is_understood_or_refused() {
    let refused = [
        (
            "Effect: Allow\n                Action: [",
            "Effect: Deny\n                Action: [",
        ),
        ("Resource: !GetAtt T.Arn", "NotResource: !GetAtt T.Arn"),
        ("StringEquals", "StringLike"),
        ("kms:SigningAlgorithm", "kms:KeyUsage"),
        ("Policies:", "ManagedPolicyArns: [a]\n      Policies:"),
        ("Policies:", "PermissionsBoundary: a\n      Policies:"),
    ];
    for (before, after) in refused {
        let text = ROLE.replace(before, after);
        assert_ne!(text, ROLE, "{before}");
        assert_eq!(resolve(&text, &[]).unwrap_err().at, "R", "{after}");
    }
    for more in ["Policies: [a]", "PermissionsBoundary: a"] {
        let text = ROLE.replace(
            "Role: !GetAtt R.Arn",
            &format!("Role: !GetAtt R.Arn, {more}"),
        );
        assert_eq!(resolve(&text, &[]).unwrap_err().at, "F", "{more}");
    }
    let apart = format!("{ROLE}  P: {{Type: AWS::IAM::Policy}}\n");
    assert_eq!(resolve(&apart, &[]).unwrap_err().at, "P");
}

#[test]
fn a_function_whose_sources_lambda_may_not_read_is_refused() {
    for right in [
        "Action: \"sqs:*\", Resource: !GetAtt JobsQueue.Arn",
        "Action: sqs:SendMessage, Resource: !GetAtt JobsDeadLetters.Arn",
        "Action: \"dynamodb:*\"",
    ] {
        let weaker = right.replace("sqs:", "sns:").replace("dynamodb:", "sns:");
        let text = TEMPLATE.replace(right, &weaker);
        assert_ne!(text, TEMPLATE, "{right}");
        let error = resolve(&text, &[("PublicUrl", "x")]).unwrap_err();
        assert_eq!(error.at, "WorkerFunction", "{right}");
        assert!(error.reason.contains("not authorized"), "{error}");
    }
}

#[test]
fn every_function_of_the_products_template_has_its_program() {
    let document = Document::parse(include_str!("../../../template.yaml")).unwrap();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut packages = Vec::new();
    for (id, resource) in document.resources() {
        if resource["Type"] != "AWS::Serverless::Function" {
            continue;
        }
        let program = resource["Metadata"]["BuildProperties"]["Binary"].as_str();
        let program = program.expect("a program's name").to_owned();
        let code = resource["Properties"]["CodeUri"].as_str().unwrap();
        assert_eq!(code, format!("functions/{program}"), "{id}");
        let manifest = std::fs::read_to_string(root.join(code).join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("name = \"{program}\"")), "{id}");
        assert!(root.join(code).join("src/main.rs").is_file(), "{id}");
        packages.push(program);
    }
    packages.sort();
    let mut folders: Vec<_> = std::fs::read_dir(root.join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    folders.sort();
    assert_eq!(
        packages, folders,
        "every program is a function of the template"
    );
    let registry: Vec<_> = crate::functions::all().into_keys().collect();
    let mut declared: Vec<_> = document
        .resources()
        .filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function")
        .map(|(id, _)| id.to_owned())
        .collect();
    declared.sort();
    assert_eq!(registry, declared);
}

#[test]
fn nested_stacks_hold_nothing_that_one_machine_would_wire() {
    let document = Document::parse(include_str!("../../../template.yaml")).unwrap();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (id, resource) in document.resources() {
        if resource["Type"] != "AWS::CloudFormation::Stack" {
            continue;
        }
        let file = resource["Properties"]["TemplateURL"].as_str().unwrap();
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        for (inner, resource) in Document::parse(&text).unwrap().resources() {
            let kind = resource["Type"].as_str().unwrap();
            let tells_people = ["AWS::SNS::Topic", "AWS::SNS::Subscription"].contains(&kind);
            let harmless = model::is_without_effect(kind) || tells_people;
            assert!(harmless, "{id}, {file}: {inner} is a {kind}");
        }
    }
}
