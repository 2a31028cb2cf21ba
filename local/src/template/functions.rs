//! `AWS::Serverless::Function` with its `Globals`, and `AWS::Serverless::HttpApi`.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::TemplateError;
use super::model::{Cors, Function, Route};
use super::properties::Known;
use super::resolve::{Scope, scalar_text};
use super::roles::{self, Role};
use super::sources::{self, Event};

const FUNCTION: Known = Known {
    honoured: &["Environment", "LoggingConfig", "Role", "Timeout", "Tracing"],
    without_effect: &[
        "Architectures",
        "AutoPublishAlias",
        "AutoPublishAliasAllProperties",
        "AutoPublishCodeSha256",
        "CodeSigningConfigArn",
        "CodeUri",
        "DeadLetterQueue",
        "DeploymentPreference",
        "Description",
        "EphemeralStorage",
        "EventInvokeConfig",
        // Read by themselves.
        "Events",
        "FunctionName",
        "Handler",
        "KmsKeyArn",
        "MemorySize",
        "PropagateTags",
        "ProvisionedConcurrencyConfig",
        "RecursiveLoop",
        "ReservedConcurrentExecutions",
        "RolePath",
        "Runtime",
        "RuntimeManagementConfig",
        "SnapStart",
        "Tags",
        "VersionDescription",
    ],
};

const API: Known = Known {
    honoured: &["CorsConfiguration"],
    without_effect: &[
        "AccessLogSettings",
        "DefaultRouteSettings",
        "Description",
        "DisableExecuteApiEndpoint",
        "Domain",
        "FailOnWarnings",
        "Name",
        "PropagateTags",
        "RouteSettings",
        "StageName",
        "Tags",
    ],
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FunctionProperties {
    #[serde(default)]
    environment: Environment,
    /// Lambda's default is 3 s.
    #[serde(default = "default_timeout")]
    timeout: u64,
    role: Option<String>,
    logging_config: Option<LoggingConfig>,
    tracing: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LoggingConfig {
    log_group: Option<String>,
}

fn default_timeout() -> u64 {
    3
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Environment {
    #[serde(default)]
    variables: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ApiProperties {
    cors_configuration: Option<CorsProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct CorsProperties {
    #[serde(default)]
    allow_origins: Vec<String>,
    #[serde(default)]
    allow_methods: Vec<String>,
    #[serde(default)]
    allow_headers: Vec<String>,
    #[serde(default)]
    expose_headers: Vec<String>,
    #[serde(default)]
    allow_credentials: bool,
    max_age: Option<u64>,
}

pub(super) fn read(scope: &Scope<'_>, id: &str) -> Result<(Function, Vec<Route>), TemplateError> {
    let own = scope.document.properties(id);
    let properties = with_globals(scope, own);
    let properties: FunctionProperties = FUNCTION.read(scope, &properties, id)?;
    let mut function = Function {
        id: id.to_owned(),
        name: scope.physical_name(id)?,
        timeout: Duration::from_secs(properties.timeout),
        environment: properties
            .environment
            .variables
            .into_iter()
            .map(|(name, value)| {
                let text = scalar_text(&value).ok_or_else(|| {
                    TemplateError::new(id, format!("the environment variable {name} is not a text"))
                })?;
                Ok((name, text))
            })
            .collect::<Result<_, TemplateError>>()?,
        sources: Vec::new(),
        role: match &properties.role {
            Some(arn) => roles::read(scope, arn, id)?,
            None => Role::default(),
        },
        lambda_needs: Vec::new(),
    };
    let mut routes = Vec::new();
    for (name, event) in own["Events"].as_object().into_iter().flatten() {
        match sources::read(scope, id, name, event)? {
            Some(Event::Route(route)) => routes.push(route),
            Some(Event::Source(source)) => function.sources.push(source),
            None => {}
        }
    }
    let logging = properties.logging_config;
    let log_group = logging.and_then(|logging| logging.log_group);
    let is_traced = properties.tracing.is_some_and(|mode| mode == "Active");
    function.lambda_needs =
        roles::needs_of_lambda(&scope.place, &function, log_group.as_deref(), is_traced);
    lambda_can_work(&function)?;
    Ok((function, routes))
}

fn lambda_can_work(function: &Function) -> Result<(), TemplateError> {
    let mut needs = function.lambda_needs.iter();
    match needs.find(|need| function.role.allows(need).is_none()) {
        Some(need) => Err(TemplateError::new(
            &function.id,
            format!("under its role, Lambda is {need}"),
        )),
        None => Ok(()),
    }
}

/// `Globals.Function` under the function's own properties; variables are merged one by one.
fn with_globals(scope: &Scope<'_>, own: &Value) -> Value {
    let globals = scope.document.section("Globals");
    let mut merged = object(globals.get("Function"));
    for (name, value) in own.as_object().into_iter().flatten() {
        let mut value = value.clone();
        if name == "Environment" {
            let mut variables = object(merged.get(name).map(|global| &global["Variables"]));
            variables.append(&mut object(Some(&value["Variables"])));
            value = json!({"Variables": variables});
        }
        merged.insert(name.clone(), value);
    }
    Value::Object(merged)
}

fn object(value: Option<&Value>) -> Map<String, Value> {
    value
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

pub(super) fn cors(scope: &Scope<'_>, id: &str) -> Result<Option<Cors>, TemplateError> {
    let globals = scope.document.section("Globals");
    let mut properties = object(globals.get("HttpApi"));
    properties.append(&mut object(Some(scope.document.properties(id))));
    let properties = Value::Object(properties);
    let properties: ApiProperties = API.read(scope, &properties, id)?;
    Ok(properties
        .cors_configuration
        .filter(|cors| !cors.allow_origins.is_empty())
        .map(|cors| Cors {
            origins: cors.allow_origins,
            methods: cors.allow_methods,
            headers: cors.allow_headers,
            expose: cors.expose_headers,
            credentials: cors.allow_credentials,
            max_age_s: cors.max_age,
        }))
}
