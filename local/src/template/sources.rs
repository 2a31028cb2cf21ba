//! The `Events` of a function: routes, queues, streams and schedules.

use serde::Deserialize;
use serde_json::Value;

use super::TemplateError;
use super::filter::Filters;
use super::model::{QueueSource, Route, Schedule, Source, StreamSource};
use super::properties::Known;
use super::resolve::Scope;
use super::schedule::Expression;

/// One entry of `Events`.
pub(super) enum Event {
    Route(Route),
    Source(Source),
}

const ROUTE: Known = Known {
    honoured: &["Method", "Path", "PayloadFormatVersion"],
    without_effect: &["ApiId", "RouteSettings", "TimeoutInMillis"],
};

const QUEUE: Known = Known {
    honoured: &[
        "BatchSize",
        "Enabled",
        "FunctionResponseTypes",
        "Queue",
        "ScalingConfig",
    ],
    // Batches are handed over at once: a window only saves invocations.
    without_effect: &["MaximumBatchingWindowInSeconds", "MetricsConfig"],
};

const STREAM: Known = Known {
    honoured: &[
        "BatchSize",
        "BisectBatchOnFunctionError",
        "DestinationConfig",
        "Enabled",
        "FilterCriteria",
        "FunctionResponseTypes",
        "MaximumRetryAttempts",
        "StartingPosition",
        "Stream",
    ],
    without_effect: &[
        "MaximumBatchingWindowInSeconds",
        "MaximumRecordAgeInSeconds",
        "MetricsConfig",
        // The stream of one machine has one shard, read in order.
        "ParallelizationFactor",
    ],
};

const SCHEDULE: Known = Known {
    honoured: &[
        "Enabled",
        "Input",
        "RetryPolicy",
        "Schedule",
        "ScheduleExpression",
        "State",
    ],
    without_effect: &[
        "DeadLetterConfig",
        "Description",
        "FlexibleTimeWindow",
        "Name",
        "OmitName",
        "PermissionsBoundary",
        "RoleArn",
    ],
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RouteProperties {
    path: Option<String>,
    method: Option<String>,
    payload_format_version: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MappingProperties {
    #[serde(alias = "Stream")]
    queue: String,
    batch_size: Option<usize>,
    #[serde(default = "yes")]
    enabled: bool,
    filter_criteria: Option<FilterCriteria>,
    #[serde(default)]
    function_response_types: Vec<String>,
    scaling_config: Option<ScalingConfig>,
    starting_position: Option<String>,
    #[serde(default)]
    bisect_batch_on_function_error: bool,
    maximum_retry_attempts: Option<i64>,
    destination_config: Option<DestinationConfig>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterCriteria {
    filters: Vec<FilterText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FilterText {
    pattern: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ScalingConfig {
    maximum_concurrency: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DestinationConfig {
    on_failure: OnFailure,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct OnFailure {
    destination: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ScheduleProperties {
    #[serde(alias = "ScheduleExpression")]
    schedule: String,
    input: Option<String>,
    #[serde(default = "yes")]
    enabled: bool,
    state: Option<String>,
    #[serde(default)]
    retry_policy: RetryPolicy,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct RetryPolicy {
    maximum_retry_attempts: Option<u32>,
}

/// How often Lambda repeats an asynchronous invocation that failed.
const ASYNCHRONOUS_RETRIES: u32 = 2;

/// Lambda polls a queue with up to this many batches unless `MaximumConcurrency` says less;
/// one machine has no use for more.
const DEFAULT_CONCURRENCY: usize = 10;

/// Lambda's default batch sizes (`AWS::Lambda::EventSourceMapping`, `BatchSize`).
const QUEUE_BATCH: usize = 10;
const STREAM_BATCH: usize = 100;

/// Reads one entry; `None` where it is disabled.
pub(super) fn read(
    scope: &Scope<'_>,
    function: &str,
    name: &str,
    event: &Value,
) -> Result<Option<Event>, TemplateError> {
    let at = format!("{function}, event {name}");
    let properties = &event["Properties"];
    let source = match event["Type"].as_str().unwrap_or_default() {
        "HttpApi" => return route(scope, function, properties, &at).map(Some),
        "SQS" => queue(scope, properties, &at)?.map(Source::Queue),
        "DynamoDB" => stream(scope, properties, &at)?.map(Source::Stream),
        "Schedule" | "ScheduleV2" => {
            let unique = format!("{function}-{name}");
            schedule(scope, unique, properties, &at)?.map(Source::Schedule)
        }
        other => {
            return Err(TemplateError::new(
                at,
                format!("an event of type {other} is not understood"),
            ));
        }
    };
    Ok(source.map(Event::Source))
}

fn route(
    scope: &Scope<'_>,
    function: &str,
    properties: &Value,
    at: &str,
) -> Result<Event, TemplateError> {
    let route: RouteProperties = ROUTE.read(scope, properties, at)?;
    if route
        .payload_format_version
        .is_some_and(|version| version != "2.0")
    {
        return Err(TemplateError::new(
            at,
            "only PayloadFormatVersion 2.0 is served",
        ));
    }
    let method = route.method.map(|method| method.to_uppercase());
    Ok(Event::Route(Route {
        method: method
            .filter(|method| method != "ANY" && method != "X-AMAZON-APIGATEWAY-ANY-METHOD"),
        path: route.path.filter(|path| path != "$default"),
        function: function.to_owned(),
    }))
}

fn queue(
    scope: &Scope<'_>,
    properties: &Value,
    at: &str,
) -> Result<Option<QueueSource>, TemplateError> {
    let mapping: MappingProperties = QUEUE.read(scope, properties, at)?;
    if !mapping.enabled {
        return Ok(None);
    }
    Ok(Some(QueueSource {
        queue: scope.queue_by_arn(&mapping.queue, at)?,
        batch_size: mapping.batch_size.unwrap_or(QUEUE_BATCH),
        concurrency: mapping
            .scaling_config
            .map_or(DEFAULT_CONCURRENCY, |scaling| scaling.maximum_concurrency),
        reports_failures: reports_failures(&mapping.function_response_types, at)?,
    }))
}

fn stream(
    scope: &Scope<'_>,
    properties: &Value,
    at: &str,
) -> Result<Option<StreamSource>, TemplateError> {
    let mapping: MappingProperties = STREAM.read(scope, properties, at)?;
    if !mapping.enabled {
        return Ok(None);
    }
    let stream_arn = mapping.queue;
    let table = scope
        .id_by_arn("AWS::DynamoDB::Table", &stream_arn)
        .ok_or_else(|| {
            TemplateError::new(at, format!("{stream_arn} is not a stream of this template"))
        })?;
    let on_failure = mapping
        .destination_config
        .map(|config| scope.queue_by_arn(&config.on_failure.destination, at));
    Ok(Some(StreamSource {
        table: scope.physical_name(table)?,
        stream_arn,
        batch_size: mapping.batch_size.unwrap_or(STREAM_BATCH),
        // -1 is Lambda's default: for as long as the record lives.
        retries: mapping
            .maximum_retry_attempts
            .and_then(|attempts| u32::try_from(attempts).ok()),
        bisects: mapping.bisect_batch_on_function_error,
        reports_failures: reports_failures(&mapping.function_response_types, at)?,
        filters: filters(mapping.filter_criteria, at)?,
        on_failure: on_failure.transpose()?,
        from_beginning: match mapping.starting_position.as_deref() {
            Some("TRIM_HORIZON") => true,
            Some("LATEST") => false,
            _ => {
                return Err(TemplateError::new(
                    at,
                    "StartingPosition is TRIM_HORIZON or LATEST",
                ));
            }
        },
    }))
}

fn schedule(
    scope: &Scope<'_>,
    name: String,
    properties: &Value,
    at: &str,
) -> Result<Option<Schedule>, TemplateError> {
    let schedule: ScheduleProperties = SCHEDULE.read(scope, properties, at)?;
    if !schedule.enabled || schedule.state.is_some_and(|state| state == "DISABLED") {
        return Ok(None);
    }
    let input = schedule.input.map(|text| {
        serde_json::from_str(&text)
            .map_err(|error| TemplateError::new(at, format!("Input is not JSON: {error}")))
    });
    Ok(Some(Schedule {
        name,
        expression: Expression::parse(&schedule.schedule)
            .map_err(|error| TemplateError::new(at, error.to_string()))?,
        input: input.transpose()?,
        retries: schedule
            .retry_policy
            .maximum_retry_attempts
            .unwrap_or(ASYNCHRONOUS_RETRIES),
    }))
}

fn reports_failures(types: &[String], at: &str) -> Result<bool, TemplateError> {
    match types {
        [] => Ok(false),
        [one] if one == "ReportBatchItemFailures" => Ok(true),
        _ => Err(TemplateError::new(
            at,
            "these FunctionResponseTypes are not understood",
        )),
    }
}

fn filters(criteria: Option<FilterCriteria>, at: &str) -> Result<Filters, TemplateError> {
    let patterns = criteria.into_iter().flat_map(|criteria| criteria.filters);
    let patterns: Vec<String> = patterns.map(|filter| filter.pattern).collect();
    Filters::parse(&patterns).map_err(|reason| TemplateError::new(at, reason))
}
