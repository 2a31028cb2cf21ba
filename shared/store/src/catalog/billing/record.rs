//! The payments' own records, for the books.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    billing::{
        Fact, History, Provider,
        history::{Objection, PaymentState},
        plan::PlanCode,
    },
    time::{SignedDuration, Timestamp, shift},
};
use serde::{Deserialize, Serialize};

use crate::db::{Entity, Key, Table, Tx, expires};

/// A payment for the books: no card data, no person, no workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRecord {
    /// Who took it.
    pub provider: Provider,
    /// The payment at the provider.
    pub payment: String,
    /// Where it stands.
    pub state: PaymentState,
    /// The provider's time of that.
    pub at: Timestamp,
    /// In the currency's smallest unit.
    pub amount_minor: u64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// What was paid for.
    pub plan: Option<PlanCode>,
    /// What of it was paid back.
    pub refunded_minor: u64,
    /// An objection to it.
    pub objection: Option<Objection>,
    /// From when on it may be destroyed.
    pub kept_until: Timestamp,
}

/// Where a payment's record stands.
#[must_use]
pub fn payment_key(provider: Provider, payment: &str) -> Key {
    Key::new(
        format!("PAYMENT#{}#{payment}", provider.as_str()),
        "PAYMENT",
    )
}

impl Entity for PaymentRecord {
    const TABLE: Table = Table::Catalog;

    fn key(&self) -> Key {
        payment_key(self.provider, &self.payment)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![expires(self.kept_until)]
    }
}

pub(super) fn put_records(
    tx: &mut Tx,
    history: &History,
    provider: Provider,
    facts: &[Fact],
    kept: SignedDuration,
) {
    let mut touched: Vec<&str> = facts.iter().filter_map(Fact::payment).collect();
    touched.sort_unstable();
    touched.dedup();
    for id in touched {
        let Some(seen) = history.payments.get(id) else {
            continue;
        };
        let record = PaymentRecord {
            provider,
            payment: id.to_owned(),
            state: seen.value.state,
            at: seen.at,
            amount_minor: seen.value.amount_minor,
            currency: seen.value.currency.clone(),
            plan: seen.value.plan.clone(),
            refunded_minor: history.refunded(id),
            objection: history.objection(id),
            kept_until: shift(seen.at, kept),
        };
        tx.put("payment record", &record);
    }
}
