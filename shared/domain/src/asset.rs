//! An asset: one file that a workspace stores, and what is known of it.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Where an asset's preview stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum PreviewState {
    /// The original has arrived; its preview is being made.
    Pending,
    /// Preview and thumbnail are there.
    Ready,
    /// This type has no preview yet; the original is stored all the same.
    Unsupported,
    /// The file can't be shown; the original is stored all the same.
    Failed {
        /// A stable code: `truncated`, `damaged`, `too_large`, `not_this_type`.
        code: String,
        /// A sentence for the person who uploaded it.
        message: String,
    },
}

/// Where an asset's labels stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaggingState {
    /// The preview is not there yet, or is being looked at.
    Pending,
    /// The preview was looked at.
    Done,
    /// The workspace has switched the AI off, or there is no preview to look at.
    Off,
}

/// A name for what an asset shows, given by the AI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// The name, such as `Cat`.
    pub name: String,
    /// How sure the model is, from 0 to 100.
    pub confidence: f32,
    /// Wider names that hold as well, such as `Animal`.
    pub parents: Vec<String>,
    /// The model that said so, with its version.
    pub model: String,
}

/// Text that the AI read in a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DetectedText {
    /// One line of text.
    pub line: String,
    /// How sure the model is, from 0 to 100.
    pub confidence: f32,
}

/// Unsafe content that the AI warns of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModerationLabel {
    /// The name in the provider's taxonomy.
    pub name: String,
    /// The wider name in the taxonomy, empty at the top.
    pub parent: String,
    /// How sure the model is, from 0 to 100.
    pub confidence: f32,
}

/// What a file says of itself, without anything personal.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TechnicalMetadata {
    /// The format that the bytes have, such as `jpeg`.
    pub format: String,
    /// Pixels across, after orientation.
    pub width: u32,
    /// Pixels down, after orientation.
    pub height: u32,
    /// Frames of an animation or pages; 1 for a still picture.
    pub frames: u32,
    /// There are transparent parts.
    pub has_alpha: bool,
    /// When the picture was taken, as the camera wrote it.
    pub taken_at: Option<String>,
    /// Camera, lens and exposure, by name; no serial numbers, no place, no people.
    pub camera: std::collections::BTreeMap<String, String>,
    /// Which personal fields the original carries (`location`, `creator`, …):
    /// their names only. The values stay in the original and go nowhere else.
    pub personal_fields: Vec<String>,
}

/// The longest name of an asset, in characters.
pub const MAX_NAME_CHARACTERS: usize = 255;
/// The longest description, in characters.
pub const MAX_DESCRIPTION_CHARACTERS: usize = 4_000;
/// The most labels that people may give one asset: all of them can be replaced
/// by others in one transaction of 100 actions.
pub const MAX_OWN_LABELS: usize = 40;
/// How long an asset stays in the trash before it is purged.
pub const TRASH_DAYS: i64 = 30;

/// Why a name, description or label was refused, in words for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// A file name is empty, too long, or holds a path or control characters.
    #[error("a file name has 1 to 255 characters, without slashes and line breaks")]
    Name,
    /// A description is too long.
    #[error("a description has at most 4,000 characters")]
    Description,
    /// A label is empty, too long or holds control characters or `#`.
    #[error("a label has 1 to 100 characters, without `#` and line breaks")]
    Label,
    /// There are too many labels.
    #[error("an asset takes at most 40 labels of your own")]
    TooManyLabels,
}

/// Checks a file name as a person or a program gave it.
///
/// # Errors
/// [`InvalidText::Name`].
pub fn file_name(text: &str) -> Result<String, InvalidText> {
    let name = text.trim();
    let valid = (1..=MAX_NAME_CHARACTERS).contains(&name.chars().count())
        && !name
            .chars()
            .any(|c| c.is_control() || matches!(c, '/' | '\\'))
        && !matches!(name, "." | "..");
    valid.then(|| name.to_owned()).ok_or(InvalidText::Name)
}

/// Checks a description; an empty one means none.
///
/// # Errors
/// [`InvalidText::Description`].
pub fn description(text: &str) -> Result<Option<String>, InvalidText> {
    let text = text.trim();
    if text.chars().count() > MAX_DESCRIPTION_CHARACTERS {
        return Err(InvalidText::Description);
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// Checks the labels that people gave; doubles (by [`label_key`]) are dropped.
///
/// # Errors
/// [`InvalidText::Label`] or [`InvalidText::TooManyLabels`].
pub fn own_labels(texts: &[String]) -> Result<Vec<String>, InvalidText> {
    let mut labels: Vec<String> = Vec::new();
    for text in texts {
        let label = text.trim();
        let valid = (1..=100).contains(&label.chars().count())
            && !label.chars().any(|c| c.is_control() || c == '#');
        if !valid {
            return Err(InvalidText::Label);
        }
        if !labels
            .iter()
            .any(|seen| label_key(seen) == label_key(label))
        {
            labels.push(label.to_owned());
        }
    }
    if labels.len() > MAX_OWN_LABELS {
        return Err(InvalidText::TooManyLabels);
    }
    Ok(labels)
}

/// A label as searches compare it: lower case, single spaces, no `#`.
#[must_use]
pub fn label_key(label: &str) -> String {
    label
        .to_lowercase()
        .replace('#', " ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Object keys of one version of an asset. They hold ids only (clause 1.6's
/// rule for keys: nothing personal).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectKeys {
    workspace: crate::ids::WorkspaceId,
    asset: crate::ids::AssetId,
    version: u32,
}

/// Which of an asset's objects a key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// `originals/…`: the file as it was uploaded.
    Original,
    /// `previews/…`: JPEG, longest side 1,600.
    Preview,
    /// `thumbnails/…`: longest side 320.
    Thumbnail,
}

impl ObjectKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Original, Self::Preview, Self::Thumbnail];

    fn folder(self) -> &'static str {
        match self {
            Self::Original => "originals",
            Self::Preview => "previews",
            Self::Thumbnail => "thumbnails",
        }
    }
}

impl ObjectKeys {
    /// The keys of this version; versions count from 1.
    #[must_use]
    pub fn new(
        workspace: crate::ids::WorkspaceId,
        asset: crate::ids::AssetId,
        version: u32,
    ) -> Self {
        Self {
            workspace,
            asset,
            version,
        }
    }

    /// Reads an object key; `None` when it is not one of ours.
    #[must_use]
    pub fn parse(key: &str) -> Option<(ObjectKind, Self)> {
        let mut parts = key.split('/');
        let folder = parts.next()?;
        let kind = ObjectKind::ALL.into_iter().find(|k| k.folder() == folder)?;
        let workspace = parts.next()?.parse().ok()?;
        let asset = parts.next()?.parse().ok()?;
        let version = parts.next()?;
        let canonical = parts.next().is_none()
            && version.bytes().all(|b| b.is_ascii_digit())
            && !version.starts_with('0');
        canonical.then_some(())?;
        Some((kind, Self::new(workspace, asset, version.parse().ok()?)))
    }

    /// The key of one of this version's objects.
    #[must_use]
    pub fn key(&self, kind: ObjectKind) -> String {
        format!("{}{}", self.prefix(kind), self.version)
    }

    /// What the keys of all versions of this asset and kind begin with.
    #[must_use]
    pub fn prefix(&self, kind: ObjectKind) -> String {
        format!("{}/{}/{}/", kind.folder(), self.workspace, self.asset)
    }

    /// What the keys of everything of a workspace begin with, per kind.
    #[must_use]
    pub fn workspace_prefix(workspace: crate::ids::WorkspaceId, kind: ObjectKind) -> String {
        format!("{}/{workspace}/", kind.folder())
    }

    /// The workspace.
    #[must_use]
    pub fn workspace(&self) -> crate::ids::WorkspaceId {
        self.workspace
    }

    /// The asset.
    #[must_use]
    pub fn asset(&self) -> crate::ids::AssetId {
        self.asset
    }

    /// The version, from 1.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }
}

/// When an asset that went into the trash at `at` is purged.
#[must_use]
pub fn purge_at(at: Timestamp) -> Timestamp {
    crate::time::shift(at, crate::time::days(TRASH_DAYS))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::ids::{AssetId, WorkspaceId};
    use proptest::prelude::*;

    #[test]
    fn names_are_names_and_not_paths() {
        assert_eq!(file_name(" a b.jpg ").unwrap(), "a b.jpg");
        for bad in ["", " ", "a/b", "a\\b", "..", "a\nb", &"x".repeat(256)] {
            assert_eq!(file_name(bad), Err(InvalidText::Name), "{bad:?}");
        }
    }

    #[test]
    fn labels_lose_their_doubles() {
        let labels = own_labels(&["Cat ".into(), "cat".into(), "Big  Cat".into()]).unwrap();
        assert_eq!(labels, ["Cat", "Big  Cat"]);
        assert_eq!(label_key("Big  Cat"), "big cat");
        assert_eq!(own_labels(&["a#b".into()]), Err(InvalidText::Label));
    }

    proptest! {
        #[test]
        fn object_keys_round_trip(version in 1u32..) {
            let at = Timestamp::UNIX_EPOCH;
            let keys = ObjectKeys::new(WorkspaceId::new(at), AssetId::new(at), version);
            for kind in ObjectKind::ALL {
                prop_assert_eq!(ObjectKeys::parse(&keys.key(kind)), Some((kind, keys.clone())));
            }
        }

        #[test]
        fn any_text_is_refused_or_canonical(text in "[a-z/0-9_.]{0,60}") {
            if let Some((kind, keys)) = ObjectKeys::parse(&text) {
                prop_assert_eq!(keys.key(kind), text);
            }
        }
    }
}
