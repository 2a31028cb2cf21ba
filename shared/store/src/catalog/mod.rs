//! The catalog table: workspaces, members, assets, uploads, billing.
//!
//! Everything of a workspace stands in one partition, `WSP#{id}`; every method
//! takes the workspace first, so that none can be read without it.

pub mod asset;
pub mod billing;
pub mod ending;
pub mod features;
pub mod label;
pub mod renewal;
pub mod upload;
pub mod workspace;

pub use asset::Asset;
pub use label::LabelRow;
pub use upload::{Upload, UploadState};
pub use workspace::{Member, Workspace};

use domain::ids::WorkspaceId;

/// The partition of everything that belongs to a workspace.
#[must_use]
pub fn partition(workspace: WorkspaceId) -> String {
    format!("WSP#{workspace}")
}
