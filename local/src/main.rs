//! The command `assetbox`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    assetbox::cli::main().await
}
