//! What goes out.

use std::collections::BTreeMap;

use domain::opendsr::{Outcome, Standing, Status};
use serde::Serialize;
use utoipa::ToSchema;

/// The proof that we have a request (7.3).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenDsrReceipt {
    /// Who sent it.
    pub controller_id: String,
    /// When it will be done.
    pub expected_completion_time: String,
    /// When it was received.
    pub received_time: String,
    /// The body of the request in base64. Don't keep or log it.
    pub encoded_request: String,
    /// The sender's id of it.
    pub subject_request_id: String,
    /// The signature of this object without this field, as it stands here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processor_signature: Option<String>,
}

/// The proof that a request is taken back (9.2).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenDsrCancellation {
    /// Who sent it.
    pub controller_id: String,
    /// The sender's id of it.
    pub subject_request_id: String,
    /// When it was taken back.
    pub received_time: String,
    /// The version of the API.
    pub api_version: String,
    /// The signature of this object without this field, as it stands here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub processor_signature: Option<String>,
}

/// What an end means: our extension.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenDsrEnd {
    /// `handed_to_subject`, `erased`, `partial`, `refused`, `unconfirmed` or `withdrawn`.
    #[schema(value_type = String)]
    pub outcome: Outcome,
}

/// Where a request stands (8.3).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenDsrStatus {
    /// Who sent it.
    pub controller_id: String,
    /// When it will be done.
    pub expected_completion_time: String,
    /// The sender's id of it.
    pub subject_request_id: String,
    /// `pending`, `in_progress`, `completed` or `cancelled`.
    #[schema(value_type = String)]
    pub request_status: Status,
    /// The version of the API.
    pub api_version: String,
    /// How it ended, under our domain.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extensions: BTreeMap<String, OpenDsrEnd>,
}

/// What an end means, under our domain; nothing before it.
pub(crate) fn extensions(domain: &str, standing: Standing) -> BTreeMap<String, OpenDsrEnd> {
    let end = standing.outcome.map(|outcome| OpenDsrEnd { outcome });
    end.map(|end| (domain.to_owned(), end))
        .into_iter()
        .collect()
}
