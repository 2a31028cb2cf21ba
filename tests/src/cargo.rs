//! Cargo, started by a program that cargo has started.

use std::env;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// Cargo in the project's folder, as if a person had started it. What cargo tells this program of
/// its package would make build scripts run again that read it, and all that depends on them be
/// built again, a running test included.
#[must_use]
pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    for (name, _) in env::vars_os().filter(|(name, _)| is_of_a_package(name)) {
        cargo.env_remove(name);
    }
    cargo
}

/// What cargo sets for the programs of a package
/// (<https://doc.rust-lang.org/cargo/reference/environment-variables.html>).
fn is_of_a_package(variable: &OsStr) -> bool {
    let variable = variable.to_string_lossy();
    [
        "CARGO_BIN_",
        "CARGO_CRATE_",
        "CARGO_MANIFEST_",
        "CARGO_PKG_",
    ]
    .iter()
    .any(|prefix| variable.starts_with(prefix))
}
