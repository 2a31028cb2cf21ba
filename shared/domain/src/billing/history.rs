//! What the providers have said about a workspace.
//!
//! Providers deliver their events late, twice and in any order (contracts:
//! "every permutation and every duplication of a set of events ends in the same
//! state"). So nothing is computed from one event and the state before it.
//! Instead the newest version of every object is kept, and the account is
//! derived from all of them: keeping the greatest of totally ordered versions
//! is commutative, associative and idempotent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Provider, plan::PlanCode};
use crate::time::Timestamp;

/// One version of a provider's object. The order is the order of knowledge:
/// first the provider's time; then a version that was fetched beats one that an
/// event carried, and a later fetch beats an earlier one; then the value's rank.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Seen<T> {
    /// The provider's time of this version.
    pub at: Timestamp,
    /// When it was fetched, if an event of that time led to a fetch.
    pub fetched_at: Option<Timestamp>,
    /// What the object said.
    pub value: T,
}

impl<T> Seen<T> {
    /// As an event carried it.
    #[must_use]
    pub fn told(at: Timestamp, value: T) -> Self {
        Self {
            at,
            fetched_at: None,
            value,
        }
    }

    /// Until when it is known to hold: a version that was fetched is of the time of the fetch.
    #[must_use]
    pub fn known_at(&self) -> Timestamp {
        self.fetched_at.map_or(self.at, |at| at.max(self.at))
    }

    /// As the provider answered when an event of the time `at` made us ask.
    #[must_use]
    pub fn fetched(at: Timestamp, fetched_at: Timestamp, value: T) -> Self {
        Self {
            at,
            fetched_at: Some(fetched_at),
            value,
        }
    }
}

/// Where a subscription stands at its provider (Stripe's statuses), in the order
/// in which they usually follow each other within one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// The first payment is awaited.
    Incomplete,
    /// In a trial of the provider.
    Trialing,
    /// Paid.
    Active,
    /// A renewal was not paid; the provider tries again.
    PastDue,
    /// The provider has stopped collecting for now.
    Paused,
    /// The provider has given up collecting.
    Unpaid,
    /// The first payment never came.
    IncompleteExpired,
    /// Ended for good.
    Canceled,
}

/// A subscription's version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subscription {
    /// Where it stands.
    pub status: SubscriptionStatus,
    /// Whose subscription.
    pub provider: Provider,
    /// Begin of the current period.
    pub period_start: Timestamp,
    /// End of the current period.
    pub period_end: Timestamp,
    /// What is subscribed to.
    pub plan: Option<PlanCode>,
    /// The customer at the provider.
    pub customer: Option<String>,
    /// The customer has canceled: it is not renewed when the current period ends.
    #[serde(default)]
    pub cancel_at_period_end: bool,
}

/// Where a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentState {
    /// Awaited.
    Pending,
    /// Not paid: declined, overdue, or an action of the payer is missing.
    Failed,
    /// Nobody is asked to pay it any more.
    Void,
    /// Paid.
    Paid,
}

/// What a payment pays for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Covers {
    /// A month from the payment, or from the end of what was paid before.
    Month,
    /// A subscription's period up to here.
    Until(Timestamp),
    /// A month that follows the one which ended here, charged by us to the saved method.
    Renewal(Timestamp),
}

/// A payment method that the payer let us keep for the months that follow: the
/// provider's id of it, which is no card data and names nobody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SavedMethod {
    /// The method at the provider.
    pub id: String,
    /// When the payer agreed to be charged again, in a checkout of ours.
    pub agreed_at: Timestamp,
}

/// What the customer has decided about renewals that are ours to start.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Choice {
    /// When.
    pub at: Timestamp,
    /// The plan of the next periods; `None`: no renewal any more.
    pub plan: Option<PlanCode>,
}

/// A payment's version: an invoice at Stripe, a payment at YooKassa.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Payment {
    /// Where it stands.
    pub state: PaymentState,
    /// Who takes it.
    pub provider: Provider,
    /// How much, in the currency's smallest unit.
    pub amount_minor: u64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// What it pays for.
    pub covers: Covers,
    /// The plan that it pays for.
    pub plan: Option<PlanCode>,
    /// The subscription that it belongs to.
    pub subscription: Option<String>,
    /// The payment method that may be charged for the next month.
    pub method: Option<SavedMethod>,
}

/// What of one charge was paid back so far.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refund {
    /// In all, in the currency's smallest unit.
    pub amount_minor: u64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The payment that was charged.
    pub payment: Option<String>,
}

/// Where an objection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Objection {
    /// Under way.
    Open,
    /// It came to nothing before it was decided.
    Dropped,
    /// Decided for us.
    Won,
    /// Decided against us: the money is gone.
    Lost,
}

/// A dispute's version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Disputed {
    /// Where it stands.
    pub objection: Objection,
    /// The payment that is disputed.
    pub payment: Option<String>,
}

/// A customer of a provider, bound to the workspace by its checkout.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Customer {
    /// Whose customer.
    pub provider: Provider,
    /// The customer at the provider.
    pub id: String,
}

/// Something that a provider has said, free of the provider's own forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A checkout was finished by this customer.
    Customer(Seen<Customer>),
    /// A subscription, by its id.
    Subscription(String, Seen<Subscription>),
    /// A payment, by its id.
    Payment(String, Seen<Payment>),
    /// What of a charge was paid back, by the charge's id.
    Refund(String, Seen<Refund>),
    /// A dispute, by its id.
    Dispute(String, Seen<Disputed>),
}

impl Fact {
    /// The payment that the fact is about.
    #[must_use]
    pub fn payment(&self) -> Option<&str> {
        match self {
            Self::Payment(id, _) => Some(id),
            Self::Refund(_, refund) => refund.value.payment.as_deref(),
            Self::Dispute(_, dispute) => dispute.value.payment.as_deref(),
            Self::Customer(_) | Self::Subscription(..) => None,
        }
    }
}

type Newest<T> = BTreeMap<String, Seen<T>>;

/// How many objects of a kind are remembered: five years of monthly payments.
/// The newest stay, and the newest of a growing set are the same in any order.
const REMEMBERED: usize = 64;

fn keep_newest<T: Ord + Clone>(map: &mut Newest<T>, id: &str, seen: &Seen<T>, at_most: usize) {
    match map.get_mut(id) {
        Some(known) if *known >= *seen => {}
        Some(known) => known.clone_from(seen),
        None => {
            map.insert(id.to_owned(), seen.clone());
        }
    }
    while map.len() > at_most {
        let oldest = map.iter().min_by(|a, b| (a.1, a.0).cmp(&(b.1, b.0)));
        let Some(id) = oldest.map(|(id, _)| id.clone()) else {
            return;
        };
        map.remove(&id);
    }
}

/// The newest version of everything that the providers have said, and the
/// customer's last word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The customer whom the last checkout bound.
    pub customer: Option<Seen<Customer>>,
    /// Subscriptions by id.
    pub subscriptions: Newest<Subscription>,
    /// Payments by id.
    pub payments: Newest<Payment>,
    /// What was paid back, by charge.
    pub refunds: Newest<Refund>,
    /// Disputes by id.
    pub disputes: Newest<Disputed>,
    /// The customer's last word about renewals.
    pub choice: Option<Choice>,
}

impl History {
    /// Takes a fact in. Facts may come in any order and any number of times.
    pub fn merge(&mut self, fact: &Fact) {
        match fact {
            Fact::Customer(seen) => {
                if self.customer.as_ref().is_none_or(|known| known < seen) {
                    self.customer = Some(seen.clone());
                }
            }
            Fact::Subscription(id, seen) => {
                keep_newest(&mut self.subscriptions, id, seen, REMEMBERED);
            }
            Fact::Payment(id, seen) => keep_newest(&mut self.payments, id, seen, REMEMBERED),
            Fact::Refund(id, seen) => keep_newest(&mut self.refunds, id, seen, REMEMBERED),
            Fact::Dispute(id, seen) => keep_newest(&mut self.disputes, id, seen, REMEMBERED),
        }
    }

    /// Takes in what the customer has decided: the latest word counts.
    pub fn choose(&mut self, choice: Choice) {
        if self.choice.as_ref().is_none_or(|known| *known < choice) {
            self.choice = Some(choice);
        }
    }

    /// The fact's subscription is known in another version of the same second:
    /// which one is the later only the provider can say.
    #[must_use]
    pub fn is_ambiguous(&self, fact: &Fact) -> bool {
        let Fact::Subscription(id, seen) = fact else {
            return false;
        };
        self.subscriptions
            .get(id)
            .is_some_and(|known| known.at == seen.at && known.value != seen.value)
    }

    /// What of a payment was paid back.
    #[must_use]
    pub fn refunded(&self, payment: &str) -> u64 {
        self.refunds
            .values()
            .filter(|refund| refund.value.payment.as_deref() == Some(payment))
            .map(|refund| refund.value.amount_minor)
            .sum()
    }

    /// The objection to a payment that weighs most.
    #[must_use]
    pub fn objection(&self, payment: &str) -> Option<Objection> {
        self.disputes
            .values()
            .filter(|dispute| dispute.value.payment.as_deref() == Some(payment))
            .map(|dispute| dispute.value.objection)
            .max()
    }

    /// When the money of a payment was taken back, by the last refund or lost
    /// dispute; `None` while it is not.
    #[must_use]
    pub fn taken_back_at(&self, payment: &str) -> Option<Timestamp> {
        let refunds = self.refunds.values();
        let refunded = refunds.filter(|r| r.value.payment.as_deref() == Some(payment));
        let disputes = self.disputes.values();
        let lost = disputes.filter(|d| {
            d.value.objection == Objection::Lost && d.value.payment.as_deref() == Some(payment)
        });
        refunded.map(|r| r.at).chain(lost.map(|d| d.at)).max()
    }

    /// The money of a payment came and was not taken back in full.
    #[must_use]
    pub fn is_kept(&self, id: &str, payment: &Payment) -> bool {
        let refunded = self.refunded(id);
        let taken_back = refunded > 0 && refunded >= payment.amount_minor;
        payment.state == PaymentState::Paid
            && !taken_back
            && self.objection(id) != Some(Objection::Lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_newest_of_a_set_do_not_depend_on_order_or_repetition(
            told in prop::collection::vec(("[a-f]", 0i64..20, 0u8..3), 1..40),
            shuffled in any::<prop::sample::Index>(),
        ) {
            let keep = |told: &[(String, i64, u8)]| {
                let mut map = Newest::new();
                for (id, at, value) in told {
                    let seen = Seen::told(Timestamp::from_seconds(*at), *value);
                    keep_newest(&mut map, id, &seen, 3);
                }
                map
            };
            let mut other = told.clone();
            other.rotate_left(shuffled.index(told.len()));
            other.reverse();
            other.extend(told.iter().step_by(2).cloned());
            prop_assert_eq!(keep(&told), keep(&other));
        }
    }
}
