//! What goes in and out.

use std::collections::BTreeSet;

use domain::{
    compliance::transfer::{Counts, File, Packing, SHORTEST_WINDOW, State, Terms},
    processing::Category,
};
use platform::http::Problem;
use serde::{Deserialize, Serialize};
use store::compliance::{BusinessTransfer, PackedPage};
use utoipa::{IntoParams, ToSchema};

use crate::desk::{self, text};

/// Proposes a transfer of the business.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProposeTransfer {
    /// Who acquires the business: its name as everybody will be told it.
    pub counterparty: String,
    /// The acquirer's address.
    pub address: String,
    /// The provision that allows it.
    #[schema(example = "GDPR art. 6(1)(f)")]
    pub law: String,
    /// Why it takes place.
    pub reason: String,
    /// What is passed on: `identity`, `contact`, `employment`, `account`, whose size is bounded.
    #[schema(value_type = Vec<String>, example = json!(["identity", "contact"]))]
    pub categories: BTreeSet<Category>,
    /// How many days everybody has to object, from 30 to 365; 30 if nothing is said.
    #[schema(example = 30)]
    pub objection_days: Option<u16>,
}

impl ProposeTransfer {
    pub fn terms(&self) -> Result<Terms, Problem> {
        Ok(Terms {
            counterparty: desk::words("counterparty", &self.counterparty)?,
            address: desk::words("address", &self.address)?,
            law: desk::law("law", &self.law)?,
            categories: self.categories.clone(),
        })
    }

    pub fn window(&self) -> u16 {
        self.objection_days.unwrap_or(SHORTEST_WINDOW)
    }

    pub fn file(&self) -> Result<File, Problem> {
        Ok(File {
            reason: desk::words("reason", &self.reason)?,
            channel: None,
            cancelled: None,
        })
    }
}

/// Cancels a transfer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelTransfer {
    /// Why.
    pub reason: String,
}

/// Enters an objection that came by letter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnterObjection {
    /// Who objects: the person's id, or the address on file.
    pub person: String,
}

/// Notes that the packages were handed over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandOverTransfer {
    /// How: by which channel, to whom.
    pub channel: String,
}

/// Which package.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// The number of its page, as the manifest says.
    pub page: u32,
}

/// Where a transfer stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BusinessTransferState {
    /// Somebody else has to approve it.
    Proposed,
    /// The accounts are being told.
    Announcing,
    /// Everybody was told and may object.
    Announced,
    /// The packages are being made.
    Packing,
    /// The packages may be fetched.
    Packed,
    /// The acquirer has them.
    Passed,
    /// It does not take place.
    Cancelled,
}

impl From<State> for BusinessTransferState {
    fn from(state: State) -> Self {
        match state {
            State::Proposed => Self::Proposed,
            State::Announcing => Self::Announcing,
            State::Announced => Self::Announced,
            State::Packing => Self::Packing,
            State::Packed => Self::Packed,
            State::Passed => Self::Passed,
            State::Cancelled => Self::Cancelled,
        }
    }
}

/// How many people are in the packages, and how many are not.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CountsView {
    /// In the packages.
    pub packed: u64,
    /// Erased, or being erased.
    pub erased: u64,
    /// Withdrew the consent to processing.
    pub withdrawn: u64,
    /// Restricted the processing.
    pub restricted: u64,
    /// Object.
    pub objected: u64,
}

impl From<Counts> for CountsView {
    fn from(counts: Counts) -> Self {
        Self {
            packed: counts.packed,
            erased: counts.erased,
            withdrawn: counts.withdrawn,
            restricted: counts.restricted,
            objected: counts.objected,
        }
    }
}

/// The making of the packages.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PackingView {
    /// When it was ordered.
    pub ordered_at: String,
    /// Until when they may be made and fetched.
    pub until: String,
    /// Of how many pages the people were looked at.
    pub pages: u32,
    /// Who is in them.
    pub people: CountsView,
    /// The Merkle root over the hashes of the packages in the manifest's order, once they are
    /// handed over: SHA-256 with leaves and nodes as in RFC 6962.
    pub merkle_root: Option<String>,
}

impl From<Packing> for PackingView {
    fn from(packing: Packing) -> Self {
        Self {
            ordered_at: packing.ordered_at.to_string(),
            until: packing.until().to_string(),
            pages: packing.pages,
            people: packing.counts.into(),
            merkle_root: packing.root.map(|root| root.to_string()),
        }
    }
}

/// A transfer as the register shows it: without personal data.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BusinessTransferView {
    /// The transfer.
    #[schema(example = "dis_0193a1b2c3d47e8f90a1b2c3d4e5f607")]
    pub id: String,
    /// Where it stands.
    pub state: BusinessTransferState,
    /// Who acquires the business.
    pub counterparty: String,
    /// The acquirer's address.
    pub address: String,
    /// The provision that allows it.
    pub law: String,
    /// What is passed on.
    #[schema(value_type = Vec<String>)]
    pub categories: BTreeSet<Category>,
    /// How many days everybody has to object.
    pub objection_days: i64,
    /// When it was proposed.
    pub proposed_at: String,
    /// When somebody else approved it.
    pub approved_at: Option<String>,
    /// How many people were told.
    pub told: u64,
    /// In how many pages.
    pub pages: u32,
    /// When the time to object ends for all, once all were told.
    pub objections_until: Option<String>,
    /// The making of the packages that was ordered last.
    pub packing: Option<PackingView>,
    /// When the acquirer had them.
    pub handed_over_at: Option<String>,
    /// When it ended.
    pub closed_at: Option<String>,
}

impl BusinessTransferView {
    pub fn of(case: &BusinessTransfer) -> Self {
        let progress = &case.progress;
        let terms = progress.terms();
        Self {
            id: case.id.to_string(),
            state: progress.state().into(),
            counterparty: terms.counterparty.reveal().to_owned(),
            address: terms.address.reveal().to_owned(),
            law: terms.law.as_str().to_owned(),
            categories: terms.categories.clone(),
            objection_days: progress.window().as_hours() / 24,
            proposed_at: progress.proposed_at().to_string(),
            approved_at: text(progress.approved_at()),
            told: progress.told(),
            pages: progress.pages(),
            objections_until: text(progress.until()),
            packing: progress.packing().map(PackingView::from),
            handed_over_at: text(progress.handed_over_at()),
            closed_at: text(progress.closed_at()),
        }
    }
}

/// A transfer with its file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BusinessTransferFile {
    /// The transfer.
    #[serde(flatten)]
    pub transfer: BusinessTransferView,
    /// Why it takes place.
    pub reason: String,
    /// How it was handed over.
    pub channel: Option<String>,
    /// Why it was cancelled.
    pub cancelled: Option<String>,
}

impl BusinessTransferFile {
    pub fn of(case: &BusinessTransfer, file: File) -> Self {
        Self {
            transfer: BusinessTransferView::of(case),
            reason: file.reason.into(),
            channel: file.channel.map(String::from),
            cancelled: file.cancelled.map(String::from),
        }
    }
}

/// Transfers of the business.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BusinessTransferList {
    /// The newest first; of the open ones the nearest end first.
    pub items: Vec<BusinessTransferView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// One package of the manifest.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PackageEntry {
    /// The number of its page. Pages of which nobody is passed on have no package.
    pub page: u32,
    /// SHA-256 of its text, hexadecimal.
    pub sha256: String,
    /// How long its text is.
    pub bytes: u64,
    /// How many people are in it.
    pub people: u64,
    /// When it was fetched first.
    pub fetched_at: Option<String>,
}

impl PackageEntry {
    pub fn of((page, packed): (u32, PackedPage)) -> Self {
        Self {
            page,
            sha256: packed.sha256.to_string(),
            bytes: packed.bytes,
            people: packed.counts.packed,
            fetched_at: text(packed.fetched_at),
        }
    }
}

/// The packages of a transfer, in the order that the Merkle root is over.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PackageManifest {
    /// All packages.
    pub items: Vec<PackageEntry>,
    /// The root over all of them.
    pub merkle_root: String,
    /// Always `null`: they are listed at once.
    pub next_cursor: Option<String>,
}

/// An objection.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ObjectionView {
    /// Since when it stands.
    pub objected_at: Option<String>,
}
