//! A function's program, started as Lambda starts it.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use aws_credential_types::provider::ProvideCredentials;
use aws_types::service_config::ServiceConfigKey;
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use super::{Bootstrap, Outcome, RuntimeApi};
use crate::TestMachine;

/// A program that takes events, one after the other. It ends with the value.
pub struct Program {
    api: RuntimeApi,
    child: Mutex<Child>,
    timeout: Duration,
    _bootstrap: Option<Bootstrap>,
}

impl Program {
    /// Starts the program of a function, by its logical id, against a machine's services.
    pub async fn start(machine: &TestMachine, function: &str) -> Self {
        Self::start_with(machine, function, &[]).await
    }

    /// Starts it with these variables in place of its own.
    pub async fn start_with(
        machine: &TestMachine,
        function: &str,
        variables: &[(&str, &str)],
    ) -> Self {
        let bootstrap = Bootstrap::of(function).await;
        let mut command = Command::new(bootstrap.path());
        command.env_clear();
        command.envs(environment(machine, function).await);
        command.envs(variables.iter().copied());
        let declared = machine.model().function(function).expect("a function");
        Self {
            _bootstrap: Some(bootstrap),
            ..Self::spawn(command, declared.timeout).await
        }
    }

    /// Starts any program whose invocations may take so long.
    pub async fn spawn(mut command: Command, timeout: Duration) -> Self {
        let api = RuntimeApi::start().await;
        command.env("AWS_LAMBDA_RUNTIME_API", api.address());
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.kill_on_drop(true).spawn();
        Self {
            api,
            child: Mutex::new(child.expect("the program starts")),
            timeout,
            _bootstrap: None,
        }
    }

    /// Hands one event over and waits for what comes of it.
    pub async fn invoke(&self, event: Value) -> Outcome {
        self.invoke_within(event, self.timeout).await
    }

    /// The same with so much time until the deadline.
    pub async fn invoke_within(&self, event: Value, within: Duration) -> Outcome {
        let mut child = self.child.lock().await;
        tokio::select! {
            outcome = self.api.invoke(event, within) => outcome,
            ended = child.wait() => panic!("the program has ended: {ended:?}"),
        }
    }

    /// What it answers.
    pub async fn answer(&self, event: Value) -> Value {
        match self.invoke(event).await {
            Outcome::Answer(answer) => answer,
            Outcome::Error(error) => panic!("an error: {error}"),
        }
    }
}

/// What a function's process finds in its environment: what the template declares, what Lambda
/// sets, and this machine's services in the place of AWS's.
pub async fn environment(machine: &TestMachine, function: &str) -> BTreeMap<String, String> {
    let declared = machine.model().function(function).expect("a function");
    let mut variables = declared.environment.clone();
    let of_lambda = [
        ("AWS_LAMBDA_FUNCTION_NAME", declared.name.as_str()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/x"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "x"),
        ("LAMBDA_TASK_ROOT", "/var/task"),
        ("_HANDLER", "bootstrap"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("TZ", ":UTC"),
    ];
    variables.extend(of_lambda.map(|(name, value)| (name.to_owned(), value.to_owned())));
    variables.extend(services(machine).await);
    variables
}

/// The variables by which the SDKs find this machine's services.
async fn services(machine: &TestMachine) -> BTreeMap<String, String> {
    let config = machine.sdk_config("bootstrap");
    let credentials = config.credentials_provider().unwrap();
    let credentials = credentials.provide_credentials().await.unwrap();
    let region = config.region().unwrap().to_string();
    let mut variables = BTreeMap::from([
        ("AWS_REGION".to_owned(), region.clone()),
        ("AWS_DEFAULT_REGION".to_owned(), region),
        (
            "AWS_ACCESS_KEY_ID".to_owned(),
            credentials.access_key_id().to_owned(),
        ),
        (
            "AWS_SECRET_ACCESS_KEY".to_owned(),
            credentials.secret_access_key().to_owned(),
        ),
    ]);
    for service in [
        "DynamoDB",
        "S3",
        "SQS",
        "SES",
        "KMS",
        "Secrets Manager",
        "Rekognition",
    ] {
        let key = ServiceConfigKey::builder()
            .service_id(service)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url");
        let endpoints = config.service_config().unwrap();
        let endpoint = endpoints.load_config(key.build().unwrap()).unwrap();
        let name = service.to_uppercase().replace(' ', "_");
        variables.insert(format!("AWS_ENDPOINT_URL_{name}"), endpoint);
    }
    variables
}
