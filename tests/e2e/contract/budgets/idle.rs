//! What is paid while nobody does anything.

use std::collections::BTreeSet;

use assetbox::cloud::Call;
use assetbox::template::Source;
use serde_json::Value;

use super::tariff::{Tariff, file};
use super::usage::Usage;
use crate::support::{TestMachine, events};

/// Days of the month that is reckoned.
pub const DAYS: u32 = 30;

/// A schedule with nothing due.
pub struct Run {
    /// The schedule's name: the function's logical id and the event's.
    pub name: String,
    /// The logical id of the function.
    pub function: String,
    /// How often it runs in a month.
    pub per_month: u32,
    /// The calls of one run.
    pub calls: Vec<Call>,
}

/// Runs every schedule, a second time for the count: the first one may have had something to do.
pub async fn runs(machine: &TestMachine) -> Vec<Run> {
    let mut runs = Vec::new();
    for function in &machine.model().functions {
        for source in &function.sources {
            let Source::Schedule(schedule) = source else {
                continue;
            };
            let event = schedule.input.clone().unwrap_or_else(events::scheduled);
            run(machine, &function.id, event.clone()).await;
            machine.settled().await;
            let count = machine.count(&function.id);
            run(machine, &function.id, event).await;
            let begin: jiff::Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
            let end = begin + jiff::SignedDuration::from_hours(24 * i64::from(DAYS));
            let times =
                std::iter::successors(Some(begin), |last| schedule.expression.next_after(*last));
            let times = times.skip(1).take_while(|time| *time <= end).count();
            runs.push(Run {
                name: schedule.name.clone(),
                function: function.id.clone(),
                per_month: u32::try_from(times).unwrap(),
                calls: count.calls(),
            });
        }
    }
    runs.sort_by(|a, b| a.name.cmp(&b.name));
    runs
}

async fn run(machine: &TestMachine, function: &str, event: Value) {
    let answer = machine.invoke(function, event).await.unwrap();
    let status = answer["statusCode"].as_u64();
    assert!(
        status.is_none_or(|status| status < 300),
        "{function}: {answer}"
    );
}

/// One run as it is billed. Between two runs the function has ended, so it starts anew.
pub fn of_run(tariff: &Tariff, run: &Run, start: &[Call]) -> Usage {
    Usage::of("scheduler.run", 1.0)
        .and(tariff.invocation(&run.function))
        .and(Usage::of_calls(&run.calls))
        .and(Usage::of_calls(start))
}

/// Lambda asks every queue that is an event source, all the time.
pub fn polling(tariff: &Tariff, machine: &TestMachine) -> (usize, Usage) {
    let sources = machine.model().functions.iter().flat_map(|f| &f.sources);
    let queues = sources
        .filter(|source| matches!(source, Source::Queue(_)))
        .count();
    let seconds = f64::from(DAYS) * 86_400.0;
    let of_one = tariff.assumed("queue.pollers") * seconds / tariff.assumed("queue.poll_seconds");
    let requests = whole(queues) * of_one;
    (queues, Usage::of("sqs.request", requests))
}

/// What is paid for being there: its name, and how many it is billed as.
pub fn fees(tariff: &Tariff) -> Vec<(&'static str, Usage)> {
    let templates = templates();
    let resources = resources(&templates);
    let of = |kind: &'static str| resources.iter().filter(move |(found, _)| *found == kind);
    let count = |kind: &'static str| whole(of(kind).count());
    let alarmed = of("AWS::CloudWatch::Alarm").flat_map(|(_, metrics)| metrics);
    let filtered = of("AWS::Logs::MetricFilter").flat_map(|(_, metrics)| metrics);
    let filtered: BTreeSet<_> = filtered.collect();
    let metrics = whole(filtered.len()) + tariff.assumed("metrics.embedded");
    vec![
        ("KMS keys", Usage::of("kms.key", count("AWS::KMS::Key"))),
        (
            "secrets",
            Usage::of("secrets.secret", count("AWS::SecretsManager::Secret")),
        ),
        (
            "metrics with an alarm",
            Usage::of("cloudwatch.alarm", whole(alarmed.count())),
        ),
        (
            "dashboards",
            Usage::of("cloudwatch.dashboard", count("AWS::CloudWatch::Dashboard")),
        ),
        (
            "metrics of our own",
            Usage::of("cloudwatch.metric", metrics),
        ),
    ]
}

fn whole(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

/// The resources of templates, each by its type, with the metrics that it names.
fn resources(templates: &str) -> Vec<(&str, Vec<&str>)> {
    let mut resources: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in templates.lines() {
        if let Some(kind) = line.strip_prefix("    Type: ") {
            resources.push((kind, Vec::new()));
        }
        let metric = line
            .trim()
            .trim_start_matches("- ")
            .strip_prefix("MetricName: ");
        if let (Some(metric), Some((_, metrics))) = (metric, resources.last_mut()) {
            metrics.push(metric);
        }
    }
    resources
}

/// The template and its nested stacks, one after the other.
fn templates() -> String {
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../infra")).unwrap();
    let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let nested = names.filter(|name| name.ends_with(".yaml"));
    let all = nested.map(|name| file(&format!("infra/{name}")));
    all.fold(file("template.yaml"), |all, one| all + "\n" + &one)
}
