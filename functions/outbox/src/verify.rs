//! Checks the whole ledger against what was signed: chains hold, every entry
//! is what was chained, every root was signed with the key and is of these
//! very links, and together the roots leave nothing out.

use std::collections::BTreeSet;

use domain::{
    certificate::verify_signature,
    ledger::{Link, Root, SHARDS, ShardRoot, Signed, merkle_root},
    time::{Timestamp, days, shift},
};
use platform::objects::{ObjectError, Objects};
use store::{Db, StoreError};

use crate::roots::{PREFIX, day_prefix, object_key};

/// What a check of the ledger found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// How many entries are chained.
    pub links: usize,
    /// How many signed roots there are.
    pub roots: usize,
    /// How many entries were chained since the last root: the next one covers them.
    pub not_covered_yet: u64,
    /// What is wrong, in words; empty for a ledger that holds.
    pub faults: Vec<Fault>,
}

impl Report {
    /// Nothing is wrong.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Something that is wrong with the ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A link does not follow the one before, or its entry is gone or changed.
    #[error("chain {shard} is broken at {sequence}")]
    Chain {
        /// The chain.
        shard: u8,
        /// The place in the chain.
        sequence: u64,
    },
    /// A root can't be read, or lies where it doesn't belong.
    #[error("{0} is not a root of this ledger")]
    NotARoot(String),
    /// A root that this key did not sign.
    #[error("{0} has no valid signature of this key")]
    Signature(String),
    /// A root is of other links than the chain has.
    #[error("{root} is of other links than those from {first} to {last} of chain {shard}")]
    OtherLinks {
        /// The root's object.
        root: String,
        /// The chain.
        shard: u8,
        /// The first place.
        first: u64,
        /// The last place.
        last: u64,
    },
    /// A root does not begin where the one before ended: one is missing.
    #[error("chain {shard} is not covered from {after} to {root}")]
    Gap {
        /// The chain.
        shard: u8,
        /// The last place that is covered.
        after: u64,
        /// The root that begins later.
        root: String,
    },
}

/// Why the ledger can't be checked now.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The tables.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bucket of proofs.
    #[error(transparent)]
    Objects(#[from] ObjectError),
}

/// A root as it lies in the bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootFile {
    /// Its object key.
    pub key: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Checks the ledger of these tables and this bucket of proofs (`BUCKET_PROOFS`)
/// against the ledger's public key (SubjectPublicKeyInfo, DER). Reads all of it.
///
/// # Errors
/// [`VerifyError`]; a ledger that doesn't hold is an answer, not an error.
pub async fn ledger(
    db: &Db,
    proofs: &Objects,
    public_key: &[u8],
    now: Timestamp,
) -> Result<Report, VerifyError> {
    let verified = db.verify_ledger().await?;
    let mut chains = Vec::new();
    for shard in 0..SHARDS {
        chains.push(db.links(shard, 0, usize::MAX).await?);
    }
    let files = root_files(proofs, now).await?;
    let mut report = check_roots(&chains, &files, public_key);
    let broken = verified
        .broken
        .into_iter()
        .map(|(shard, sequence)| Fault::Chain { shard, sequence });
    report.faults.splice(0..0, broken);
    report.links = verified.links;
    Ok(report)
}

/// Every root that lies in the bucket, in the order of time.
async fn root_files(proofs: &Objects, now: Timestamp) -> Result<Vec<RootFile>, VerifyError> {
    let first = proofs.versions(PREFIX).await?;
    let Some(mut day) = first.iter().filter_map(|v| day_of(&v.key)).min() else {
        return Ok(Vec::new());
    };
    let mut files = Vec::new();
    // a listing has 1,000 names: a day's roots fit, all of them do not
    while day <= shift(now, days(1)) {
        let versions = proofs.versions(&day_prefix(day)).await?;
        let keys: BTreeSet<String> = versions.into_iter().map(|version| version.key).collect();
        for key in keys {
            let bytes = match proofs.get(&key).await {
                Ok(bytes) => bytes.to_vec(),
                // hidden by a delete marker: what it covered is found missing
                Err(ObjectError::Missing) => continue,
                Err(error) => return Err(error.into()),
            };
            files.push(RootFile { key, bytes });
        }
        day = shift(day, days(1));
    }
    Ok(files)
}

fn day_of(key: &str) -> Option<Timestamp> {
    let mut parts = key.strip_prefix(PREFIX)?.splitn(4, '/');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    format!("{year}-{month}-{day}T00:00:00Z").parse().ok()
}

/// Checks roots against chains (each from its first link on): without any I/O.
#[must_use]
pub fn check_roots(chains: &[Vec<Link>], files: &[RootFile], public_key: &[u8]) -> Report {
    let mut report = Report {
        links: chains.iter().map(Vec::len).sum(),
        roots: files.len(),
        ..Report::default()
    };
    let mut covered = vec![0u64; chains.len()];
    for file in files {
        match read(file, public_key) {
            Ok(root) => {
                for part in &root.shards {
                    report
                        .faults
                        .extend(check_part(part, &file.key, chains, &mut covered));
                }
            }
            Err(fault) => report.faults.push(fault),
        }
    }
    report.not_covered_yet = chains
        .iter()
        .zip(&covered)
        .map(|(chain, covered)| (chain.len() as u64).saturating_sub(*covered))
        .sum();
    report
}

fn read(file: &RootFile, public_key: &[u8]) -> Result<Root, Fault> {
    let not_a_root = || Fault::NotARoot(file.key.clone());
    let signed: Signed = serde_json::from_slice(&file.bytes).map_err(|_| not_a_root())?;
    verify_signature(&signed, public_key).map_err(|_| Fault::Signature(file.key.clone()))?;
    let root: Root = serde_json::from_str(&signed.payload).map_err(|_| not_a_root())?;
    // a root that was copied to another time would be read out of order
    if object_key(root.at) != file.key {
        return Err(not_a_root());
    }
    Ok(root)
}

fn check_part(
    part: &ShardRoot,
    root: &str,
    chains: &[Vec<Link>],
    covered: &mut [u64],
) -> Vec<Fault> {
    let shard = usize::from(part.shard);
    let (Some(chain), Some(covered)) = (chains.get(shard), covered.get_mut(shard)) else {
        return vec![Fault::NotARoot(root.to_owned())];
    };
    let mut faults = Vec::new();
    if part.first != *covered + 1 {
        faults.push(Fault::Gap {
            shard: part.shard,
            after: *covered,
            root: root.to_owned(),
        });
    }
    if !is_of(part, chain) {
        faults.push(Fault::OtherLinks {
            root: root.to_owned(),
            shard: part.shard,
            first: part.first,
            last: part.last,
        });
    }
    *covered = part.last;
    faults
}

fn is_of(part: &ShardRoot, chain: &[Link]) -> bool {
    let links: Vec<&Link> = chain
        .iter()
        .filter(|link| (part.first..=part.last).contains(&link.sequence))
        .collect();
    let hashes: Vec<_> = links.iter().map(|link| link.hash).collect();
    let count = part.last.checked_sub(part.first).map(|n| n + 1);
    count == Some(links.len() as u64)
        && links.last().map(|link| link.hash) == Some(part.head)
        && merkle_root(&hashes) == part.merkle
}
