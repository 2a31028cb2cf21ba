//! The rows of the table that ends a run.

use std::io::{self, Write};

/// What was done, and what was seen. `infra/deployed/run.sh` collects the rows.
pub fn row(what: &str, seen: &str) {
    // past the test's own capture
    let mut out = io::stdout().lock();
    writeln!(out, "\n| {what} | {seen} |").unwrap();
}
