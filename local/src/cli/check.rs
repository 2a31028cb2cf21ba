//! `assetbox verify`, `assetbox erase-again`, `assetbox ledger verify` and `assetbox openapi`.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use domain::certificate::CertificateFile;

use crate::machine::{Machine, MachineOptions};
use crate::{openapi as api, proof};

pub(super) async fn machine(data: PathBuf) -> Result<Machine, Box<dyn Error>> {
    if !data.is_dir() {
        return Err(format!(
            "there is no data folder {}; name it with --data",
            data.display()
        )
        .into());
    }
    let options = MachineOptions {
        data: Some(data),
        ..MachineOptions::default()
    };
    Ok(Machine::start(options).await?)
}

fn say(lines: &[String]) -> io::Result<()> {
    lines
        .iter()
        .try_for_each(|line| writeln!(io::stdout(), "{line}"))
}

fn read(file: &Path) -> Result<CertificateFile, Box<dyn Error>> {
    let bytes = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(CertificateFile::parse(&bytes)?)
}

pub(super) async fn certificate(file: &Path, data: PathBuf) -> Result<(), Box<dyn Error>> {
    let file = read(file)?;
    let machine = machine(data).await?;
    let checked = proof::certificate(&machine, &file).await;
    machine.shutdown().await;
    Ok(say(&checked?)?)
}

pub(super) async fn erase_again(
    certificates: &[PathBuf],
    data: PathBuf,
) -> Result<(), Box<dyn Error>> {
    let certificates: Result<Vec<_>, _> = certificates.iter().map(|file| read(file)).collect();
    let certificates = certificates?;
    let machine = machine(data).await?;
    let done = proof::erase_again(&machine, &certificates).await;
    machine.shutdown().await;
    Ok(say(&done?)?)
}

pub(super) async fn ledger(data: PathBuf) -> Result<(), Box<dyn Error>> {
    let machine = machine(data).await?;
    let checked = proof::ledger(&machine).await;
    machine.shutdown().await;
    Ok(say(&checked?)?)
}

pub(super) fn openapi() -> Result<(), Box<dyn Error>> {
    Ok(writeln!(
        io::stdout(),
        "{}",
        api::document().to_pretty_json()?
    )?)
}
