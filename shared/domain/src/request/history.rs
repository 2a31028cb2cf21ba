//! What happened to a request, step by step: what happened, when, and who did it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Applicant;
use crate::{
    ids::{RequestId, SubjectId},
    time::Timestamp,
};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// It arrived: everything counts from here.
    Received,
    /// The staff entered what came by letter.
    Entered,
    /// The person proved that it is theirs.
    Confirmed,
    /// The staff established who asks.
    Verified,
    /// The deadline was extended.
    Extended,
    /// It was decided that it is carried out.
    Approved,
    /// It was refused.
    Refused,
    /// It was carried out.
    Completed,
    /// The person took it back.
    Cancelled,
}

impl Event {
    /// The name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Entered => "entered",
            Self::Confirmed => "confirmed",
            Self::Verified => "verified",
            Self::Extended => "extended",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The person whose data it is about.
    Subject,
    /// Their legal representative.
    Representative,
    /// An authority.
    Authority,
    /// The staff.
    Staff,
    /// Nobody: it followed from the rules.
    System,
}

impl Party {
    /// The name in records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Representative => "representative",
            Self::Authority => "authority",
            Self::Staff => "staff",
            Self::System => "system",
        }
    }
}

impl From<Applicant> for Party {
    fn from(applicant: Applicant) -> Self {
        match applicant {
            Applicant::Representative => Self::Representative,
            Applicant::Authority => Self::Authority,
        }
    }
}

/// A member of the staff within one request: tells whether two are the same,
/// and names nobody outside of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Officer(String);

impl Officer {
    /// Whoever is signed in, in this request.
    #[must_use]
    pub fn new(request: RequestId, staff: SubjectId) -> Self {
        let digest = Sha256::digest(format!("assetbox officer\0{request}\0{staff}"));
        // no identifier of the form that an erasure looks for
        Self(format!("officer-{}", &hex::encode(digest)[..32]))
    }

    /// The name in records.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A step of a request. Names nobody and holds no words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What happened.
    pub event: Event,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub by: Party,
    /// Which member of the staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub officer: Option<Officer>,
}
