//! Billing: what a workspace has paid for, and what that lets it do.
//!
//! - [`history`]: what the providers have said, in a form that any order and
//!   any repetition of their events leaves the same.
//! - [`derive`](mod@derive): the one state machine, from that history to an [`Account`].
//! - [`ending`]: what follows when nobody pays, up to the destruction.
//! - [`renewal`]: the charges that are ours to start.
//! - [`stripe`], [`yookassa`]: what proves that an event is the provider's.

pub mod derive;
pub mod ending;
pub mod history;
pub mod money;
pub mod plan;
pub mod renewal;
pub mod stripe;
pub mod yookassa;

pub use history::{Fact, History};

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::trial::Trial;
use ending::{Cause, Ending};

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
    /// The subscription is over: what was paid for stays open, then read-only.
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
    /// When the plan ends or has ended for good: of what was suspended or
    /// canceled, also with effect from the end of the period.
    pub ended_at: Option<Timestamp>,
    /// The next period is charged unless the customer cancels.
    #[serde(default)]
    pub renews: bool,
    /// An objection, orthogonal to the status.
    pub dispute: Option<Dispute>,
    /// What was paid back so far in the currency of the last refund, in its
    /// smallest unit; orthogonal to the status.
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
            ended_at: None,
            renews: false,
            dispute: None,
            refunded_minor: 0,
            subscription: None,
            customer: None,
        }
    }

    /// When full access ends, if nothing is paid any more; `None` when there never was any.
    #[must_use]
    pub fn open_until(&self) -> Option<Timestamp> {
        match self.status {
            Status::Trialing => self.trial.map(|trial| trial.ends_at),
            // one payment late is no reason to lock out
            Status::Active | Status::PastDue => {
                self.ended_at.or(self.paid_until.map(plan::with_grace))
            }
            Status::Suspended | Status::Canceled => self.ended_at,
        }
    }

    /// The end of full access of a workspace that was opened at `opened_at`,
    /// and what follows it. `None` only for an account that says of no instant
    /// that it ends there: nothing may follow from that.
    #[must_use]
    pub fn ending(&self, opened_at: Timestamp) -> Option<Ending> {
        let (cause, at) = match (self.status, self.open_until()) {
            (Status::Trialing, Some(at)) => (Cause::Trial, at),
            (Status::Trialing, None) => (Cause::Opening, opened_at),
            (_, at) => (Cause::Plan, at?),
        };
        Some(Ending { cause, at })
    }

    /// Where the workspace stands at `now`, by the clock: a grace that is over
    /// suspends without any event or job.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Status {
        let before = |end: Option<Timestamp>| end.is_some_and(|end| now < end);
        if !before(self.open_until()) {
            return match self.status {
                Status::Active | Status::PastDue if self.ended_at.is_some() => Status::Canceled,
                Status::Active | Status::PastDue => Status::Suspended,
                over => over,
            };
        }
        match self.status {
            // a subscription's next payment may be on its way; without one nothing renews
            Status::Active if self.subscription.is_none() && !before(self.paid_until) => {
                Status::PastDue
            }
            Status::Canceled => Status::Active,
            status => status,
        }
    }

    /// What may be done at `now`. Decided by the clock at the request; no job
    /// has to have run (clause 3.2b).
    #[must_use]
    pub fn access(&self, now: Timestamp) -> Access {
        // a suspension is known only after it has begun, whatever the clocks say
        let suspended = self.status == Status::Suspended;
        if !suspended && self.open_until().is_some_and(|end| now < end) {
            Access::Full
        } else {
            Access::ReadOnly
        }
    }
}
