//! What is counted, in CloudWatch's embedded metric format: one JSON line on the
//! standard output, from which CloudWatch Logs makes the metric without a call
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).
//!
//! A line travels as a log event of [`TARGET`] at debug level. In Lambda
//! [`to_stdout`] writes it bare; everywhere else it is a log event like any other,
//! which terminals leave out and tests keep.
//!
//! No library: those that write the format bring a registry and a run loop of
//! their own, and a counter here is one line at the moment when it counts.

use std::{
    env,
    io::{self, Write},
    sync::LazyLock,
};

use serde_json::{Value, json};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::Context,
    registry::LookupSpan,
};

/// The target of the log events that carry a line, in their field `emf`.
pub const TARGET: &str = "platform::metrics";
/// The namespace of every metric.
pub const NAMESPACE: &str = "Assetbox";

const FIELD: &str = "emf";

/// The dimension `Function`: the function's name in Lambda.
static FUNCTION: LazyLock<String> =
    LazyLock::new(|| env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|_| "local".to_owned()));

/// What is counted, each under the dimension `Function`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Requests of data subjects, clocks of incidents, claims, notices and reviews of
    /// legal holds that wait and whose alarm is due or deadline past: as many as there
    /// are when it is looked.
    DeadlinesAtRisk,
    /// Deadlines of which a reminder has been due, with time left: as many as there
    /// are when it is looked.
    DeadlinesReminded,
    /// Letters that came back, for good or for now.
    MailBounced,
    /// Letters that their readers complained about.
    MailComplained,
    /// Consequences that were carried out, letters that were withheld among them.
    OutboxDelivered,
    /// Deliveries that failed and will be tried again.
    OutboxFailed,
}

impl Metric {
    /// Its name in CloudWatch.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DeadlinesAtRisk => "DeadlinesAtRisk",
            Self::DeadlinesReminded => "DeadlinesReminded",
            Self::MailBounced => "MailBounced",
            Self::MailComplained => "MailComplained",
            Self::OutboxDelivered => "OutboxDelivered",
            Self::OutboxFailed => "OutboxFailed",
        }
    }
}

/// Adds a value to a metric.
pub fn record(metric: Metric, value: usize) {
    let line = document(metric.name(), value).to_string();
    tracing::debug!(target: TARGET, emf = line);
}

/// Tells that a person has to look at something: a log line at error level with
/// the field `alarm`, which a filter of every function's log counts and an alarm
/// passes on (infra/alarms.yaml). The name comes first, then what
/// [`tracing::error!`] takes.
///
/// ```ignore
/// platform::alarm!("payment_after_the_end", payment = id, "a payment must be paid back");
/// ```
#[macro_export]
macro_rules! alarm {
    ($name:expr, $($line:tt)+) => {{
        let alarm: &str = $name;
        $crate::metrics::tracing::error!(alarm, $($line)+);
    }};
}

#[doc(hidden)]
pub use tracing;

fn document(metric: &str, value: usize) -> Value {
    let mut document = json!({
        "_aws": {
            // the system's time: CloudWatch refuses what lies ahead of its own
            "Timestamp": jiff::Timestamp::now().as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [["Function"]],
                "Metrics": [{"Name": metric, "Unit": "Count"}],
            }],
        },
        "Function": FUNCTION.as_str(),
    });
    document[metric] = json!(value);
    document
}

/// Writes every metric's line to the standard output, whatever the log's level.
pub fn to_stdout<S>() -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    Lines.with_filter(Targets::new().with_target(TARGET, LevelFilter::DEBUG))
}

struct Lines;

impl<S: Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        event.record(&mut Line);
    }
}

struct Line;

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == FIELD {
            // a closed output can't be told anywhere
            let _ = writeln!(io::stdout().lock(), "{value}");
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the specification demands of a document: a time, and a root member of the
    /// right kind for every metric and dimension.
    fn is_sound(document: &Value) {
        let metadata = &document["_aws"];
        assert!(metadata["Timestamp"].is_i64() || metadata["Timestamp"].is_u64());
        let directive = &metadata["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "Assetbox");
        for metric in directive["Metrics"].as_array().into_iter().flatten() {
            let name = metric["Name"].as_str().unwrap_or_default();
            assert!(document[name].is_u64(), "{document}");
        }
        for set in directive["Dimensions"].as_array().into_iter().flatten() {
            for dimension in set.as_array().into_iter().flatten() {
                let name = dimension.as_str().unwrap_or_default();
                assert!(document[name].is_string(), "{document}");
            }
        }
    }

    #[test]
    fn a_metric_is_one_sound_line() {
        let document = document(Metric::OutboxDelivered.name(), 3);
        is_sound(&document);
        assert_eq!(document["OutboxDelivered"], 3);
        assert!(!document.to_string().contains('\n'));
    }
}
