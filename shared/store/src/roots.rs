//! What the signed roots of the ledger cover, so that each link is covered once.

use domain::{
    ledger::{Root, SHARDS, ShardRoot, merkle_root},
    time::{SignedDuration, Timestamp, shift},
};
use serde::{Deserialize, Serialize};

use crate::{
    db::{Db, Entity, Key, StoreError, Table, Tx},
    expression::{Condition, Update},
};

/// What the signed roots cover.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Rooted {
    revision: u64,
    /// Per chain, the last sequence that a root covers.
    covered: Vec<u64>,
    /// When the last root was made.
    at: Option<Timestamp>,
    /// A root that was decided on and is not known to be stored.
    unpublished: Option<Root>,
}

fn rooted_key() -> Key {
    Key::new("ROOTS", "STATE")
}

impl Entity for Rooted {
    const TABLE: Table = Table::Ledger;

    fn key(&self) -> Key {
        rooted_key()
    }
}

/// The most links of one chain that one root covers.
const ROOT_LINKS: usize = 20_000;

impl Db {
    /// The root that is to be signed and stored next: over everything that was
    /// chained since the last one, or `None` when that is nothing. Decided once:
    /// until [`Db::root_published`] says that it is stored, every call returns
    /// the same root.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with `root` when another call was faster.
    pub async fn next_root(&self, now: Timestamp) -> Result<Option<Root>, StoreError> {
        let found: Option<Rooted> = self.get(&rooted_key()).await?;
        let unmoved = match &found {
            Some(rooted) => Condition::equals("revision", rooted.revision)?,
            None => Condition::item_absent(),
        };
        let mut rooted = found.unwrap_or_default();
        if rooted.unpublished.is_some() {
            return Ok(rooted.unpublished);
        }
        rooted.covered.resize(usize::from(SHARDS), 0);
        let mut shards = Vec::new();
        for (shard, covered) in (0..SHARDS).zip(&mut rooted.covered) {
            let links = self.links(shard, *covered, ROOT_LINKS).await?;
            if let (Some(first), Some(last)) = (links.first(), links.last()) {
                let hashes: Vec<_> = links.iter().map(|link| link.hash).collect();
                shards.push(ShardRoot {
                    shard,
                    first: first.sequence,
                    last: last.sequence,
                    head: last.hash,
                    merkle: merkle_root(&hashes),
                });
                *covered = last.sequence;
            }
        }
        if shards.is_empty() {
            return Ok(None);
        }
        // no two roots have one time, which names the object
        let after_last = rooted
            .at
            .map(|at| shift(at, SignedDuration::from_millis(1)));
        let at = after_last.map_or(now, |after| after.max(now));
        let root = Root { at, shards };
        rooted.at = Some(at);
        rooted.unpublished = Some(root.clone());
        rooted.revision += 1;
        let mut tx = Tx::new();
        tx.put_if("root", &rooted, Some(&unmoved));
        self.commit(tx).await?;
        Ok(Some(root))
    }

    /// Notes that a root is stored; one that was noted before is no error.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn root_published(&self, root: &Root) -> Result<(), StoreError> {
        let update = Update::new()
            .remove("unpublished")
            .add("revision", 1)
            .when(Condition::equals("at", root.at)?.and(Condition::has("unpublished")));
        match self
            .update::<Rooted>("published", &rooted_key(), &update)
            .await
        {
            Ok(_) | Err(StoreError::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
