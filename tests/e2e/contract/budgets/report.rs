//! docs/cost.md.

use std::collections::BTreeMap;
use std::fmt::Write;

use assetbox::cloud::Call;
use assetbox_tests::budget::{Spent, which};

use super::book::Book;
use super::idle::Run;
use super::months::{self, Line, number, sum};
use super::tariff::file;
use super::usage::Usage;

/// Where it is written.
const PATH: &str = "docs/cost.md";
/// With this variable set, it is written; otherwise compared.
const WRITE: &str = "COST_WRITE";

/// What docs/cost.md is made of.
pub struct Report<'a> {
    pub book: &'a Book<'a>,
    pub runs: &'a [Run],
    pub starts: &'a BTreeMap<String, Vec<Call>>,
}

impl Report<'_> {
    /// Writes the document if that is asked for; otherwise says where it differs from this.
    pub fn drift(&self) -> Option<String> {
        let (text, found) = (self.text(), file(PATH));
        if std::env::var_os(WRITE).is_some() {
            write(
                concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/cost.md"),
                &text,
            );
            return None;
        }
        if text == found {
            return None;
        }
        let right = concat!(env!("CARGO_TARGET_TMPDIR"), "/cost.md");
        write(right, &text);
        let mut lines = text.lines().zip(found.lines());
        let differing = lines.find(|(ours, theirs)| ours != theirs);
        let (ours, theirs) = differing.unwrap_or_default();
        Some(format!(
            "it says\n{theirs}\nand it is\n{ours}\nwith {WRITE}=1 it is written; all of it is in {right}"
        ))
    }

    fn text(&self) -> String {
        let sections = [
            self.introduction(),
            self.actions(),
            self.idle(),
            self.company(),
            self.routes(),
            self.events(),
            self.runs(),
            self.starts(),
            self.prices(),
            self.assumptions(),
        ];
        sections.join("\n")
    }

    fn introduction(&self) -> String {
        let tariff = self.book.tariff;
        format!(
            "# Cost\n\n\
             This page is made by a command; a test fails when it is not what the command makes:\n\n\
             ```\n\
             {WRITE}=1 cargo test --workspace --test e2e contract::budgets\n\
             ```\n\n\
             One story of the end-to-end tests visits every route that has a budget. Counted are the AWS calls of every \
             request and event, and DynamoDB's capacity units as the database of one machine reports them \
             (`ConsumedCapacity`; it is held to the examples of the developer guide by tests in \
             `local/src/cloud/calls/units`). Each record and message counts as an invocation of its own; on \
             AWS, batches cost less. Time, log bytes and the sizes of files can't be counted there: they are \
             [assumed](#assumptions). Prices are those of {} on {} ([list](#prices)); no free tier is taken off. \
             Dollars are US dollars without tax.\n",
            tariff.region, tariff.date
        )
    }

    fn actions(&self) -> String {
        let rows = self.book.actions.iter().map(|(action, usage)| {
            let usd = self.book.tariff.cost(usage);
            vec![(*action).to_owned(), dollars(usd * 1e3), self.parts(usage)]
        });
        format!(
            "## 1,000 of each action\n\n\
             With all that follows: letters, jobs, the ledger, the files' own requests and bytes. An erasure is \
             that of somebody without assets; each asset adds what its purge costs. The fees of payment \
             providers are not AWS's.\n\n{}",
            table(&["Action", "$ for 1,000", "Most of it"], rows)
        )
    }

    /// The largest parts of a cost.
    fn parts(&self, usage: &Usage) -> String {
        let tariff = self.book.tariff;
        let costs = usage
            .iter()
            .map(|(name, quantity)| (name, tariff.cost_of(name, quantity)));
        let mut costs: Vec<_> = costs.collect();
        costs.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        let all = tariff.cost(usage);
        let largest = costs.iter().filter(|(_, usd)| usd / all > 0.005).take(3);
        let largest = largest.map(|(name, usd)| {
            let what = &tariff.prices[*name].what;
            format!("{what} {:.0} %", usd / all * 100.0)
        });
        largest.collect::<Vec<_>>().join(", ")
    }

    fn idle(&self) -> String {
        let fees = months::fees(self.book);
        let running = months::idle(self.book, self.runs, self.starts);
        format!(
            "## A month in which nobody does anything\n\n\
             Beside storage, which is paid by the GB ([prices](#prices)), there are fixed fees:\n\n{}\n\
             And this runs, with nothing due; a schedule's function is taken to start anew for each run:\n\n{}\n\
             The aim is nothing beyond storage and fixed fees. What runs misses it by ${:.2} a month at list \
             prices. A key that is rotated costs a dollar more after its first and its second year.\n",
            bill(&fees),
            bill(&running),
            sum(&running),
        )
    }

    fn company(&self) -> String {
        let book = self.book;
        let company = &book.tariff.company;
        let mut lines = months::company(book, self.runs, self.starts);
        for (what, part) in [
            ("Fixed fees", months::fees(book)),
            (
                "What runs while nobody does anything",
                months::idle(book, self.runs, self.starts),
            ),
        ] {
            lines.push(Line {
                what: what.to_owned(),
                amount: "as above".to_owned(),
                usd: sum(&part),
            });
        }
        format!(
            "## A month of a company of {} people with {} assets\n\n{}\n\
             Bringing the {} assets in costs ${:.2} once.\n",
            company.people,
            number(company.assets),
            bill(&lines),
            number(company.assets),
            months::loading(book),
        )
    }

    fn routes(&self) -> String {
        let book = self.book;
        let rows = book.visits.iter().map(|(route, visit)| {
            let alone = book.of_request(visit.function, &visit.calls);
            let mut row = vec![format!("`{route}`")];
            row.extend(spent(&visit.calls));
            row.push(dollars(book.tariff.cost(&alone) * 1e3));
            row.push(dollars(book.tariff.cost(&book.of_visit(visit)) * 1e3));
            row
        });
        let unbounded = book.unbounded.iter().map(|route| format!("`{route}`"));
        format!(
            "## Each route\n\n\
             Its costliest visit of the story, the one BatchGetItem that recognises a session among the calls. \
             The calls of these grow with the ledger's entries of a period or with the people told, so they \
             have no budget: {}.\n\n{}",
            unbounded.collect::<Vec<_>>().join(", "),
            table(
                &[
                    "Route",
                    "Calls",
                    "Which",
                    "Read units",
                    "Write units",
                    "$ for 1,000",
                    "with what follows",
                ],
                rows
            )
        )
    }

    fn events(&self) -> String {
        let book = self.book;
        let rows = book.events.values().map(|event| {
            let mut row = vec![event.event.clone(), event.function.clone()];
            row.extend(spent(&event.calls));
            row.push(dollars(book.tariff.cost(&book.of_event(event)) * 1e3));
            row
        });
        format!(
            "## Each record and message\n\nThe costliest of the story, handled alone.\n\n{}",
            table(
                &[
                    "From",
                    "Function",
                    "Calls",
                    "Which",
                    "Read units",
                    "Write units",
                    "$ for 1,000",
                ],
                rows
            )
        )
    }

    fn runs(&self) -> String {
        let rows = self.runs.iter().map(|run| {
            let mut row = vec![run.name.clone(), number(f64::from(run.per_month))];
            row.extend(spent(&run.calls));
            row
        });
        format!(
            "## Each run of a schedule with nothing due\n\n{}",
            table(
                &[
                    "Schedule",
                    "Runs a month",
                    "Calls",
                    "Which",
                    "Read units",
                    "Write units",
                ],
                rows
            )
        )
    }

    fn starts(&self) -> String {
        let rows = self.starts.iter();
        let rows = rows.map(|(function, calls)| vec![function.clone(), which(calls)]);
        format!(
            "## Each start of a function\n\n{}",
            table(&["Function", "Calls"], rows)
        )
    }

    fn prices(&self) -> String {
        let rows = self.book.tariff.prices.values().map(|price| {
            let confirmed = if price.confirmed { "" } else { "not confirmed" };
            vec![
                price.what.clone(),
                price.usd.to_string(),
                number(price.per),
                format!("<{}>", price.source),
                confirmed.to_owned(),
            ]
        });
        format!(
            "## Prices\n\n\
             From `infra/cost/prices.json`. A price is not confirmed where the page could not be read or \
             sources differ.\n\n{}",
            table(&["What", "$", "for", "Source", ""], rows)
        )
    }

    fn assumptions(&self) -> String {
        let assumptions = self.book.tariff.assumptions.values();
        let rows = assumptions.map(|assumed| vec![assumed.what.clone(), assumed.value.to_string()]);
        format!(
            "## Assumptions\n\n\
             From `infra/cost/prices.json`, where the company's actions stand too. A function's memory is \
             template.yaml's.\n\n{}",
            table(&["What", "Value"], rows)
        )
    }
}

/// Calls, which they are, read and write units.
fn spent(calls: &[Call]) -> [String; 4] {
    let spent = Spent::by(calls);
    [
        spent.calls.to_string(),
        which(calls),
        spent.read.to_string(),
        spent.write.to_string(),
    ]
}

fn write(path: &str, text: &str) {
    std::fs::write(path, text).expect("a document that can be written");
}

/// A bill with its sum.
fn bill(lines: &[Line]) -> String {
    let row = |line: &Line| vec![line.what.clone(), line.amount.clone(), cents(line.usd)];
    let all = vec!["**Sum**".to_owned(), String::new(), cents(sum(lines))];
    let rows = lines.iter().map(row).chain([all]);
    table(&["What", "How much", "$ a month"], rows)
}

fn dollars(usd: f64) -> String {
    format!("{usd:.4}")
}

fn cents(usd: f64) -> String {
    format!("{usd:.2}")
}

/// A table in Markdown.
fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(head.len()));
    for row in rows {
        // writing to a text does not fail
        let _ = writeln!(table, "| {} |", row.join(" | "));
    }
    table
}
