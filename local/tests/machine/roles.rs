//! Calls under a function's role, refused in each service's own form.

use assetbox::Machine;
use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::SigningAlgorithmSpec;
use aws_types::SdkConfig;

use crate::support::{Stack, has_thing, put};

const FILES: &str = "assetbox-files-bucket";
const KEY: &str = "alias/assetbox-things-key";

/// The code of an error, after checking that there is one.
fn code<T, E: ProvideErrorMetadata>(outcome: Result<T, E>) -> String {
    let error = outcome.err().expect("a refusal");
    error.code().unwrap_or("none").to_owned()
}

/// What each service answers to a caller.
async fn answers(machine: &Machine, config: &SdkConfig) -> Vec<(&'static str, String)> {
    let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(true);
    let s3 = aws_sdk_s3::Client::from_conf(s3.build());
    let get = s3.get_object().bucket(FILES).key("a").send().await;
    let sqs = aws_sdk_sqs::Client::new(config);
    let url = &machine.model().function("WebFunction").unwrap().environment["QUEUE_JOBS"];
    let message = sqs.send_message().queue_url(url).message_body("x");
    let kms = aws_sdk_kms::Client::new(config)
        .get_public_key()
        .key_id(KEY);
    let secret = aws_sdk_secretsmanager::Client::new(config).get_secret_value();
    let letter =
        aws_sdk_ses::types::RawMessage::builder().data(aws_sdk_ses::primitives::Blob::new("x"));
    let ses = aws_sdk_ses::Client::new(config).send_raw_email();
    let table = aws_sdk_dynamodb::Client::new(config);
    vec![
        ("dynamodb", code(put(&table, "denied").await)),
        ("s3", code(get)),
        ("sqs", code(message.send().await)),
        ("kms", code(kms.send().await)),
        (
            "secretsmanager",
            code(secret.secret_id("assetbox-things-secret").send().await),
        ),
        (
            "ses",
            code(
                ses.source("a@example.com")
                    .raw_message(letter.build().unwrap())
                    .send()
                    .await,
            ),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_role_does_not_allow_is_refused_as_each_service_refuses() {
    let machine = Stack::default().start().await;
    let mark = machine.calls().mark();
    let answers = answers(&machine, &machine.sdk_config("UploadsFunction")).await;
    for (service, code) in answers {
        let expected = match service {
            "s3" | "ses" => "AccessDenied",
            _ => "AccessDeniedException",
        };
        assert_eq!(code, expected, "{service}");
    }
    let calls = machine.calls().since(mark);
    assert_eq!(calls.len(), 6, "none is repeated: {calls:?}");
    for call in calls {
        let expected = match call.service {
            "s3" | "ses" => 403,
            _ => 400,
        };
        assert!(call.denied.is_some(), "{call:?}");
        assert_eq!(call.status, Some(expected), "{call:?}");
    }
    assert!(!has_thing(&machine, "denied").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_condition_is_held_against_the_call() {
    let machine = Stack::default().start().await;
    let kms = aws_sdk_kms::Client::new(&machine.sdk_config("WebFunction"));
    let sign = |algorithm: SigningAlgorithmSpec| {
        let sign = kms.sign().key_id(KEY).signing_algorithm(algorithm);
        sign.message(Blob::new("text")).send()
    };
    sign(SigningAlgorithmSpec::Ed25519Sha512).await.unwrap();
    let other = sign(SigningAlgorithmSpec::EcdsaSha256).await;
    assert_eq!(code(other), "AccessDeniedException");
    let used = machine.roles().used();
    let actions: Vec<_> = used.iter().map(|used| used.action.as_str()).collect();
    assert_eq!(actions, ["kms:Sign"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_allowed_is_done_and_noted() {
    let machine = Stack::default().start().await;
    let web = aws_sdk_dynamodb::Client::new(&machine.sdk_config("WebFunction"));
    put(&web, "a").await.unwrap();
    assert!(has_thing(&machine, "a").await);
    let used = machine.roles().used();
    let used = used.first().expect("a use");
    assert_eq!(used.action, "dynamodb:*Item", "as the template has it");
    assert!(machine.roles().granted().contains(used));
    // Who is no function of the template is not held to a role.
    let test = aws_sdk_dynamodb::Client::new(&machine.sdk_config("test"));
    put(&test, "b").await.unwrap();
    assert_eq!(machine.roles().used().len(), 1);
}
