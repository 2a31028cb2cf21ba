//! Months: one in which nobody does anything, and one of the company of the price file.

use std::collections::BTreeMap;

use assetbox::cloud::Call;

use super::book::Book;
use super::idle::{self, DAYS, Run};
use super::usage::Usage;

/// A line of a bill: what, how often or how much, US dollars.
pub struct Line {
    /// What is paid for.
    pub what: String,
    /// How many, in words.
    pub amount: String,
    /// US dollars.
    pub usd: f64,
}

/// The sum of a bill.
pub fn sum(lines: &[Line]) -> f64 {
    lines.iter().map(|line| line.usd).sum()
}

/// The fixed fees of a month.
pub fn fees(book: &Book<'_>) -> Vec<Line> {
    let fees = idle::fees(book.tariff).into_iter();
    fees.map(|(what, usage)| Line {
        what: what.to_owned(),
        amount: number(usage.iter().map(|(_, quantity)| quantity).sum()),
        usd: book.tariff.cost(&usage),
    })
    .collect()
}

/// What runs in a month in which nobody does anything.
pub fn idle(book: &Book<'_>, runs: &[Run], starts: &BTreeMap<String, Vec<Call>>) -> Vec<Line> {
    let (queues, polling) = idle::polling(book.tariff, book.machine);
    let runs = runs.iter().map(|run| {
        let start = starts.get(&run.function).map_or(&[][..], Vec::as_slice);
        let usage = idle::of_run(book.tariff, run, start).times(f64::from(run.per_month));
        Line {
            what: format!("schedule {}", run.name),
            amount: format!("{} runs", number(f64::from(run.per_month))),
            usd: book.tariff.cost(&usage),
        }
    });
    let mut lines: Vec<_> = runs.collect();
    lines.push(Line {
        what: format!("Lambda asking {queues} empty queues"),
        amount: format!("{} requests", number(polling.quantity("sqs.request"))),
        usd: book.tariff.cost(&polling),
    });
    lines
}

/// What the company of the price file does in a month.
pub fn company(book: &Book<'_>, runs: &[Run], starts: &BTreeMap<String, Vec<Call>>) -> Vec<Line> {
    let tariff = book.tariff;
    let mut all = Usage::default();
    let mut lines = Vec::new();
    for (action, usage) in &book.actions {
        let often = tariff.company.per_month.get(*action);
        let often = *often.unwrap_or_else(|| panic!("how often is: {action}?"));
        let usage = usage.clone().times(often);
        lines.push(line(book, action, often, &usage));
        all = all.and(usage);
    }
    assert_eq!(
        lines.len(),
        tariff.company.per_month.len(),
        "each is counted"
    );
    let often = tariff.assumed("company.starts") * f64::from(DAYS);
    let of_all = starts.values().map(|calls| Usage::of_calls(calls));
    let of_all = of_all.fold(Usage::default(), Usage::and).times(often);
    let named = "Starts of each function that reads something then";
    lines.push(line(book, named, often, &of_all));
    let kept = all.quantity("logs.gb") * tariff.assumed("log.months");
    lines.push(gigabytes(book, "logs.stored_gb", kept));
    lines.push(reading_all(book, runs));
    lines.extend(storage(book));
    lines
}

/// One time, for bringing in what the company has.
pub fn loading(book: &Book<'_>) -> f64 {
    let (_, usage) = book
        .actions
        .iter()
        .find(|(action, _)| action.starts_with("A picture uploaded"))
        .expect("an upload");
    book.tariff.cost(usage) * book.tariff.company.assets
}

fn line(book: &Book<'_>, what: &str, often: f64, usage: &Usage) -> Line {
    Line {
        what: what.to_owned(),
        amount: number(often),
        usd: book.tariff.cost(usage),
    }
}

/// Reconciling reads every item of the tables, in each of its runs.
fn reading_all(book: &Book<'_>, runs: &[Run]) -> Line {
    let scans = |run: &&Run| run.calls.iter().any(|call| call.operation == "Scan");
    let often: u32 = runs.iter().filter(scans).map(|run| run.per_month).sum();
    let units = tables(book) * 1e9 / 4096.0 * f64::from(often);
    Line {
        what: "Tables read whole, to reconcile them".to_owned(),
        amount: format!("{} read units", number(units)),
        usd: book.tariff.cost_of("dynamodb.read_unit", units),
    }
}

/// GB in the tables.
fn tables(book: &Book<'_>) -> f64 {
    book.tariff.company.assets * book.tariff.assumed("asset.table_bytes") / 1e9
}

fn storage(book: &Book<'_>) -> Vec<Line> {
    let (tariff, assets) = (book.tariff, book.tariff.company.assets);
    let originals = tariff.assumed("asset.original_mb") / 1e3;
    let originals = originals * (1.0 + tariff.assumed("company.old_versions"));
    let shown = tariff.assumed("asset.preview_kb") + tariff.assumed("asset.thumbnail_kb");
    let tables = tables(book);
    vec![
        gigabytes(book, "s3.stored_gb", assets * (originals + shown / 1e6)),
        gigabytes(book, "dynamodb.stored_gb", tables),
        gigabytes(book, "dynamodb.backup_gb", tables),
    ]
}

fn gigabytes(book: &Book<'_>, name: &str, quantity: f64) -> Line {
    Line {
        what: book.tariff.prices[name].what.clone(),
        amount: format!("{quantity:.2} GB"),
        usd: book.tariff.cost_of(name, quantity),
    }
}

/// A number with its thousands apart.
pub fn number(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut apart = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            apart.push(',');
        }
        apart.push(digit);
    }
    apart
}
