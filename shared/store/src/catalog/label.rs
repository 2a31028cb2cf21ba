//! Labels as searches find them: rows beside the asset, one for each label and source.

use domain::{
    asset::label_key,
    ids::{AssetId, WorkspaceId},
};
use serde::{Deserialize, Serialize};

use super::{Asset, asset::asset_key, partition};
use crate::db::{Db, Entity, Key, Page, Range, StoreError, Table, Tx, cursor_after};

/// Who gave a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelSource {
    /// The AI.
    Ai,
    /// A person.
    Person,
}

/// A label of a live asset, as searches find it. An asset has two rows of one
/// label where AI and people agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelRow {
    /// Whose asset.
    pub workspace: WorkspaceId,
    /// The asset.
    pub asset: AssetId,
    /// The label as searches compare it ([`label_key`]).
    pub key: String,
    /// The label as it is shown.
    pub name: String,
    /// Who gave it.
    pub source: LabelSource,
    /// How sure the AI is, from 0 to 100; none for people's labels.
    pub confidence: Option<f32>,
    /// Wider names.
    #[serde(default)]
    pub parents: Vec<String>,
    /// The model that said so.
    pub model: Option<String>,
}

/// What the sort keys of a label's rows begin with.
fn label_prefix(label: &str) -> String {
    format!("LABEL#{}#", label_key(label))
}

impl Entity for LabelRow {
    const TABLE: Table = Table::Catalog;

    fn key(&self) -> Key {
        let source = match self.source {
            LabelSource::Ai => "ai",
            LabelSource::Person => "person",
        };
        let sk = format!("{}{}#{source}", label_prefix(&self.key), self.asset);
        Key::new(partition(self.workspace), sk)
    }
}

impl Asset {
    /// The rows by which searches find it: one for each label of the AI, which
    /// names the wider labels itself, and one for each label that people gave.
    #[must_use]
    pub fn label_rows(&self) -> Vec<LabelRow> {
        let row = |name: &str, source| LabelRow {
            workspace: self.workspace,
            asset: self.id,
            key: label_key(name),
            name: name.to_owned(),
            source,
            confidence: None,
            parents: Vec::new(),
            model: None,
        };
        let seen = self.labels.iter().map(|label| LabelRow {
            confidence: Some(label.confidence),
            parents: label.parents.clone(),
            model: Some(label.model.clone()),
            ..row(&label.name, LabelSource::Ai)
        });
        let given = self.own_labels.iter();
        let given = given.map(|name| row(name, LabelSource::Person));
        let mut rows: Vec<LabelRow> = Vec::new();
        for row in seen.chain(given).filter(|row| !row.key.is_empty()) {
            if !rows.iter().any(|known| known.key() == row.key()) {
                rows.push(row);
            }
        }
        rows
    }
}

impl Tx {
    /// Puts an asset's rows as they are to be in the place of those that stand
    /// there; one that is only written otherwise is put once.
    pub(super) fn replace_labels(&mut self, before: &[LabelRow], after: &[LabelRow]) {
        let stays = |row: &LabelRow| after.iter().any(|other| other.key() == row.key());
        for row in before.iter().filter(|row| !stays(row)) {
            self.delete("label", Table::Catalog, &row.key(), None);
        }
        for row in after.iter().filter(|row| !before.contains(row)) {
            self.put("label", row);
        }
    }
}

impl Db {
    /// Live assets with this label, newest first, each of them once: one query
    /// and one batch read.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`] for a foreign cursor.
    pub async fn assets_with_label(
        &self,
        workspace: WorkspaceId,
        label: &str,
        limit: u8,
        cursor: Option<&str>,
    ) -> Result<Page<Asset>, StoreError> {
        let (pk, prefix) = (partition(workspace), label_prefix(label));
        let range = Range {
            pk: &pk,
            prefix: &prefix,
            newest_first: true,
            // every asset may have two rows; one row more tells whether there is another page
            limit: i32::from(limit) * 2 + 1,
            cursor,
        };
        let rows: Page<LabelRow> = self.list(&range).await?;
        let mut ids: Vec<AssetId> = rows.items.iter().map(|row| row.asset).collect();
        ids.dedup();
        let is_last = ids.len() <= usize::from(limit);
        ids.truncate(usize::from(limit));
        // before all rows of the last asset, in descending order: none of them comes again
        let last = ids.last().filter(|_| !is_last);
        let next = last.map(|asset| cursor_after(&asset.to_string()));

        let keys: Vec<_> = ids
            .iter()
            .map(|id| (Table::Catalog, asset_key(workspace, *id)))
            .collect();
        let mut items = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(100) {
            let mut found = self.get_many(chunk).await?;
            for (_, key) in chunk {
                items.extend(found.take::<Asset>(key)?);
            }
        }
        Ok(Page { items, next })
    }
}
