//! What is ours to do about the next period. Renewals at YooKassa are ours to
//! start (contracts: it has no subscriptions); Stripe renews by itself, and is
//! asked when it has not told how that went, because a lost event must not close
//! a workspace that pays. A pure function of the [`History`]: what is due, and
//! when. The payer agreed to a renewal in a checkout, may withdraw that at any
//! time, and is never charged twice for one month.

use super::{
    Provider, Status,
    history::{Covers, History, Payment, PaymentState, SavedMethod, Seen},
    plan::{PlanCode, with_grace},
};
use crate::time::{SignedDuration, Timestamp, days, shift};

/// When a month is charged, by the end of the one before: just before it, and
/// after a failure on the days that follow, within the days of grace.
const ATTEMPTS: [SignedDuration; 4] = [SignedDuration::from_hours(-1), days(1), days(3), days(5)];

/// How long a charge that is under way is left alone before it is asked about.
const PAYMENT_ASKED_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// How long after a period's end, or the last answer, a subscription is asked about.
const SUBSCRIPTION_ASKED_AFTER: SignedDuration = days(1);

/// What the payer has agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// The method that may be charged.
    pub method: SavedMethod,
    /// The plan of the next period.
    pub plan: Option<PlanCode>,
    /// What was paid last, in the currency's smallest unit: the price of a plan
    /// that is not sold any more.
    pub amount_minor: u64,
    /// ISO 4217, lower case.
    pub currency: String,
}

/// A charge of the next month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    /// What it rests on.
    pub agreement: Agreement,
    /// The end of the month before.
    pub after: Timestamp,
    /// Which attempt, from 0.
    pub attempt: usize,
}

/// Something to do at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Charge the next month.
    Charge(Charge),
    /// Ask what became of this charge.
    AskPayment(String),
    /// Ask whether this subscription was renewed.
    AskSubscription(String),
}

/// What is to be done next, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// What.
    pub work: Work,
    /// When.
    pub due_at: Timestamp,
}

impl Duty {
    /// It is to be done at `now`. What the grace has ended is not charged any
    /// more: the workspace is read-only, and paying again is its owner's to do.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        let too_late = match &self.work {
            Work::Charge(charge) => now >= with_grace(charge.after),
            Work::AskPayment(_) | Work::AskSubscription(_) => false,
        };
        self.due_at <= now && !too_late
    }
}

impl History {
    /// What the payer has agreed to, if they have and have not withdrawn it.
    /// The last payment decides, unless it was taken back, and the customer's
    /// choice after it.
    #[must_use]
    pub fn agreement(&self) -> Option<Agreement> {
        let payment = self.last_prepayment()?;
        let method = payment.method.clone()?;
        let later = self
            .choice
            .as_ref()
            .filter(|choice| choice.at >= method.agreed_at);
        let plan = match later {
            Some(choice) => Some(choice.plan.clone()?),
            None => payment.plan.clone(),
        };
        Some(Agreement {
            method,
            plan,
            amount_minor: payment.amount_minor,
            currency: payment.currency.clone(),
        })
    }

    /// The payer has let us keep a method: renewals can be switched on and off.
    #[must_use]
    pub fn has_saved_method(&self) -> bool {
        let last = self.last_prepayment();
        last.is_some_and(|payment| payment.method.is_some())
    }

    fn last_prepayment(&self) -> Option<&Payment> {
        let (id, last) = self.prepayments().pop()?;
        Some(&last.value).filter(|payment| self.is_kept(id, payment))
    }

    /// The charges of the month that follows `end`, in this state.
    fn charges(
        &self,
        end: Timestamp,
        state: PaymentState,
    ) -> impl Iterator<Item = (&String, &Seen<Payment>)> {
        self.payments.iter().filter(move |(_, payment)| {
            payment.value.covers == Covers::Renewal(end) && payment.value.state == state
        })
    }

    /// The month that follows `end` was charged in vain.
    pub(super) fn renewal_failed(&self, end: Timestamp) -> bool {
        self.charges(end, PaymentState::Failed).next().is_some()
    }

    /// What is to be done next, if there is something.
    #[must_use]
    pub fn duty(&self) -> Option<Duty> {
        let account = self.account(None);
        let alive = matches!(account.status, Status::Active | Status::PastDue);
        let after = account.paid_until.filter(|_| alive)?;
        match (account.subscription, account.provider?) {
            (Some(subscription), _) => Some(self.question(subscription, after)),
            (None, Provider::Yookassa) => self.charge(after),
            (None, Provider::Stripe) => None,
        }
    }

    fn question(&self, subscription: String, after: Timestamp) -> Duty {
        let known = self.subscriptions.get(&subscription);
        let asked_at = known.and_then(|seen| seen.fetched_at);
        let last = asked_at.map_or(after, |at| at.max(after));
        Duty {
            work: Work::AskSubscription(subscription),
            due_at: shift(last, SUBSCRIPTION_ASKED_AFTER),
        }
    }

    fn charge(&self, after: Timestamp) -> Option<Duty> {
        if let Some((id, charge)) = self.charges(after, PaymentState::Pending).next() {
            let asked_at = charge.fetched_at.unwrap_or(charge.at);
            return Some(Duty {
                work: Work::AskPayment(id.clone()),
                due_at: shift(asked_at, PAYMENT_ASKED_AFTER),
            });
        }
        let attempt = self.charges(after, PaymentState::Failed).count();
        let due_at = shift(after, *ATTEMPTS.get(attempt)?);
        let charge = Charge {
            agreement: self.agreement()?,
            after,
            attempt,
        };
        Some(Duty {
            work: Work::Charge(charge),
            due_at,
        })
    }
}

#[cfg(test)]
#[path = "renewal_tests.rs"]
mod tests;
