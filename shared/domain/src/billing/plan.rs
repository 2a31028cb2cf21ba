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

/// The same day of the next month at the same time (UTC), or that month's last
/// day: what one payment for a month covers.
#[must_use]
pub fn month_after(at: Timestamp) -> Timestamp {
    let zoned = at.to_zoned(jiff::tz::TimeZone::UTC);
    // only the end of representable time has no next month
    zoned
        .checked_add(jiff::Span::new().months(1))
        .map_or(at, |next| Timestamp::from(next.timestamp()))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_month_ends_on_the_same_day_or_the_last_one() {
        let after = |text: &str| month_after(text.parse().unwrap()).to_string();
        assert_eq!(after("2027-01-15T10:00:00Z"), "2027-02-15T10:00:00.000Z");
        assert_eq!(after("2028-01-31T10:00:00Z"), "2028-02-29T10:00:00.000Z");
        assert_eq!(after("2026-12-31T23:59:59Z"), "2027-01-31T23:59:59.000Z");
    }
}
