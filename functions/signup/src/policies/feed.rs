//! The feed of publications, which anybody can keep and check.

use domain::policy;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Cached, PolicyVersion, ProblemDocument, SOON, cached};

/// The publications as they are hashed.
#[derive(Serialize, ToSchema)]
pub(crate) struct PolicyFeed {
    /// Each with nothing but what its `hash` covers, in the order of the chain:
    /// `hash` is SHA-256 of the canonical JSON (keys sorted, no white space,
    /// UTF-8) of the entry without it, `previous` the `hash` of the entry before.
    items: Vec<PolicyVersion>,
    /// The last entry's hash. Who keeps it can tell later whether an older
    /// entry was changed.
    head: &'static str,
    /// Always `null`: the list is short.
    next_cursor: Option<String>,
}

/// Follow the publications
///
/// The hash chain over all documents, oldest first. `python3 policies/publish.py
/// verify URL` checks it with every text.
#[utoipa::path(
    get, path = "/policies/feed", tag = "policies",
    responses((status = 200, body = PolicyFeed), (status = "default", body = ProblemDocument)),
)]
pub(crate) async fn feed() -> Cached<PolicyFeed> {
    let all = policy::publications();
    let feed = PolicyFeed {
        items: all.iter().map(PolicyVersion::from).collect(),
        head: all.last().map_or("", |last| last.hash.as_str()),
        next_cursor: None,
    };
    cached(SOON, feed)
}
