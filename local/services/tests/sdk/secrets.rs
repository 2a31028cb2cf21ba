use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::ProvideErrorMetadata;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;

use crate::support::Running;

const NAME: &str = "assetbox/payments";

struct Vault {
    running: Running,
    client: Client,
    arn: String,
}

impl Vault {
    async fn new() -> Self {
        Self::over(Running::new().await).await
    }

    async fn over(running: Running) -> Self {
        let secrets = running.services.secrets();
        let arn = secrets
            .ensure_secret(NAME, || "{\"key\":1}".to_owned())
            .unwrap();
        let client = Client::new(&running.config().await);
        Self {
            running,
            client,
            arn,
        }
    }

    async fn get(&self, stage: &str) -> GetSecretValueOutput {
        let call = self.client.get_secret_value().secret_id(NAME);
        call.version_stage(stage).send().await.unwrap()
    }

    async fn put(&self, value: &str) -> String {
        let call = self.client.put_secret_value().secret_id(NAME);
        let put = call.secret_string(value).send().await.unwrap();
        assert_eq!(put.version_stages(), ["AWSCURRENT"]);
        put.version_id.unwrap()
    }
}

#[tokio::test]
async fn a_secret_is_found_by_name_and_arn() {
    let vault = Vault::new().await;
    let partial = vault.arn.rsplit_once('-').unwrap().0;
    for id in [NAME, &vault.arn, partial] {
        let secret = vault.client.get_secret_value().secret_id(id).send().await;
        let secret = secret.unwrap();
        assert_eq!(secret.secret_string(), Some("{\"key\":1}"), "{id}");
        assert_eq!(secret.arn(), Some(vault.arn.as_str()));
        assert_eq!(secret.name(), Some(NAME));
        assert_eq!(secret.version_stages(), ["AWSCURRENT"]);
    }
    let error = vault
        .client
        .get_secret_value()
        .secret_id("other")
        .send()
        .await;
    let error = error.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception(), "{error:?}");
}

#[tokio::test]
async fn a_new_value_becomes_current_and_the_old_one_previous() {
    let vault = Vault::new().await;
    let first_value = b"key\\\":1";
    assert!(vault.running.any_file_has(first_value));
    let second = vault.put("second").await;
    assert_eq!(
        vault.get("AWSCURRENT").await.version_id,
        Some(second.clone())
    );
    assert_eq!(
        vault.get("AWSPREVIOUS").await.secret_string(),
        Some("{\"key\":1}")
    );

    vault.put("third").await;
    assert_eq!(vault.get("AWSCURRENT").await.secret_string(), Some("third"));
    assert_eq!(vault.get("AWSPREVIOUS").await.version_id, Some(second));
    assert!(
        !vault.running.any_file_has(first_value),
        "a value without a stage stayed"
    );
    assert_eq!(
        vault.running.services.secrets().value(NAME).unwrap(),
        "third"
    );
}

#[tokio::test]
async fn values_survive_a_kill_in_a_private_file() {
    let vault = Vault::new().await;
    vault.put("second").await;
    let reopened = Vault::over(vault.running.as_after_a_kill().await).await;
    assert_eq!(reopened.arn, vault.arn);
    assert_eq!(
        reopened.get("AWSCURRENT").await.secret_string(),
        Some("second")
    );
    assert_eq!(
        reopened.get("AWSPREVIOUS").await.secret_string(),
        Some("{\"key\":1}")
    );
    reopened.running.assert_private();
}

#[tokio::test]
async fn one_request_token_makes_one_version() {
    let vault = Vault::new().await;
    let token = "0b9b5b8e-5f0a-4a53-9d7a-0d3f5c2c6b11";
    let put = |value: &str| {
        let call = vault.client.put_secret_value().secret_id(NAME);
        call.secret_string(value).client_request_token(token).send()
    };
    put("second").await.unwrap();
    put("second").await.unwrap();
    assert_eq!(
        vault.get("AWSPREVIOUS").await.secret_string(),
        Some("{\"key\":1}")
    );
    let error = put("another").await.unwrap_err().into_service_error();
    assert!(error.is_resource_exists_exception(), "{error:?}");
    assert_eq!(
        vault.get("AWSCURRENT").await.secret_string(),
        Some("second")
    );
}

#[tokio::test]
async fn a_pending_value_leaves_the_current_one_alone() {
    let vault = Vault::new().await;
    let call = vault.client.put_secret_value().secret_id(NAME);
    let call = call.secret_string("next").version_stages("AWSPENDING");
    let id = call.send().await.unwrap().version_id.unwrap();
    assert_eq!(
        vault.get("AWSCURRENT").await.secret_string(),
        Some("{\"key\":1}")
    );
    assert_eq!(vault.get("AWSPENDING").await.version_id, Some(id.clone()));
    let call = vault.client.get_secret_value().secret_id(NAME);
    let by_id = call.version_id(id).send().await.unwrap();
    assert_eq!(by_id.secret_string(), Some("next"));

    let call = vault.client.get_secret_value().secret_id(NAME);
    let error = call.version_stage("AWSPREVIOUS").send().await;
    let error = error.unwrap_err().into_service_error();
    assert!(error.is_resource_not_found_exception(), "{error:?}");
}

#[tokio::test]
async fn ordered_failures_and_unserved_requests_reach_the_caller() {
    let vault = Vault::new().await;
    let secrets = vault.running.services.secrets();
    secrets.fail_next(1, "InternalServiceError");
    let get = || vault.client.get_secret_value().secret_id(NAME).send();
    let error = get().await.unwrap_err().into_service_error();
    assert!(error.is_internal_service_error(), "{error:?}");
    get().await.unwrap();

    let error = vault.client.list_secrets().send().await.unwrap_err();
    assert_eq!(error.code(), Some("UnknownOperationException"));
    let call = vault.client.put_secret_value().secret_id(NAME);
    let error = call.secret_string("x".repeat(65_537)).send().await;
    assert_eq!(error.unwrap_err().code(), Some("InvalidParameterException"));
}
