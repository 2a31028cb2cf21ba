//! The one state machine for every provider: trialing → active → past_due →
//! suspended → canceled, with refunds and disputes beside it. A pure function
//! of the [`History`], so that it can't depend on the order of events. What
//! follows an end is [`super::ending`]'s to say.

use super::{
    Account, Dispute, Provider, Status,
    history::{
        Covers, Disputed, History, Objection, Payment, PaymentState, Seen, Subscription,
        SubscriptionStatus as S,
    },
    plan::{PlanCode, month_after, with_grace},
};
use crate::{consequence::Letter, time::Timestamp, trial::Trial};

/// What one subscription, or the payments without one, entitle to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Claim {
    status: Status,
    paid_until: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    renews: bool,
    plan: Option<PlanCode>,
    provider: Provider,
    subscription: Option<String>,
    customer: Option<String>,
}

impl Claim {
    /// The claim that allows most for longest is the one that counts.
    fn weight(&self) -> impl Ord + '_ {
        let rank = match self.status {
            Status::Trialing => 0,
            Status::Canceled => 1,
            Status::Suspended => 2,
            Status::PastDue => 3,
            Status::Active => 4,
        };
        let until = self.ended_at.or(self.paid_until.map(with_grace));
        (until, rank, &self.subscription)
    }

    fn grace_until(&self) -> Option<Timestamp> {
        let past_due = self.status == Status::PastDue;
        self.paid_until.filter(|_| past_due).map(with_grace)
    }
}

type Told<'a> = (&'a String, &'a Seen<Payment>);

/// Until when a payment pays, looked at alone.
fn covered((_, payment): &Told<'_>) -> Timestamp {
    match payment.value.covers {
        Covers::Until(end) => end,
        Covers::Month => month_after(payment.at),
        Covers::Renewal(end) => month_after(end),
    }
}

impl History {
    /// The account that follows from everything that was said.
    #[must_use]
    pub fn account(&self, trial: Option<Trial>) -> Account {
        let mut account = Account::opened(trial);
        if let Some(bound) = &self.customer {
            account.provider = Some(bound.value.provider);
            account.customer = Some(bound.value.id.clone());
        }
        let claims = self.subscribed().chain(self.prepaid());
        if let Some(claim) = claims.max_by(|a, b| a.weight().cmp(&b.weight())) {
            let bound = account
                .customer
                .filter(|_| account.provider == Some(claim.provider));
            account.grace_until = claim.grace_until();
            account.status = claim.status;
            account.paid_until = claim.paid_until;
            account.ended_at = claim.ended_at;
            account.renews = claim.renews;
            account.plan = claim.plan;
            account.provider = Some(claim.provider);
            account.subscription = claim.subscription;
            account.customer = claim.customer.or(bound);
        }
        account.dispute = self.dispute();
        account.refunded_minor = self.refunded_in_all();
        account
    }

    /// What was paid back in the currency of the last refund: amounts of
    /// different currencies have no sum.
    fn refunded_in_all(&self) -> u64 {
        let Some(last) = self.refunds.values().max() else {
            return 0;
        };
        self.refunds
            .values()
            .filter(|refund| refund.value.currency == last.value.currency)
            .map(|refund| refund.value.amount_minor)
            .sum()
    }

    fn dispute(&self) -> Option<Dispute> {
        let open = |d: &&Seen<Disputed>| d.value.objection == Objection::Open;
        let dispute = self.disputes.values().find(open);
        match dispute.or(self.disputes.values().max())?.value.objection {
            Objection::Open => Some(Dispute::Open),
            Objection::Won => Some(Dispute::Won),
            Objection::Lost => Some(Dispute::Lost),
            Objection::Dropped => None,
        }
    }

    /// Claims of subscriptions, also of those of which only an invoice is known yet.
    fn subscribed(&self) -> impl Iterator<Item = Claim> {
        let invoiced = self.payments.values();
        let mut ids: Vec<&String> = invoiced
            .filter_map(|payment| payment.value.subscription.as_ref())
            .chain(self.subscriptions.keys())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().filter_map(|id| self.subscription(id))
    }

    fn subscription(&self, id: &str) -> Option<Claim> {
        let version = self.subscriptions.get(id);
        let invoices: Vec<Told<'_>> = self
            .payments
            .iter()
            .filter(|(_, p)| p.value.subscription.as_deref() == Some(id))
            .collect();
        let paid = |(_, p): &&Told<'_>| p.value.state == PaymentState::Paid;
        let kept = |(id, p): &&Told<'_>| self.is_kept(id, &p.value);
        let paid_for = invoices.iter().filter(paid).map(covered).max();
        let kept_until = invoices.iter().filter(kept).map(covered).max();
        let last_invoice = invoices
            .iter()
            .max_by_key(|told| (covered(told), told.1.at, &told.1.value))
            .map(|(_, invoice)| *invoice);

        let status = match version.map(|v| v.value.status) {
            Some(S::Canceled) => Status::Canceled,
            Some(S::Unpaid | S::Paused) => Status::Suspended,
            // the last period's money was taken back
            _ if kept_until < paid_for => Status::Suspended,
            _ => signal(version, last_invoice)?,
        };
        let paid_until = kept_until.max(version.and_then(|v| paid_by(&v.value, status)));
        let never_began = match status {
            Status::Canceled | Status::Suspended => paid_for.is_none(),
            _ => paid_until.is_none(),
        };
        if never_began {
            // a first payment that failed begins nothing, and its end ends nothing
            return None;
        }
        let canceled = version.is_some_and(|v| v.value.cancel_at_period_end);
        let ended_at = match status {
            Status::Canceled => version.map(|v| end_of_canceled(v.known_at(), paid_until)),
            Status::Suspended => {
                let stopped = version
                    .filter(|v| matches!(v.value.status, S::Unpaid | S::Paused))
                    .map(Seen::known_at);
                let at = stopped.or_else(|| self.last_taken_back(&invoices));
                at.min(paid_for.map(with_grace))
            }
            Status::Active => paid_until.filter(|_| canceled),
            Status::PastDue | Status::Trialing => None,
        };
        Some(Claim {
            status,
            paid_until,
            ended_at,
            renews: matches!(status, Status::Active | Status::PastDue) && !canceled,
            plan: version
                .and_then(|v| v.value.plan.clone())
                .or_else(|| last_invoice?.value.plan.clone()),
            provider: version.map_or(Provider::Stripe, |v| v.value.provider),
            subscription: Some(id.to_owned()),
            customer: version.and_then(|v| v.value.customer.clone()),
        })
    }

    /// When the last of these payments that was taken back was.
    fn last_taken_back(&self, payments: &[Told<'_>]) -> Option<Timestamp> {
        payments
            .iter()
            .filter(|(id, p)| p.value.state == PaymentState::Paid && !self.is_kept(id, &p.value))
            .filter_map(|(id, _)| self.taken_back_at(id))
            .max()
    }

    /// Payments without a subscription whose money came, in their order.
    pub(super) fn prepayments(&self) -> Vec<(&String, &Seen<Payment>)> {
        let mut payments: Vec<Told<'_>> = self
            .payments
            .iter()
            .filter(|(_, p)| p.value.subscription.is_none() && p.value.state == PaymentState::Paid)
            .collect();
        payments.sort_unstable_by_key(|(id, p)| (p.at, *id));
        payments
    }

    /// The claim of payments without a subscription: months, one after the other.
    fn prepaid(&self) -> Option<Claim> {
        let payments = self.prepayments();
        let (_, last) = payments.last()?;
        let mut until: Option<Timestamp> = None;
        let mut plan = last.value.plan.clone();
        for (id, payment) in &payments {
            if self.is_kept(id, &payment.value) {
                let begins = |at: Timestamp| until.map_or(at, |until| until.max(at));
                until = Some(match payment.value.covers {
                    Covers::Month => month_after(begins(payment.at)),
                    Covers::Renewal(end) => month_after(begins(end)),
                    Covers::Until(end) => begins(end),
                });
                plan.clone_from(&payment.value.plan);
            }
        }
        let status = if until <= Some(last.at) {
            Status::Suspended
        } else if until.is_some_and(|end| self.renewal_failed(end)) {
            Status::PastDue
        } else {
            Status::Active
        };
        let suspended = status == Status::Suspended;
        let taken_back = self.last_taken_back(&payments).unwrap_or(last.at);
        Some(Claim {
            status,
            paid_until: until,
            ended_at: suspended.then_some(taken_back),
            renews: !suspended && self.agreement().is_some(),
            plan,
            provider: last.value.provider,
            subscription: None,
            customer: None,
        })
    }
}

/// When the access of a canceled subscription ends: what was paid for stays
/// open, and what was open through the days of grace was open until then.
fn end_of_canceled(at: Timestamp, paid_until: Option<Timestamp>) -> Timestamp {
    paid_until.map_or(at, |end| at.clamp(end, with_grace(end)))
}

/// What the later of the subscription's and its last invoice's version says.
fn signal(version: Option<&Seen<Subscription>>, invoice: Option<&Seen<Payment>>) -> Option<Status> {
    let from_version = version.and_then(|v| match v.value.status {
        S::Active | S::Trialing => Some((v.known_at(), Status::Active)),
        S::PastDue => Some((v.known_at(), Status::PastDue)),
        _ => None,
    });
    let from_invoice = invoice.and_then(|p| match p.value.state {
        PaymentState::Paid => Some((p.at, Status::Active)),
        PaymentState::Failed => Some((p.at, Status::PastDue)),
        PaymentState::Pending | PaymentState::Void => None,
    });
    match (from_version, from_invoice) {
        (Some(version), Some(invoice)) if version.0 > invoice.0 => Some(version.1),
        (version, invoice) => invoice.or(version).map(|(_, status)| status),
    }
}

/// Until when a subscription says that it is paid.
fn paid_by(subscription: &Subscription, status: Status) -> Option<Timestamp> {
    match (subscription.status, status) {
        (S::Active | S::Trialing, Status::Active) => Some(subscription.period_end),
        // the current period is the one that was not paid
        (S::Active | S::PastDue, Status::PastDue) => Some(subscription.period_start),
        _ => None,
    }
}

/// The letters that a change of the history calls for (clause 4.4): each
/// payment, failure and refund is told once.
#[must_use]
pub fn letters(before: &History, after: &History, account: &Account) -> Vec<Letter> {
    let mut letters = Vec::new();
    for (id, seen) in &after.payments {
        let (payment, known) = (&seen.value, before.payments.get(id));
        if known.is_some_and(|known| known.value.state == payment.state) {
            continue;
        }
        match payment.state {
            PaymentState::Paid => letters.push(Letter::PaymentReceived {
                amount_minor: payment.amount_minor,
                currency: payment.currency.clone(),
                paid_until: account.paid_until,
            }),
            PaymentState::Failed => letters.push(Letter::PaymentFailed {
                grace_until: account.grace_until,
            }),
            PaymentState::Pending | PaymentState::Void => {}
        }
    }
    for (id, seen) in &after.refunds {
        let known = before.refunds.get(id);
        let known = known.map_or(0, |known| known.value.amount_minor);
        if seen.value.amount_minor > known {
            letters.push(Letter::Refunded {
                amount_minor: seen.value.amount_minor - known,
                currency: seen.value.currency.clone(),
            });
        }
    }
    letters
}

#[cfg(test)]
#[path = "derive_tests.rs"]
mod tests;
