//! What goes in and out.

use domain::asset::{PreviewState, TaggingState, TechnicalMetadata};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use store::catalog::Asset;
use utoipa::{IntoParams, ToSchema};

/// Which assets to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Only assets with this label, in any case.
    pub label: Option<String>,
    /// The most assets of the page: 1 to 100, 50 unless said.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// Where to go on: `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// A page of assets, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssetPage {
    /// The assets.
    pub items: Vec<AssetView>,
    /// Send it as `cursor` to get the next page; absent on the last one.
    pub next_cursor: Option<String>,
}

/// An asset.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssetView {
    /// The asset.
    #[schema(example = "ast_0193a1b2c3d47e8f90a1b2c3d4e5f607")]
    pub id: String,
    /// The file's name.
    pub name: String,
    /// What people say about it.
    pub description: Option<String>,
    /// The file's content type.
    pub content_type: String,
    /// The file's size.
    pub size_bytes: u64,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: Option<String>,
    /// Who uploaded it; absent after that person's erasure.
    pub uploaded_by: Option<String>,
    /// When the upload was finished.
    pub created_at: String,
    /// When it was changed last.
    pub updated_at: String,
    /// Since when it is in the trash.
    pub trashed_at: Option<String>,
    /// Where its preview stands.
    pub preview: PreviewView,
    /// What the file says of itself.
    pub technical: Option<TechnicalView>,
    /// Where its labels stand: `pending`, `done` or `off`.
    pub tagging: String,
    /// What the AI sees.
    pub labels: Vec<LabelView>,
    /// What the AI reads, line by line.
    pub text: Vec<TextView>,
    /// What the AI warns of.
    pub moderation: Vec<ModerationView>,
    /// The labels that people gave.
    pub own_labels: Vec<String>,
}

/// Where a preview stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct PreviewView {
    /// `pending`, `ready`, `unsupported` or `failed`.
    pub state: String,
    /// Why it failed, as a stable code.
    pub code: Option<String>,
    /// Why it failed or is not supported, in words.
    pub message: Option<String>,
}

/// What a file says of itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct TechnicalView {
    /// The format that the bytes have.
    pub format: String,
    /// Pixels across, after orientation.
    pub width: u32,
    /// Pixels down, after orientation.
    pub height: u32,
    /// Frames or pages.
    pub frames: u32,
    /// There are transparent parts.
    pub has_alpha: bool,
    /// When the picture was taken, as the camera wrote it.
    pub taken_at: Option<String>,
    /// Camera, lens and exposure.
    pub camera: BTreeMap<String, String>,
    /// Which personal fields the original carries; their values stay in it.
    pub personal_fields: Vec<String>,
}

/// A label of the AI.
#[derive(Debug, Serialize, ToSchema)]
pub struct LabelView {
    /// The name.
    #[schema(example = "Cat")]
    pub name: String,
    /// How sure the AI is, from 0 to 100.
    pub confidence: f32,
    /// Wider names.
    pub parents: Vec<String>,
    /// The model that said so.
    pub model: String,
}

/// A line of text that the AI read.
#[derive(Debug, Serialize, ToSchema)]
pub struct TextView {
    /// The line.
    pub line: String,
    /// How sure the AI is, from 0 to 100.
    pub confidence: f32,
}

/// A warning of the AI.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModerationView {
    /// The name.
    pub name: String,
    /// The wider name.
    pub parent: String,
    /// How sure the AI is, from 0 to 100.
    pub confidence: f32,
}

/// What to change; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AssetPatch {
    /// A new file name.
    pub name: Option<String>,
    /// A new description; `null` takes it away.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub description: Option<Option<String>>,
    /// All labels of people from now on, at most 40.
    pub own_labels: Option<Vec<String>>,
}

fn present<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(d).map(Some)
}

/// Where to read an object.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadAddress {
    /// GET it without further headers; it holds for five minutes.
    pub url: String,
    /// Until when it holds.
    pub expires_at: String,
}

impl From<&Asset> for AssetView {
    fn from(asset: &Asset) -> Self {
        Self {
            id: asset.id.to_string(),
            name: asset.name.clone(),
            description: asset.description.clone(),
            content_type: asset.content_type.clone(),
            size_bytes: asset.size_bytes,
            sha256: asset.sha256.clone(),
            uploaded_by: asset.uploaded_by.map(|id| id.to_string()),
            created_at: asset.created_at.to_string(),
            updated_at: asset.updated_at.to_string(),
            trashed_at: asset.trashed_at.map(|at| at.to_string()),
            preview: preview(&asset.preview),
            technical: asset.technical.clone().map(technical),
            tagging: match asset.tagging {
                TaggingState::Pending => "pending",
                TaggingState::Done => "done",
                TaggingState::Off => "off",
            }
            .to_owned(),
            labels: asset
                .labels
                .iter()
                .map(|label| LabelView {
                    name: label.name.clone(),
                    confidence: label.confidence,
                    parents: label.parents.clone(),
                    model: label.model.clone(),
                })
                .collect(),
            text: asset
                .text
                .iter()
                .map(|text| TextView {
                    line: text.line.clone(),
                    confidence: text.confidence,
                })
                .collect(),
            moderation: asset
                .moderation
                .iter()
                .map(|label| ModerationView {
                    name: label.name.clone(),
                    parent: label.parent.clone(),
                    confidence: label.confidence,
                })
                .collect(),
            own_labels: asset.own_labels.clone(),
        }
    }
}

fn preview(preview: &PreviewState) -> PreviewView {
    let state = |state: &str, code: Option<&str>, message: Option<&str>| PreviewView {
        state: state.to_owned(),
        code: code.map(str::to_owned),
        message: message.map(str::to_owned),
    };
    match preview {
        PreviewState::Pending => state("pending", None, None),
        PreviewState::Ready => state("ready", None, None),
        PreviewState::Unsupported => state(
            "unsupported",
            None,
            Some("Files of this type have no preview yet."),
        ),
        PreviewState::Failed { code, message } => state("failed", Some(code), Some(message)),
    }
}

fn technical(technical: TechnicalMetadata) -> TechnicalView {
    TechnicalView {
        format: technical.format,
        width: technical.width,
        height: technical.height,
        frames: technical.frames,
        has_alpha: technical.has_alpha,
        taken_at: technical.taken_at,
        camera: technical.camera,
        personal_fields: technical.personal_fields,
    }
}
