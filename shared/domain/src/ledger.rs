//! The ledger's entries, their hash chain and Merkle roots.
//!
//! An entry is committed with the change that it reports; `outbox` chains it
//! afterwards, one writer per shard, so that no request contends for the
//! chain's head. Entries hold no personal data: a person appears as a
//! pseudonym, keyed by a key that dies with the person's data.

use std::collections::BTreeMap;

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    ids::{EntryId, WorkspaceId},
    processing::{Actor, Category, Operation, Purpose},
};

/// How many chains there are. An entry belongs to the chain that its id names.
pub const SHARDS: u8 = 4;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The entry's id; its time is the commit's.
    pub id: EntryId,
    /// When.
    pub at: Timestamp,
    /// What, as `area.event`, such as `personal_data.accessed`.
    pub event: String,
    /// Who acted.
    pub actor: Actor,
    /// The clause or law that the entry is evidence for, such as `6.3a`.
    pub clause: String,
    /// The workspace, where there is one.
    pub workspace: Option<WorkspaceId>,
    /// The person's pseudonym, where there is one.
    pub person: Option<String>,
    /// Why personal data was processed, where it was.
    pub purpose: Option<Purpose>,
    /// What was done with it.
    pub operation: Option<Operation>,
    /// Which kinds of it.
    #[serde(default)]
    pub categories: Vec<Category>,
    /// Further facts without personal data: ids, hashes, counts, states.
    #[serde(default)]
    pub facts: BTreeMap<String, String>,
}

impl Entry {
    /// An entry about an event, to be completed with the `with_…` methods.
    #[must_use]
    pub fn new(at: Timestamp, actor: Actor, event: &str, clause: &str) -> Self {
        Self {
            id: EntryId::new(at),
            at,
            event: event.to_owned(),
            actor,
            clause: clause.to_owned(),
            workspace: None,
            person: None,
            purpose: None,
            operation: None,
            categories: Vec::new(),
            facts: BTreeMap::new(),
        }
    }

    /// Names the workspace.
    #[must_use]
    pub fn with_workspace(mut self, workspace: WorkspaceId) -> Self {
        self.workspace = Some(workspace);
        self
    }

    /// Names the person by pseudonym.
    #[must_use]
    pub fn with_person(mut self, pseudonym: String) -> Self {
        self.person = Some(pseudonym);
        self
    }

    /// Adds a fact without personal data.
    #[must_use]
    pub fn with_fact(mut self, name: &str, value: impl ToString) -> Self {
        self.facts.insert(name.to_owned(), value.to_string());
        self
    }

    /// The chain that the entry belongs to.
    #[must_use]
    pub fn shard(&self) -> u8 {
        self.id.as_bytes()[15] % SHARDS
    }

    /// SHA-256 over the canonical JSON (keys sorted, no white space).
    ///
    /// # Errors
    /// None that a well-formed entry can cause; serialisation reports as it does.
    pub fn hash(&self) -> Result<Hash, serde_json::Error> {
        let canonical = serde_json::to_string(&serde_json::to_value(self)?)?;
        Ok(Hash(Sha256::digest(canonical).into()))
    }
}

/// A SHA-256, written as hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// What a chain's first link names as the one before.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The hash of a link: over the one before and the entry.
    #[must_use]
    pub fn link(previous: Self, entry: Self) -> Self {
        let mut digest = Sha256::new();
        digest.update(previous.0);
        digest.update(entry.0);
        Self(digest.finalize().into())
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(d)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.as_bytes(), &mut bytes).map_err(serde::de::Error::custom)?;
        Ok(Self(bytes))
    }
}

/// A link of a chain: the entry's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The chain.
    pub shard: u8,
    /// The place in the chain, from 1.
    pub sequence: u64,
    /// The entry that stands there.
    pub entry: EntryId,
    /// The entry's hash.
    pub entry_hash: Hash,
    /// The hash of the link before; [`Hash::ZERO`] for the first.
    pub previous: Hash,
    /// [`Hash::link`] of `previous` and `entry_hash`.
    pub hash: Hash,
}

impl Link {
    /// The link that follows `last` in the chain `shard`.
    #[must_use]
    pub fn after(shard: u8, last: Option<&Self>, entry: EntryId, entry_hash: Hash) -> Self {
        let previous = last.map_or(Hash::ZERO, |link| link.hash);
        Self {
            shard,
            sequence: last.map_or(1, |link| link.sequence + 1),
            entry,
            entry_hash,
            previous,
            hash: Hash::link(previous, entry_hash),
        }
    }

    /// The link is what it says, and follows `last`.
    #[must_use]
    pub fn follows(&self, last: Option<&Self>) -> bool {
        *self == Self::after(self.shard, last, self.entry, self.entry_hash)
    }
}

fn node(left: Hash, right: Hash) -> Hash {
    let mut digest = Sha256::new();
    digest.update([1]);
    digest.update(left.0);
    digest.update(right.0);
    Hash(digest.finalize().into())
}

fn leaf(hash: Hash) -> Hash {
    let mut digest = Sha256::new();
    digest.update([0]);
    digest.update(hash.0);
    Hash(digest.finalize().into())
}

fn next_level(level: &[Hash]) -> Vec<Hash> {
    level
        .chunks(2)
        .map(|pair| match pair {
            [left, right] => node(*left, *right),
            [alone] => *alone,
            _ => Hash::ZERO,
        })
        .collect()
}

/// The root of the Merkle tree over link hashes (leaves and nodes are hashed
/// apart, RFC 6962's way; an odd node goes up as it is).
#[must_use]
pub fn merkle_root(hashes: &[Hash]) -> Hash {
    let mut level: Vec<Hash> = hashes.iter().map(|h| leaf(*h)).collect();
    while level.len() > 1 {
        level = next_level(&level);
    }
    level.first().copied().unwrap_or(Hash::ZERO)
}

/// An hourly statement about every chain, signed and kept under Object Lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Root {
    /// When it was made.
    pub at: Timestamp,
    /// Per chain: the last sequence that is covered, from which one on, and the
    /// Merkle root over the links' hashes between.
    pub shards: Vec<ShardRoot>,
}

/// One chain's part of a [`Root`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardRoot {
    /// The chain.
    pub shard: u8,
    /// The first sequence that is covered.
    pub first: u64,
    /// The last sequence that is covered.
    pub last: u64,
    /// The hash of the last link.
    pub head: Hash,
    /// Merkle root over the covered links' hashes.
    pub merkle: Hash,
}

/// Something signed with the ledger's Ed25519 key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The exact bytes that were signed, as text.
    pub payload: String,
    /// Ed25519 over the payload's UTF-8 bytes, base64.
    pub signature: String,
    /// SHA-256 of the public key (DER), hexadecimal: which key signed.
    pub key: String,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn entry(n: usize) -> Entry {
        Entry::new(Timestamp::UNIX_EPOCH, Actor::System, "test.happened", "1.8").with_fact("n", n)
    }

    #[test]
    fn a_changed_removed_or_moved_link_is_noticed() {
        let mut chain: Vec<Link> = Vec::new();
        for n in 0..5 {
            let entry = entry(n);
            let link = Link::after(0, chain.last(), entry.id, entry.hash().unwrap());
            chain.push(link);
        }
        let holds = |chain: &[Link]| {
            let mut last = None;
            chain.iter().all(|link| {
                let good = link.follows(last);
                last = Some(link);
                good
            })
        };
        assert!(holds(&chain));
        let mut changed = chain.clone();
        changed[2].entry_hash = Hash::ZERO;
        assert!(!holds(&changed));
        let mut removed = chain.clone();
        removed.remove(2);
        assert!(!holds(&removed));
        let mut moved = chain;
        moved.swap(1, 2);
        assert!(!holds(&moved));
    }

    #[test]
    fn the_hash_covers_every_fact() {
        let one = entry(1);
        let mut other = one.clone();
        other.facts.insert("n".into(), "2".into());
        assert_ne!(one.hash().unwrap(), other.hash().unwrap());
    }

    proptest! {
        #[test]
        fn the_root_is_of_these_hashes_in_this_order(count in 1usize..40, pick in 0usize..40) {
            let hashes: Vec<Hash> = (0..count).map(|n| Hash(Sha256::digest([u8::try_from(n).unwrap()]).into())).collect();
            let root = merkle_root(&hashes);
            let mut changed = hashes.clone();
            changed[pick % count] = Hash([9; 32]);
            prop_assert_ne!(merkle_root(&changed), root);
            let mut shorter = hashes.clone();
            shorter.remove(pick % count);
            prop_assert_ne!(merkle_root(&shorter), root);
            let mut turned = hashes.clone();
            turned.rotate_left(pick % count);
            prop_assert_eq!(merkle_root(&turned) == root, turned == hashes);
        }
    }
}
