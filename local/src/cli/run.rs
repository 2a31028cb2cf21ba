//! `assetbox`: everything runs until Ctrl-C or SIGTERM.

use std::io::{self, Write};
use std::time::Instant;

use tokio::signal::unix::{SignalKind, signal};

use super::RunOptions;
use crate::machine::{Machine, MachineError, MachineOptions};

/// Why the command failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    #[error(transparent)]
    Machine(#[from] MachineError),
    #[error("the terminal: {0}")]
    Terminal(#[from] io::Error),
}

pub(super) async fn run(options: &RunOptions) -> Result<(), RunError> {
    let started = Instant::now();
    let mut terminate = signal(SignalKind::terminate())?;
    let machine = Machine::start(MachineOptions {
        data: (!options.ephemeral).then(|| options.data.clone()),
        port: options.port,
        ..MachineOptions::default()
    })
    .await?;
    announce(&machine, started)?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    writeln!(io::stdout(), "\nEnding …")?;
    machine.shutdown().await;
    Ok(())
}

fn announce(machine: &Machine, started: Instant) -> io::Result<()> {
    let url = machine.api_url();
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "Assetbox is running, ready in {:.2} s.\n",
        started.elapsed().as_secs_f64()
    )?;
    writeln!(out, "  Start page  {url}/_local/")?;
    writeln!(out, "  API         {url}")?;
    writeln!(out, "  Try it      {url}/_local/api/")?;
    writeln!(out, "  Mailbox     {url}/_local/mail")?;
    writeln!(out, "  Data        {}\n", machine.data_dir().display())?;
    writeln!(out, "Ctrl-C ends it.")
}
