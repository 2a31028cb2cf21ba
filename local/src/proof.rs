//! Checking what the service claims: an erasure's certificate, and the ledger; and making the
//! claim true again of a folder that was put back from a copy.

use domain::certificate::{CertificateFile, Invalid, object_key};
use domain::time::Timestamp;
use outbox::verify;
use platform::Env;
use platform::env::ConfigError;
use platform::objects::{ObjectError, Objects};
use platform::signing::{Signer, SigningError};
use serde_json::json;
use store::erasure::Census;
use store::{Db, StoreError};

use crate::functions::InvokeError;
use crate::machine::Machine;

/// Why something is not proven.
#[derive(Debug, thiserror::Error)]
pub enum Unproven {
    /// The certificate itself.
    #[error(transparent)]
    Certificate(#[from] Invalid),
    /// Something is left of what was destroyed.
    #[error("the probe found what should be gone: {0}")]
    Left(String),
    /// The ledger does not hold.
    #[error("the ledger does not hold: {0}")]
    Ledger(String),
    /// The machine can't be asked.
    #[error("the check can't be made: {0}")]
    Config(#[from] ConfigError),
    /// The tables can't be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The buckets can't be read.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// The public key can't be read.
    #[error(transparent)]
    Key(#[from] SigningError),
    /// The ledger can't be read.
    #[error(transparent)]
    Verify(#[from] verify::VerifyError),
    /// What came back can't be destroyed again.
    #[error(transparent)]
    Replay(#[from] InvokeError),
}

/// The function that reaches everything that a check needs.
const ERASURE: &str = "ErasureFunction";

/// The environment of that function.
fn environment(machine: &Machine) -> Env {
    let erasure = machine.model().functions.iter().find(|f| f.id == ERASURE);
    Env::of(erasure.map(|f| f.environment.clone()).unwrap_or_default())
}

/// Checks a certificate's signature and consistency, and looks again for what
/// it says was destroyed. Returns what was seen, in lines for people.
///
/// # Errors
/// [`Unproven`].
pub async fn certificate(
    machine: &Machine,
    file: &CertificateFile,
) -> Result<Vec<String>, Unproven> {
    let (aws, env) = (machine.sdk_config("proof"), environment(machine));
    let public_key = Signer::new(&aws, &env)?.public_key().await?;
    let certificate = file.verify(&public_key)?;
    let mut lines = vec![format!(
        "certificate {}: the signature is good",
        certificate.case
    )];
    for step in &certificate.steps {
        lines.push(format!(
            "{:<11} {:>5} destroyed in the {}",
            step.step.as_str(),
            step.before,
            step.store
        ));
    }
    for kept in &certificate.kept {
        lines.push(format!("kept: {} ({})", kept.category, kept.ground));
    }
    for sightings in Census::new(&aws, env.tables()).probe(&certificate).await? {
        if let Some(key) = sightings.found.first() {
            return Err(Unproven::Left(format!("{:?} {}", sightings.table, key.sk)));
        }
        lines.push(format!(
            "probe: {} items of {:?}, nothing found",
            sightings.read, sightings.table
        ));
    }
    let objects = Objects::new(&aws, &env, "BUCKET_ASSETS")?;
    for workspace in &certificate.probe.workspaces {
        for kind in domain::asset::ObjectKind::ALL {
            let prefix = domain::asset::ObjectKeys::workspace_prefix(*workspace, kind);
            if !objects.versions(&prefix).await?.is_empty()
                || !objects.unfinished(&prefix).await?.is_empty()
            {
                return Err(Unproven::Left(prefix));
            }
        }
        lines.push(format!(
            "probe: no object, version or unfinished upload of {workspace}"
        ));
    }
    Ok(lines)
}

/// Checks every chain of the ledger, every entry, and every signed root.
/// Returns what was seen, in lines for people.
///
/// # Errors
/// [`Unproven`].
pub async fn ledger(machine: &Machine) -> Result<Vec<String>, Unproven> {
    let (aws, env) = (machine.sdk_config("proof"), environment(machine));
    let public_key = Signer::new(&aws, &env)?.public_key().await?;
    let proofs = Objects::new(&aws, &env, "BUCKET_PROOFS")?;
    let now = Timestamp::from(machine.clock().now());
    let report = verify::ledger(&Db::new(&aws, env.tables()), &proofs, &public_key, now).await?;
    if let Some(fault) = report.faults.first() {
        return Err(Unproven::Ledger(format!(
            "{fault} ({} in all)",
            report.faults.len()
        )));
    }
    Ok(vec![
        format!(
            "{} entries, every link follows the one before",
            report.links
        ),
        format!(
            "{} signed roots are good; {} entries wait for the next one",
            report.roots, report.not_covered_yet
        ),
    ])
}

/// Destroys again what a data folder has of those whom these certificates are about, because it
/// is a copy from before they were erased. The copy has no certificates of what came later, so
/// they are given by hand and kept in it. Ends every session. Returns what was done, in lines
/// for people.
///
/// # Errors
/// [`Unproven`].
pub async fn erase_again(
    machine: &Machine,
    files: &[CertificateFile],
) -> Result<Vec<String>, Unproven> {
    let (aws, env) = (machine.sdk_config("proof"), environment(machine));
    let public_key = Signer::new(&aws, &env)?.public_key().await?;
    let proofs = Objects::new(&aws, &env, "BUCKET_PROOFS")?;
    for file in files {
        let certificate = file.verify(&public_key)?;
        let bytes = serde_json::to_vec(file);
        let bytes = bytes.map_err(|error| Invalid::Unreadable(error.to_string()))?;
        let key = object_key(certificate.case);
        proofs.put(&key, "application/json", bytes.into()).await?;
    }
    let restored_at = Timestamp::from(machine.clock().now());
    let task = json!({
        "task": "replay_tombstones",
        "since": Timestamp::UNIX_EPOCH,
        "restored_at": restored_at,
    });
    loop {
        let answer = machine.invoke(ERASURE, task.clone()).await?;
        if answer["done"] == true {
            return Ok(vec![
                format!("{} certificates followed", answer["certificates"]),
                format!(
                    "{} things had come back and are destroyed",
                    answer["destroyed"]
                ),
                format!("{} sessions and links ended", answer["ended"]),
            ]);
        }
    }
}
