//! The parts of Stripe's objects that are read, in the API version that is
//! asked for ([`domain::billing::stripe::API_VERSION`]).

use domain::{
    billing::{
        Provider,
        history::{self, SubscriptionStatus},
        plan::{Plan, PlanCode},
    },
    ids::WorkspaceId,
    time::Timestamp,
};
use serde::Deserialize;

/// The words that our checkout wrote.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Metadata {
    workspace: Option<String>,
    /// The plan that was bought.
    pub plan: Option<PlanCode>,
}

impl Metadata {
    /// The workspace that the checkout was opened for.
    #[must_use]
    pub fn workspace(&self) -> Option<WorkspaceId> {
        self.workspace.as_ref()?.parse().ok()
    }
}

/// A checkout session.
#[derive(Debug, Deserialize)]
pub struct CheckoutSession {
    /// The customer who paid.
    pub customer: Option<String>,
    /// Our words.
    #[serde(default)]
    pub metadata: Metadata,
}

#[derive(Debug, Deserialize)]
struct Price {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Item {
    price: Price,
}

/// Stripe's lists.
#[derive(Debug, Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub struct List<T> {
    #[serde(default = "Vec::new")]
    data: Vec<T>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { data: Vec::new() }
    }
}

/// A subscription.
#[derive(Debug, Deserialize)]
pub struct Subscription {
    /// Its id.
    pub id: String,
    customer: Option<String>,
    status: SubscriptionStatus,
    current_period_start: i64,
    current_period_end: i64,
    #[serde(default)]
    cancel_at_period_end: bool,
    /// Our words.
    #[serde(default)]
    pub metadata: Metadata,
    #[serde(default)]
    items: List<Item>,
}

impl Subscription {
    /// Its version, in our terms. The price tells the plan where a plan has a
    /// price of its own; else the checkout's word does.
    #[must_use]
    pub fn value(&self, plans: &[Plan]) -> history::Subscription {
        let by_price = self.items.data.iter().find_map(|item| {
            let price = Some(&item.price.id);
            plans.iter().find(|p| p.stripe_price.as_ref() == price)
        });
        let plan = by_price.map(|plan| plan.code.clone());
        history::Subscription {
            status: self.status,
            provider: Provider::Stripe,
            period_start: Timestamp::from_seconds(self.current_period_start),
            period_end: Timestamp::from_seconds(self.current_period_end),
            plan: plan.or_else(|| self.metadata.plan.clone()),
            customer: self.customer.clone(),
            cancel_at_period_end: self.cancel_at_period_end,
        }
    }
}

#[derive(Debug, Deserialize)]
struct Period {
    end: i64,
}

#[derive(Debug, Deserialize)]
struct Line {
    period: Period,
}

#[derive(Debug, Deserialize)]
struct SubscriptionDetails {
    #[serde(default)]
    metadata: Option<Metadata>,
}

/// An invoice.
#[derive(Debug, Deserialize)]
pub struct Invoice {
    /// Its id.
    pub id: String,
    /// The subscription that it belongs to.
    pub subscription: Option<String>,
    #[serde(default)]
    amount_paid: u64,
    #[serde(default)]
    amount_due: u64,
    currency: String,
    period_end: i64,
    #[serde(default)]
    lines: List<Line>,
    subscription_details: Option<SubscriptionDetails>,
}

impl Invoice {
    /// The words that our checkout gave the subscription.
    #[must_use]
    pub fn metadata(&self) -> Option<&Metadata> {
        self.subscription_details.as_ref()?.metadata.as_ref()
    }

    /// Its version, in our terms, when an event said that it is in `state`.
    #[must_use]
    pub fn value(&self, state: history::PaymentState) -> history::Payment {
        let periods = self.lines.data.iter().map(|line| line.period.end);
        let end = periods.max().unwrap_or(self.period_end);
        let paid = state == history::PaymentState::Paid;
        history::Payment {
            state,
            provider: Provider::Stripe,
            amount_minor: if paid {
                self.amount_paid
            } else {
                self.amount_due
            },
            currency: self.currency.clone(),
            covers: history::Covers::Until(Timestamp::from_seconds(end)),
            plan: self.metadata().and_then(|words| words.plan.clone()),
            subscription: self.subscription.clone(),
            method: None,
        }
    }
}

/// A charge with its invoice.
#[derive(Debug, Deserialize)]
pub struct Charge {
    /// Its id.
    pub id: String,
    /// What was paid back so far.
    pub amount_refunded: u64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The invoice that was charged; none for charges that no subscription made.
    pub invoice: Option<Invoice>,
}
