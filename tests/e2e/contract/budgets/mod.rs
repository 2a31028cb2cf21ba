//! What every route and event spends, counted in one story against its budget (invariant 11), and
//! docs/cost.md, which is made of it.

mod book;
mod catalog;
mod exchanges;
mod idle;
mod limits;
mod meter;
mod months;
mod people;
mod registers;
mod report;
mod requests;
mod site;
mod sizes;
mod tariff;
mod usage;

use std::collections::{BTreeMap, BTreeSet};

use assetbox::cloud::Call as AwsCall;
use assetbox_tests::budget::Spent;
use serde_json::Value;

use crate::support::provider::Provider;
use crate::support::{Call, Person, TestMachine};
use book::Book;
use meter::Meter;
use report::Report;
use tariff::Tariff;

fn get(path: impl Into<String>) -> Call {
    Call::new("GET", path)
}

fn post(path: impl Into<String>, body: &Value) -> Call {
    Call::new("POST", path).json(body)
}

fn act(path: impl Into<String>) -> Call {
    Call::new("POST", path)
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// The calls that each function makes when it starts, by its logical id.
fn starts(machine: &TestMachine) -> BTreeMap<String, Vec<AwsCall>> {
    let mut starts = BTreeMap::<String, Vec<AwsCall>>::new();
    for function in &machine.model().functions {
        starts.insert(function.id.clone(), Vec::new());
    }
    for call in machine.calls().since(0) {
        starts.entry(call.caller.clone()).or_default().push(call);
    }
    starts.retain(|_, calls| !calls.is_empty());
    starts
}

#[tokio::test(flavor = "multi_thread")]
async fn no_route_spends_more_than_its_budget() {
    let provider = Provider::start().await;
    let (meter, tariff) = (Meter::default(), Tariff::read());
    let machine = meter.start(&[("StripeApiUrl", &provider.url)]).await;
    let starts = starts(&machine);
    let mut book = Book::open(&machine, &meter, &tariff);

    let person = Person::new();
    people::sign_up(&mut book, &person).await;
    people::account(&mut book, &person).await;
    people::new_password(&mut book, &person).await;
    let person = people::new_address(&mut book, &person).await;
    people::unsubscribe(&mut book, &person).await;
    let user = machine.sign_in(&person).await;
    catalog::payments(&mut book, &user, &provider).await;
    let asset = catalog::uploads(&mut book, &user).await;
    catalog::assets(&mut book, &user, &asset).await;
    let staff = requests::requests(&mut book).await;
    registers::registers(&mut book, &staff).await;
    site::site(&mut book, &staff).await;
    exchanges::exchanges(&mut book).await;
    people::sign_out(&mut book, &person).await;
    let runs = idle::runs(&machine).await;
    for run in &runs {
        book.hold(&run.name, &run.calls, limits::event(&run.name));
    }

    let report = Report {
        book: &book,
        runs: &runs,
        starts: &starts,
    };
    let drift = report.drift();
    let overruns: Vec<_> = book.overruns.iter().map(String::as_str).collect();
    assert!(overruns.is_empty(), "over budget:\n{}", overruns.join("\n"));
    every_name_has_a_budget(&book, &runs);
    assert_eq!(drift, None, "docs/cost.md is not what this story costs");
}

fn every_name_has_a_budget(book: &Book<'_>, runs: &[idle::Run]) {
    let all: Vec<_> = book.budgeted().collect();
    let counted: Vec<_> = book.visits.keys().collect();
    assert_eq!(counted, all, "every route is counted");
    let routes = book.visits.keys().copied();
    let events = book.events.keys().map(String::as_str);
    let runs = runs.iter().map(|run| run.name.as_str());
    let spent: BTreeSet<&str> = routes.chain(events).chain(runs).collect();
    let limits: BTreeSet<&str> = limits::names().collect();
    assert_eq!(limits, spent, "every budget in units is needed");
}

#[test]
fn a_budget_is_exceeded_by_any_of_its_numbers() {
    let budget = Spent {
        calls: 2,
        read: 1.0,
        write: 4.0,
        refused: 0,
    };
    assert!(budget.within(&budget));
    let over = [
        Spent { calls: 3, ..budget },
        Spent {
            read: 1.5,
            ..budget
        },
        Spent {
            write: 5.0,
            ..budget
        },
    ];
    assert!(!over.iter().any(|spent| spent.within(&budget)));
}
