//! What goes in and out.

use domain::{
    compliance::claim::{File, Progress},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use store::compliance::Case;
use utoipa::ToSchema;

use crate::desk::text;

/// Makes a claim.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MakeClaim {
    /// What you claim, and why.
    pub text: String,
}

/// Registers a claim that came by letter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterClaim {
    /// Who claims: the person's id, or the address on file.
    pub person: String,
    /// What they claim.
    pub text: String,
    /// When it arrived.
    #[schema(example = "2026-11-23T09:00:00Z")]
    pub received_at: String,
}

/// Answers a claim.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerClaim {
    /// The answer, which the person reads.
    pub answer: String,
}

/// A claim without its words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClaimView {
    /// The claim.
    #[schema(example = "clm_0193a1b2c3d47e8f90a1b2c3d4e5f607")]
    pub id: String,
    /// When it arrived.
    pub received_at: String,
    /// By when it must be answered.
    pub due_at: String,
    /// The provision that sets the period.
    pub article: String,
    /// When it was answered.
    pub answered_at: Option<String>,
    /// It was answered too late, or is not answered though its time is over.
    pub late: bool,
}

impl ClaimView {
    pub fn of(case: &Case<Progress>, now: Timestamp) -> Self {
        let progress = &case.progress;
        Self {
            id: case.id.to_string(),
            received_at: progress.received_at().to_string(),
            due_at: progress.due_at().to_string(),
            article: progress.article().to_owned(),
            answered_at: text(progress.answered_at()),
            late: progress.is_late(now),
        }
    }
}

/// A claim with its words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClaimFile {
    /// The claim.
    #[serde(flatten)]
    pub claim: ClaimView,
    /// Who claims; for the staff only.
    pub person: Option<String>,
    /// What is claimed.
    pub text: String,
    /// What was answered.
    pub answer: Option<String>,
}

impl ClaimFile {
    pub fn of(case: &Case<Progress>, file: File, now: Timestamp) -> Self {
        Self {
            claim: ClaimView::of(case, now),
            person: None,
            text: file.text.into(),
            answer: file.answer.map(String::from),
        }
    }
}

/// Claims.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClaimList {
    /// In the register the newest first, or the nearest deadline first; one's own
    /// the oldest first.
    pub items: Vec<ClaimView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}
