//! The command line.

mod check;
pub mod replay;
mod run;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// Assetbox on one machine: the whole service in one process, to try, develop and test.
///
/// Without a command it runs until Ctrl-C and prints where the API, the start page and the mailbox
/// are. It needs no network and no account anywhere.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true, after_help = AFTER)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunOptions,
}

const AFTER: &str =
    "RUST_LOG sets what is logged to standard error, such as RUST_LOG=info; warnings by default.";

/// How the machine is started.
#[derive(clap::Args)]
pub(crate) struct RunOptions {
    /// Where the data is kept; made if it is missing.
    #[arg(long, value_name = "DIR", default_value = ".assetbox")]
    data: PathBuf,
    /// The port of the API and the local pages; 0 takes any that is free.
    #[arg(long, value_name = "N", default_value_t = 8080)]
    port: u16,
    /// Keep nothing: the data is in a temporary folder that goes when the process ends.
    #[arg(long, conflicts_with = "data")]
    ephemeral: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Walk through the main job on a fresh machine, with your own pictures or those that ship.
    ///
    /// Signs up, uploads every picture, prints what was found in each, finds them again by a
    /// label, downloads one, pays, lets a trial end, erases a person, checks the certificate and
    /// the ledger. Fails at the first thing that is not as it should be. Keeps nothing, and
    /// touches no data folder.
    Tour {
        /// A folder of pictures (JPEG, PNG, GIF, WebP, TIFF, BMP); files of other kinds are
        /// passed over, and so are folders in it.
        folder: Option<PathBuf>,
    },
    /// Check the certificate of an erasure, and look again for what it says is gone.
    ///
    /// Checks the signature with the ledger's key and the certificate against itself, then
    /// repeats its probes in the data folder's tables and buckets. Fails if anything does not
    /// hold. The data folder must not be in use: end the machine first.
    Verify {
        /// The certificate's file, as `GET /certificates/{case}` gives it.
        certificate: PathBuf,
        /// The data folder in which to look.
        #[arg(long, value_name = "DIR", default_value = ".assetbox")]
        data: PathBuf,
    },
    /// Commands about the ledger, which tells what happened to personal data.
    Ledger {
        #[command(subcommand)]
        command: LedgerCommand,
    },
    /// Give what the functions have given up to them once more.
    ///
    /// Messages that failed too often go from the dead letters back to their queues; records of
    /// streams are delivered by the sweep of their tables. Waits until all is done, and says how
    /// many were given up again. Remove the cause first. The data folder must not be in use: end
    /// the machine first.
    Replay {
        /// The data folder with the dead letters.
        #[arg(long, value_name = "DIR", default_value = ".assetbox")]
        data: PathBuf,
    },
    /// Destroy again what an older copy of the data folder has of those who were erased since.
    ///
    /// For a data folder that was put back from a copy. Ends every session. The data folder must
    /// not be in use: end the machine first.
    EraseAgain {
        /// The files of the certificates of those who were erased after the copy was made.
        #[arg(required = true)]
        certificates: Vec<PathBuf>,
        /// The data folder.
        #[arg(long, value_name = "DIR", default_value = ".assetbox")]
        data: PathBuf,
    },
    /// Print the OpenAPI 3.1 document of the API, as infra/openapi.json holds it.
    Openapi,
}

#[derive(Subcommand)]
enum LedgerCommand {
    /// Check every chain, every entry and every signed root; fail if one does not hold.
    ///
    /// The data folder must not be in use: end the machine first.
    Verify {
        /// The data folder whose ledger is checked.
        #[arg(long, value_name = "DIR", default_value = ".assetbox")]
        data: PathBuf,
    },
}

/// Runs the command that the process was started with.
pub async fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log();
    match execute(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing can be said where standard error is closed.
            let _ = writeln!(io::stderr(), "assetbox: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn execute(cli: Cli) -> Result<(), Box<dyn std::error::Error>> {
    match cli.command {
        None => Ok(run::run(&cli.run).await?),
        Some(Command::Tour { folder }) => Ok(crate::tour::walk(folder.as_deref()).await?),
        Some(Command::Verify { certificate, data }) => check::certificate(&certificate, data).await,
        Some(Command::Ledger {
            command: LedgerCommand::Verify { data },
        }) => check::ledger(data).await,
        Some(Command::Replay { data }) => replay::run(data).await,
        Some(Command::EraseAgain { certificates, data }) => {
            check::erase_again(&certificates, data).await
        }
        Some(Command::Openapi) => check::openapi(),
    }
}

/// `RUST_LOG` says what is logged; warnings by default.
fn start_log() {
    // s3s logs refused requests with what they carried; a refused condition is no event of dynoxide either
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("warn,s3s=off,dynoxide=error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
}
