//! Figures as Markdown, and the document that keeps them.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{fs, thread};

use jiff::Zoned;

use crate::Result;

/// The middle of some figures; their mean where they are two.
pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// A median with the least and the most: `0.42 (0.40 to 0.51)`.
pub(crate) fn spread(figures: &[f64], decimals: usize) -> String {
    let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
    let most = figures.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let median = median(figures);
    format!("{median:.decimals$} ({least:.decimals$} to {most:.decimals$})")
}

/// A table; all columns but the first are figures.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!("| {} |\n|---|", head.join(" | "));
    text.push_str(&"---:|".repeat(head.len() - 1));
    for row in rows {
        let _ = write!(text, "\n| {} |", row.join(" | "));
    }
    text.push('\n');
    text
}

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Puts a part's figures between its markers in the document.
pub(crate) fn write(part: &str, figures: &str) -> Result<()> {
    let file = root().join("docs/performance.md");
    let document = fs::read_to_string(&file)?;
    let (begin, end) = (
        format!("<!-- {part}: begin -->\n"),
        format!("<!-- {part}: end -->"),
    );
    let missing = || format!("docs/performance.md has no place for {part}");
    let (before, rest) = document.split_once(&begin).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&end).ok_or_else(missing)?;
    let origin = origin(part);
    fs::write(
        &file,
        format!("{before}{begin}{origin}\n\n{figures}{end}{after}"),
    )?;
    Ok(())
}

fn origin(part: &str) -> String {
    let date = Zoned::now().strftime("%Y-%m-%d").to_string();
    let cores = thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{date}, {cores} cores ({}), {} of memory: `cargo bench --package assetbox-benches -- {part}`",
        field("/proc/cpuinfo", "model name").unwrap_or_else(|| "processor unknown".to_owned()),
        memory().unwrap_or_else(|| "an unknown amount".to_owned()),
    )
}

fn memory() -> Option<String> {
    let text = field("/proc/meminfo", "MemTotal")?;
    let kibibytes: u64 = text.split(' ').next()?.parse().ok()?;
    Some(format!("{} GiB", (kibibytes + (1 << 19)) >> 20))
}

/// The first value of a field in one of the kernel's files of `name: value` lines.
pub(crate) fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = fields.find(|(key, _)| key.trim() == name)?;
    Some(value.trim().to_owned())
}
