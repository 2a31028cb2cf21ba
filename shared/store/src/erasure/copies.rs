//! What a legal hold keeps: a list of copies, in sealed parts that are only ever added. Whoever
//! was killed between two parts is followed by somebody who reads what is there and adds the rest.

use std::collections::HashSet;

use domain::{
    compliance::hold::LONGEST,
    data_map::Field,
    ids::HoldId,
    processing::Category,
    time::{Timestamp, shift},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Hold;
use crate::{
    db::{Db, Entity, Key, StoreError, Table},
    personal::{CaseFile, GateError, Sealed},
};

/// From how many bytes on copies go into the next part. A copy is no longer than the item that it
/// was made of, so that even one that is longer than this has room in a part.
const PART_BYTES: usize = 128 * 1024;

const PREFIX: &str = "PART#";

/// Something as it stood when it was copied.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Copied {
    /// What it is.
    pub category: Category,
    /// When it was copied.
    pub copied_at: Timestamp,
    /// What the copy of a person's data would say of it.
    pub content: Value,
}

impl std::fmt::Debug for Copied {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Copied({})", self.category.as_str())
    }
}

impl Copied {
    /// The same for the same thing, whenever it was copied.
    fn identity(&self) -> String {
        format!("{} {}", self.category.as_str(), self.content)
    }
}

/// A part of what a hold keeps: a list of [`Copied`], sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HoldPart {
    /// The hold.
    pub hold: HoldId,
    /// Its number, from 1.
    pub number: usize,
    /// The list.
    pub content: Sealed,
    expires_at_epoch: i64,
}

fn parts_of(hold: HoldId) -> String {
    format!("REGISTER#HOLD#{hold}")
}

fn part_key(hold: HoldId, number: usize) -> Key {
    Key::new(parts_of(hold), format!("{PREFIX}{number:05}"))
}

impl Entity for HoldPart {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        part_key(self.hold, self.number)
    }
}

impl HoldPart {
    /// Lasts as long as the hold could be prolonged: the hold's key is what ends it.
    fn new(
        hold: &Hold,
        open: &CaseFile,
        number: usize,
        copies: &[&Copied],
    ) -> Result<Self, GateError> {
        let key = part_key(hold.id, number);
        Ok(Self {
            hold: hold.id,
            number,
            content: open.seal::<Self>(Field::HoldPart, &key, &copies)?,
            expires_at_epoch: shift(hold.progress.placed_at(), LONGEST).as_second(),
        })
    }

    /// The list.
    ///
    /// # Errors
    /// [`GateError`].
    pub fn open(&self, open: &CaseFile) -> Result<Vec<Copied>, GateError> {
        open.unseal::<Self, _>(Field::HoldPart, &self.key(), &self.content)
    }
}

/// What a hold has already.
struct Known {
    parts: usize,
    identities: HashSet<String>,
}

impl Known {
    /// What the next part gets of these: nothing that is known, and nothing twice.
    fn next<'a>(&self, found: &'a [Copied]) -> Vec<&'a Copied> {
        let (mut seen, mut bytes) = (HashSet::new(), 0);
        let mut part = Vec::new();
        for copied in found {
            let identity = copied.identity();
            let length = identity.len();
            if self.identities.contains(&identity) || !seen.insert(identity) {
                continue;
            }
            if bytes > 0 && bytes + length > PART_BYTES {
                break;
            }
            bytes += length;
            part.push(copied);
        }
        part
    }

    fn add<'a>(&mut self, part: impl IntoIterator<Item = &'a Copied>) {
        self.parts += 1;
        self.identities
            .extend(part.into_iter().map(Copied::identity));
    }
}

impl Db {
    /// Adds to what an open hold keeps whatever of `found` it does not have yet. Gives in how many
    /// parts it lies then.
    ///
    /// # Errors
    /// [`GateError`]; what was added before stays.
    pub async fn keep_for_hold(
        &self,
        hold: &Hold,
        open: &CaseFile,
        found: &[Copied],
    ) -> Result<usize, GateError> {
        loop {
            let known = self.known_to_hold(hold.id, open).await?;
            if let Some(parts) = self.add_to_hold(hold, open, known, found).await? {
                return Ok(parts);
            }
        }
    }

    async fn known_to_hold(&self, hold: HoldId, open: &CaseFile) -> Result<Known, GateError> {
        let mut known = Known {
            parts: 0,
            identities: HashSet::new(),
        };
        let parts: Vec<HoldPart> = self.list_all(&parts_of(hold), PREFIX).await?;
        for part in parts {
            known.add(&part.open(open)?);
        }
        Ok(known)
    }

    /// `None` when somebody else has added a part meanwhile.
    async fn add_to_hold(
        &self,
        hold: &Hold,
        open: &CaseFile,
        mut known: Known,
        found: &[Copied],
    ) -> Result<Option<usize>, GateError> {
        loop {
            let next = known.next(found);
            if next.is_empty() {
                return Ok(Some(known.parts));
            }
            let part = HoldPart::new(hold, open, known.parts + 1, &next)?;
            match self.create("part", &part).await {
                Ok(()) => known.add(next),
                Err(StoreError::Refused(_)) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// A part of what a hold keeps.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn hold_part(
        &self,
        hold: HoldId,
        number: usize,
    ) -> Result<Option<HoldPart>, StoreError> {
        self.get(&part_key(hold, number)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn copied(letters: usize) -> Copied {
        Copied {
            category: Category::Correspondence,
            copied_at: Timestamp::UNIX_EPOCH,
            content: Value::from("x".repeat(letters)),
        }
    }

    proptest! {
        #[test]
        fn everything_is_added_once_in_parts_of_bounded_size(lengths in prop::collection::vec(0usize..200_000, 0..12)) {
            let found: Vec<Copied> = lengths.into_iter().map(copied).collect();
            let different: HashSet<String> = found.iter().map(Copied::identity).collect();
            let mut known = Known { parts: 0, identities: HashSet::new() };
            let mut added = Vec::new();
            loop {
                let next = known.next(&found);
                if next.is_empty() {
                    break;
                }
                let bytes: usize = next.iter().map(|copied| copied.identity().len()).sum();
                prop_assert!(next.len() == 1 || bytes <= PART_BYTES);
                added.extend(next.iter().map(|copied| copied.identity()));
                known.add(next);
            }
            prop_assert_eq!(added.len(), different.len());
            prop_assert_eq!(added.into_iter().collect::<HashSet<_>>(), different);
        }
    }
}
