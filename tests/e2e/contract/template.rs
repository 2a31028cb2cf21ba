//! The template and the code agree: on variables, on what each function reaches, and on what
//! makes it run.

use std::collections::BTreeSet;

use assetbox::template::{Function, Source};
use assetbox::{Machine, MachineOptions};
use serde_json::{Value, json};

use crate::support::TestMachine;
use crate::support::events::scheduled;

/// Why a machine does not start with the product's template, changed once.
async fn refusal(before: &str, after: &str) -> String {
    let template = MachineOptions::default().template;
    assert!(template.contains(before), "{before}");
    let options = MachineOptions {
        template: template.replacen(before, after, 1),
        ..MachineOptions::default()
    };
    let started = Machine::start(options).await;
    started.err().expect("a reason not to start").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_gets_the_variables_that_it_reads_and_no_others() {
    // The product itself starts, so it is so for all of its functions.
    TestMachine::start().await;
    let secret = "          APP_SECRET: !Ref AppSecret\n";
    let unread = refusal(secret, &format!("{secret}          PLANS: '[]'\n")).await;
    assert!(
        unread.contains("declares PLANS, which it doesn't read"),
        "{unread}"
    );
    let undeclared = refusal("          WEB_ORIGINS: !Ref WebOrigin\n", "").await;
    assert!(undeclared.contains("reads WEB_ORIGINS"), "{undeclared}");
    let missing = refusal(secret, "").await;
    assert!(missing.contains("APP_SECRET is not set"), "{missing}");
}

/// Whether a text has this name as a part: an ARN, an address, an alias.
fn names(text: &str, name: &str) -> bool {
    text.split([':', '/']).any(|part| part == name)
}

/// What a function's own calls may reach: not what Lambda reads for it.
fn reaches(function: &Function, name: &str) -> bool {
    let of_lambda: Vec<_> = function
        .lambda_needs
        .iter()
        .filter_map(|need| function.role.allows(need))
        .collect();
    let mut own = function.role.grants().iter();
    own.any(|grant| !of_lambda.contains(&grant) && names(&grant.resource, name))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_is_told_the_names_of_what_its_role_reaches_and_no_others() {
    let machine = TestMachine::start().await;
    let model = machine.model();
    let tables = model.tables.iter().map(|table| &table.name);
    let buckets = model.buckets.iter().map(|bucket| &bucket.name);
    let queues = model.queues.iter().map(|queue| &queue.name);
    let secrets = model.secrets.iter().map(|secret| &secret.name);
    let keys = model.keys.iter().map(|key| &key.alias);
    let keys = keys.map(|alias| alias.trim_start_matches("alias/").to_owned());
    let resources: Vec<String> = tables
        .chain(buckets)
        .chain(queues)
        .chain(secrets)
        .cloned()
        .chain(keys)
        .collect();
    for function in &model.functions {
        for name in &resources {
            let told = function
                .environment
                .values()
                .any(|value| names(value, name));
            assert_eq!(told, reaches(function, name), "{}: {name}", function.id);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_source_has_a_handler_that_takes_its_events() {
    let machine = TestMachine::start().await;
    let model = machine.model();
    let with_routes: BTreeSet<_> = model.routes.iter().map(|route| &route.function).collect();
    let nothing = json!({"Records": []});
    for function in &model.functions {
        let id = function.id.as_str();
        let is_http = with_routes.contains(&function.id);
        assert!(is_http || !function.sources.is_empty(), "nothing runs {id}");
        for source in &function.sources {
            let (event, answered) = match source {
                Source::Queue(source) => (nothing.clone(), source.reports_failures),
                Source::Stream(source) => (nothing.clone(), source.reports_failures),
                Source::Schedule(schedule) => {
                    (schedule.input.clone().unwrap_or_else(scheduled), false)
                }
            };
            let answer = machine.invoke(id, event).await.unwrap();
            // one that takes requests answers as an HTTP API wants it
            let status = answer.get("statusCode");
            assert!(status.is_none_or(|status| status == 200), "{id}: {answer}");
            if answered {
                assert_eq!(
                    answer["batchItemFailures"],
                    Value::Array(Vec::new()),
                    "{id}"
                );
            }
        }
    }
}
