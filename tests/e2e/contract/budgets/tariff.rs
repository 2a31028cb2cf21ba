//! `infra/cost/prices.json`: AWS's prices, and what can't be counted and is assumed.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::usage::Usage;

/// The price file.
#[derive(Deserialize)]
pub struct Tariff {
    /// The region that the prices are of.
    pub region: String,
    /// The day on which they were looked up.
    pub date: String,
    /// The prices by name.
    pub prices: BTreeMap<String, Price>,
    /// The assumptions by name.
    pub assumptions: BTreeMap<String, Assumption>,
    /// The company whose month is reckoned.
    pub company: Company,
    /// The memory of each function in GB, from template.yaml.
    #[serde(skip)]
    memory: BTreeMap<String, f64>,
}

/// One price.
#[derive(Deserialize)]
pub struct Price {
    /// What is paid for.
    pub what: String,
    /// US dollars.
    pub usd: f64,
    /// For so many.
    pub per: f64,
    /// Where it is published.
    pub source: String,
    /// Whether the page named as its source was read and says so.
    pub confirmed: bool,
}

/// One number that is not measured.
#[derive(Deserialize)]
pub struct Assumption {
    /// The number.
    pub value: f64,
    /// What of, and its unit.
    pub what: String,
}

/// A company and what its people do.
#[derive(Deserialize)]
pub struct Company {
    /// How many people.
    pub people: u32,
    /// How many assets they keep.
    pub assets: f64,
    /// How often each action happens in a month.
    pub per_month: BTreeMap<String, f64>,
}

impl Tariff {
    /// Reads the price file and the template's memory sizes.
    pub fn read() -> Self {
        let text = file("infra/cost/prices.json");
        let tariff: Self = serde_json::from_str(&text).expect("prices");
        Self {
            memory: memory(&file("template.yaml")),
            ..tariff
        }
    }

    /// An assumption's number.
    pub fn assumed(&self, name: &str) -> f64 {
        let found = self.assumptions.get(name);
        found
            .unwrap_or_else(|| panic!("infra/cost/prices.json assumes no {name}"))
            .value
    }

    /// What one thing costs so many times.
    pub fn cost_of(&self, name: &str, quantity: f64) -> f64 {
        let found = self.prices.get(name);
        let price = found.unwrap_or_else(|| panic!("infra/cost/prices.json has no {name}"));
        quantity * price.usd / price.per
    }

    /// What it costs in US dollars.
    pub fn cost(&self, usage: &Usage) -> f64 {
        usage
            .iter()
            .map(|(name, quantity)| self.cost_of(name, quantity))
            .sum()
    }

    /// One run of a function, without the calls that it makes.
    pub fn invocation(&self, function: &str) -> Usage {
        let seconds = self.assumed(&format!("ms.{function}")) / 1e3;
        Usage::of("lambda.request", 1.0)
            .and(Usage::of(
                "lambda.gb_second",
                self.memory[function] * seconds,
            ))
            .and(Usage::of("xray.trace", self.assumed("traces")))
            .and(self.logged("log.bytes_invocation"))
    }

    /// One request of the HTTP API, without the invocation.
    pub fn request(&self) -> Usage {
        Usage::of("api.request", 1.0)
            .and(self.logged("log.bytes_request"))
            .and(self.sent(self.assumed("answer.kb") / 1e6))
    }

    /// So many GB to the internet.
    pub fn sent(&self, gb: f64) -> Usage {
        Usage::of("transfer.gb", gb)
    }

    fn logged(&self, bytes: &str) -> Usage {
        Usage::of("logs.gb", self.assumed(bytes) / 1e9)
    }
}

/// A file of the project.
pub fn file(path: &str) -> String {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    std::fs::read_to_string(format!("{root}/{path}"))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The functions' `MemorySize` in GB.
fn memory(template: &str) -> BTreeMap<String, f64> {
    let mut sizes = BTreeMap::new();
    let mut resource = "";
    for line in template.lines() {
        let name = line
            .strip_prefix("  ")
            .and_then(|line| line.strip_suffix(':'));
        if let Some(name) = name.filter(|name| !name.starts_with([' ', '#'])) {
            resource = name;
        }
        if let Some(megabytes) = line.trim().strip_prefix("MemorySize:") {
            let megabytes: f64 = megabytes.trim().parse().expect("a size in MB");
            sizes.insert(resource.to_owned(), megabytes / 1024.0);
        }
    }
    sizes
}
