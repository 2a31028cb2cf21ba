//! Benchmarks of Assetbox.
//!
//! `cargo bench --package assetbox-benches` measures everything and writes the figures into
//! docs/performance.md; names of parts behind `--` measure only those. Run it on a Linux machine
//! that does nothing else.
#![allow(clippy::print_stdout, reason = "a program for the terminal")]

mod client;
mod cold;
mod labelling;
mod load;
mod pictures;
mod previews;
mod report;
mod service;
mod start;

use std::env;
use std::time::Instant;

use tokio::runtime::Runtime;

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Failure> = std::result::Result<T, E>;

/// What is measured, in this order.
#[derive(Clone, Copy)]
enum Part {
    Start,
    Labelling,
    Requests,
    Previews,
    Cold,
}

impl Part {
    const ALL: [Self; 5] = [
        Self::Start,
        Self::Labelling,
        Self::Requests,
        Self::Previews,
        Self::Cold,
    ];

    /// Its name on the command line and in the document.
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Labelling => "labelling",
            Self::Requests => "requests",
            Self::Previews => "previews",
            Self::Cold => "cold",
        }
    }

    /// Its figures, as Markdown.
    fn measure(self, runtime: &Runtime) -> Result<String> {
        match self {
            Self::Start => runtime.block_on(start::measure()),
            Self::Labelling => runtime.block_on(labelling::measure()),
            Self::Requests => runtime.block_on(load::measure()),
            Self::Previews => previews::measure(),
            Self::Cold => runtime.block_on(cold::measure()),
        }
    }
}

/// Measures the parts that the command line names, or all, and writes what it found into
/// docs/performance.md, part by part.
///
/// # Errors
/// Something could not be measured: a sentence about what.
pub fn run() -> Result<()> {
    let runtime = Runtime::new()?;
    for part in wanted()? {
        let began = Instant::now();
        println!("\n=== {}", part.name());
        let figures = part.measure(&runtime)?;
        report::write(part.name(), &figures)?;
        let seconds = began.elapsed().as_secs();
        println!(
            "\n{figures}\n--- {}: {seconds} s, in docs/performance.md",
            part.name()
        );
    }
    Ok(())
}

fn wanted() -> Result<Vec<Part>> {
    // cargo itself adds --bench
    let named: Vec<String> = env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    if named.is_empty() {
        return Ok(Part::ALL.into());
    }
    let part = |name: &String| {
        let part = Part::ALL.into_iter().find(|part| part.name() == name);
        part.ok_or_else(|| format!("there is no part {name}").into())
    };
    named.iter().map(part).collect()
}
