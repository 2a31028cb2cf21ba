//! AWS calls of each route, as the end-to-end test counts them, and of each picture.

use std::collections::BTreeMap;
use std::process::Stdio;

use assetbox::{Machine, MachineOptions};

use crate::Result;
use crate::client::Client;
use crate::pictures::Copies;
use crate::report::table;
use crate::service::cargo;

/// The test that walks every route and holds its calls against its budget.
const TEST: &str = "contract::budgets::no_route_spends_more_than_its_budget";
/// Starts each line in which it says what it counted, separated by tabs: route, function, calls,
/// budget.
const COUNTED: &str = "aws-calls\t";

pub(crate) async fn measure() -> Result<String> {
    let routes = routes()?;
    let picture = picture().await?;
    Ok(format!(
        "Routes, without the one BatchGetItem that recognises a session:\n\n{}\n\
         One JPEG from `POST /uploads` to its labels, sessions included:\n\n{}",
        table(&["route", "function", "calls", "budget"], &routes),
        table(&["function", "calls", "which"], &picture),
    ))
}

fn routes() -> Result<Vec<Vec<String>>> {
    println!("counting the calls of every route");
    let output = cargo()
        .args(["test", "--workspace", "--test", "e2e"])
        .args(["--", "--exact", TEST, "--nocapture"])
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("the test {TEST} fails").into());
    }
    let said = String::from_utf8(output.stdout)?;
    let counted: Vec<Vec<String>> = said
        .lines()
        .filter_map(|line| line.strip_prefix(COUNTED))
        .map(|line| line.split('\t').map(str::to_owned).collect())
        .collect();
    if counted.is_empty() {
        return Err(format!("the test {TEST} doesn't say what it counted").into());
    }
    Ok(counted)
}

/// The calls of each function that one picture leads to.
async fn picture() -> Result<Vec<Vec<String>>> {
    println!("counting the calls of one picture");
    let machine = Machine::start(MachineOptions::default()).await?;
    let client = Client::sign_up(machine.api_url()).await?;
    machine.idle().await?;
    let mark = machine.calls().mark();
    let asset = client.upload(Copies::new()?.next()).await?;
    machine.idle().await?;
    let calls = machine.calls().since(mark);
    client.labelled(&asset).await?;
    machine.shutdown().await;

    let mut functions: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for call in calls {
        let operations = functions.entry(call.caller).or_default();
        *operations.entry(call.operation).or_default() += 1;
    }
    let row = |(function, operations): (String, BTreeMap<String, usize>)| {
        let total: usize = operations.values().sum();
        let which = operations
            .iter()
            .map(|(name, count)| format!("{count} {name}"));
        let which = which.collect::<Vec<_>>().join(", ");
        vec![function, total.to_string(), which]
    };
    Ok(functions.into_iter().map(row).collect())
}
