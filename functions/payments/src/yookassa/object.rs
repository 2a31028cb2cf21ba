//! The parts of YooKassa's payments that are read, and what they say.

use domain::{
    billing::{
        Fact, Provider,
        history::{Covers, Payment, PaymentState, Refund, SavedMethod, Seen},
        money,
        plan::PlanCode,
    },
    ids::WorkspaceId,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// An amount in whole units of its currency.
#[derive(Debug, Serialize, Deserialize)]
pub struct Amount {
    value: String,
    currency: String,
}

impl Amount {
    /// As YooKassa writes it: `990.00`.
    #[must_use]
    pub fn of(amount_minor: u64, currency: &str) -> Self {
        Self {
            value: money::decimal(amount_minor, currency),
            currency: currency.to_ascii_uppercase(),
        }
    }

    fn minor(&self) -> Option<u64> {
        money::minor(&self.value, &self.currency)
    }
}

/// Our own words in a payment, which come back in it.
#[derive(Debug, Default, Deserialize)]
struct Metadata {
    workspace: Option<String>,
    plan: Option<PlanCode>,
    /// When the payer agreed to be charged again.
    agreed_at: Option<String>,
    /// Of a renewal, the end of the month before.
    after: Option<String>,
}

fn time(text: &Option<String>) -> Option<Timestamp> {
    text.as_ref()?.parse().ok()
}

/// Who receives the money.
#[derive(Debug, Deserialize)]
pub struct Recipient {
    /// The shop.
    pub account_id: String,
}

#[derive(Debug, Deserialize)]
struct Method {
    id: String,
    #[serde(default)]
    saved: bool,
}

/// A payment.
#[derive(Debug, Deserialize)]
pub struct PaymentObject {
    /// Its id.
    pub id: String,
    /// `pending`, `waiting_for_capture`, `succeeded` or `canceled`.
    pub status: String,
    paid: bool,
    amount: Amount,
    refunded_amount: Option<Amount>,
    created_at: Timestamp,
    captured_at: Option<Timestamp>,
    #[serde(default)]
    metadata: Metadata,
    /// No money moved.
    pub test: bool,
    /// Who receives it.
    pub recipient: Recipient,
    payment_method: Option<Method>,
}

impl PaymentObject {
    /// The workspace that our checkout wrote.
    #[must_use]
    pub fn workspace(&self) -> Option<WorkspaceId> {
        self.metadata.workspace.as_ref()?.parse().ok()
    }

    /// What it says at `now`, when it was fetched; `None` when its amounts can't be read.
    #[must_use]
    pub fn facts(&self, now: Timestamp) -> Option<Vec<Fact>> {
        let state = match (self.status.as_str(), self.paid) {
            ("succeeded", true) => PaymentState::Paid,
            ("canceled", _) => PaymentState::Failed,
            _ => PaymentState::Pending,
        };
        let metadata = &self.metadata;
        let currency = self.amount.currency.to_ascii_lowercase();
        let after = time(&metadata.after);
        let method = self.payment_method.as_ref();
        let method = method.filter(|method| method.saved || after.is_some());
        let value = Payment {
            state,
            provider: Provider::Yookassa,
            amount_minor: self.amount.minor()?,
            currency: currency.clone(),
            covers: after.map_or(Covers::Month, Covers::Renewal),
            plan: metadata.plan.clone(),
            subscription: None,
            method: method
                .zip(time(&metadata.agreed_at))
                .map(|(method, agreed_at)| SavedMethod {
                    id: method.id.clone(),
                    agreed_at,
                }),
        };
        let at = self.captured_at.unwrap_or(self.created_at);
        let seen = Seen::fetched(at, now, value);
        let mut facts = vec![Fact::Payment(self.id.clone(), seen)];
        if let Some(refunded) = &self.refunded_amount {
            let value = Refund {
                amount_minor: refunded.minor()?,
                currency,
                payment: Some(self.id.clone()),
            };
            // the payment does not say when: it was not before we were told
            let seen = Seen::fetched(now, now, value);
            facts.push(Fact::Refund(self.id.clone(), seen));
        }
        Some(facts)
    }
}
