//! Whether the ledger's table is older than what was signed of it.

use std::{collections::BTreeSet, fmt};

use domain::{
    certificate::verify_signature,
    ledger::{Root, SHARDS, ShardRoot, Signed},
    time::{SignedDuration, Timestamp, days, shift},
};

use crate::{App, Error};

/// A chain that is not what its last signed root is of.
#[derive(Debug)]
pub(super) struct Loss {
    /// The chain.
    pub(super) shard: u8,
    /// The last place that was signed.
    signed: u64,
    /// The last place that is the same still, as far as is known.
    has: u64,
}

impl Loss {
    /// How many entries are missing.
    pub(super) fn entries(&self) -> u64 {
        self.signed - self.has
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "has {} of {} signed", self.has, self.signed)
    }
}

/// Compares every chain with the last root that was signed of it since the backup.
pub(super) async fn look(app: &App, since: Timestamp) -> Result<Vec<Loss>, Error> {
    let mut losses = Vec::new();
    for root in last_roots(app, since).await? {
        losses.extend(compare(app, &root).await?);
    }
    Ok(losses)
}

async fn compare(app: &App, root: &ShardRoot) -> Result<Option<Loss>, Error> {
    let head = app.db.head(root.shard).await?;
    let has = head.map_or(0, |head| head.sequence);
    let loss = |has| Loss {
        shard: root.shard,
        signed: root.last,
        has,
    };
    if has < root.last {
        return Ok(Some(loss(has)));
    }
    let links = app.db.links(root.shard, root.last - 1, 1).await?;
    let is_same = links.first().is_some_and(|link| link.hash == root.head);
    // it went on from an older state: the last one that was the same is not known
    Ok((!is_same).then(|| loss(root.first - 1)))
}

/// Backups are of the last 35 days.
const OLDEST: SignedDuration = days(40);

/// The last root of each chain, from now back to the backup.
async fn last_roots(app: &App, since: Timestamp) -> Result<Vec<ShardRoot>, Error> {
    let key = app.signer.public_key().await?;
    let mut roots: Vec<ShardRoot> = Vec::new();
    let mut day = app.clock.now();
    let earliest = shift(since, -days(1)).max(shift(day, -OLDEST));
    while day >= earliest && roots.len() < usize::from(SHARDS) {
        let folder = day.strftime("roots/%Y/%m/%d/").to_string();
        let versions = app.proofs.versions(&folder).await?;
        let objects: BTreeSet<String> = versions.into_iter().map(|v| v.key).collect();
        for object in objects.iter().rev() {
            let signed: Signed = serde_json::from_slice(&app.proofs.get(object).await?)?;
            let invalid = |reason| Error::Certificate(object.clone(), reason);
            verify_signature(&signed, &key).map_err(invalid)?;
            let root: Root = serde_json::from_str(&signed.payload)?;
            for part in root.shards {
                if !roots.iter().any(|known| known.shard == part.shard) {
                    roots.push(part);
                }
            }
        }
        day = shift(day, -days(1));
    }
    Ok(roots)
}
