//! Plans and their limits. Prices are configuration: the `PLANS` variable
//! holds a JSON list of [`Plan`].

use crate::time::{SignedDuration, Timestamp, shift};
use serde::{Deserialize, Serialize};

/// Days for which access outlives a period's end or a failed payment.
pub const GRACE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Bytes that a workspace may store during its trial: 5 GiB in all.
pub const TRIAL_STORAGE_BYTES: u64 = 5 * 1024 * 1024 * 1024;

/// The end of the grace that follows `end`.
#[must_use]
pub fn with_grace(end: Timestamp) -> Timestamp {
    shift(end, GRACE)
}

/// The name of a plan in configuration and in the API.
pub type PlanCode = String;

/// What is sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The name in the API, such as `team`.
    pub code: PlanCode,
    /// The name that people read.
    pub name: String,
    /// The price of a month in the currency's smallest unit.
    pub amount_minor: u64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Bytes that may be stored in all.
    pub storage_bytes: u64,
    /// The price at Stripe that a checkout subscribes to.
    pub stripe_price: Option<String>,
}
