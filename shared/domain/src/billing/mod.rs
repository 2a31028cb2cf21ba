//! Billing: what a workspace has paid for, and what that lets it do.
//!
//! - [`history`]: what the providers have said, in a form that any order and
//!   any repetition of their events leaves the same.
//! - [`derive`](mod@derive): the one state machine, from that history to an [`Account`].
//! - [`stripe`], [`yookassa`]: what proves that an event is the provider's.

pub mod derive;
pub mod history;
pub mod plan;
pub mod stripe;
pub mod yookassa;

pub use history::{Fact, History};

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::trial::Trial;

/// A provider of payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Stripe: subscriptions with signed webhooks.
    Stripe,
    /// YooKassa: payments that are fetched again, webhooks unsigned.
    Yookassa,
}

impl Provider {
    /// The name in URLs and keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stripe => "stripe",
            Self::Yookassa => "yookassa",
        }
    }
}

/// Where a workspace stands between its trial and its end (contracts: one
/// state machine for every provider).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In its trial, or after one that nobody paid for: the clock decides.
    Trialing,
    /// Paid until the end of the current period.
    Active,
    /// A payment failed or nobody renewed; full access through the days of grace.
    PastDue,
    /// The grace is over, or the money was taken back: read-only.
    Suspended,
    /// The subscription has ended: read-only.
    Canceled,
}

/// An objection to a payment at the payer's bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dispute {
    /// Under way: what the dispute needs is held.
    Open,
    /// Decided for us.
    Won,
    /// Decided against us.
    Lost,
}

/// A workspace's billing state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Where it stands.
    pub status: Status,
    /// Its trial; none when the company or the address had one before.
    pub trial: Option<Trial>,
    /// The plan that is paid for; the trial's limits apply without one.
    pub plan: Option<plan::PlanCode>,
    /// Who takes the payments.
    pub provider: Option<Provider>,
    /// End of the period that is paid for.
    pub paid_until: Option<Timestamp>,
    /// End of the grace after a failed payment.
    pub grace_until: Option<Timestamp>,
    /// An objection, orthogonal to the status.
    pub dispute: Option<Dispute>,
    /// What was paid back so far, in the currency's smallest unit, orthogonal to the status.
    pub refunded_minor: u64,
    /// The subscription at the provider.
    pub subscription: Option<String>,
    /// The customer at the provider.
    pub customer: Option<String>,
}

/// What a workspace may do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// Everything that its plan allows.
    Full,
    /// See, download, pay and use privacy rights; nothing may be added or changed.
    ReadOnly,
}

impl Account {
    /// A workspace whose owner was just verified; without a trial it is
    /// read-only until somebody pays.
    #[must_use]
    pub fn opened(trial: Option<Trial>) -> Self {
        Self {
            status: Status::Trialing,
            trial,
            plan: None,
            provider: None,
            paid_until: None,
            grace_until: None,
            dispute: None,
            refunded_minor: 0,
            subscription: None,
            customer: None,
        }
    }

    /// Where the workspace stands at `now`, by the clock: a grace that is over
    /// suspends without any event or job.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Status {
        let before = |end: Option<Timestamp>| end.is_some_and(|end| now < end);
        match self.status {
            Status::Active if before(self.paid_until) => Status::Active,
            // a subscription's next payment may be on its way; without one nothing renews
            Status::Active if before(self.paid_until.map(plan::with_grace)) => {
                if self.subscription.is_some() {
                    Status::Active
                } else {
                    Status::PastDue
                }
            }
            Status::PastDue if before(self.grace_until) => Status::PastDue,
            Status::Active | Status::PastDue => Status::Suspended,
            Status::Trialing | Status::Suspended | Status::Canceled => self.status,
        }
    }

    /// What may be done at `now`. Decided by the clock at the request; no job
    /// has to have run (clause 3.2b).
    #[must_use]
    pub fn access(&self, now: Timestamp) -> Access {
        let full = match self.standing(now) {
            Status::Trialing => self.trial.is_some_and(|trial| !trial.has_ended(now)),
            Status::Active | Status::PastDue => true,
            Status::Suspended | Status::Canceled => false,
        };
        if full { Access::Full } else { Access::ReadOnly }
    }
}
