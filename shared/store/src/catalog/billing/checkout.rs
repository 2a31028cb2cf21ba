//! Checkouts, and what they pass on to their provider.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    billing::{Provider, plan::PlanCode},
    compliance::processor::{Transfer, Unregistered},
    ids::{CheckoutId, SubjectId, WorkspaceId},
    ledger::Entry,
    processing::{Actor, Category, Operation, Purpose},
    time::{SignedDuration, Timestamp, days, shift},
};
use serde::{Deserialize, Serialize};

use crate::{
    catalog::{partition, workspace::workspace_key},
    db::{Entity, Key, Table, Tx, expires},
    expression::Condition,
};

/// How long a finished checkout's page is given again for the same request.
pub const CHECKOUT_KEPT: SignedDuration = days(1);

/// What a payment at a provider passes on: ids of ours. Name, address and card
/// the payer gives on the provider's own page.
#[must_use]
pub fn payment_transfer(provider: Provider) -> Transfer<'static> {
    Transfer {
        to: provider.into(),
        purpose: Purpose::Payment,
        categories: &[Category::Payment],
    }
}

/// A checkout that was opened at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkout {
    /// Whose.
    pub workspace: WorkspaceId,
    /// The checkout.
    pub id: CheckoutId,
    /// At whom.
    pub provider: Provider,
    /// For what.
    pub plan: PlanCode,
    /// The payer agreed that the following months are charged as well.
    #[serde(default)]
    pub renews: bool,
    /// The provider's page.
    pub url: String,
    /// When.
    pub created_at: Timestamp,
}

/// Where a checkout stands.
#[must_use]
pub fn checkout_key(workspace: WorkspaceId, checkout: CheckoutId) -> Key {
    Key::new(partition(workspace), format!("CHECKOUT#{checkout}"))
}

impl Entity for Checkout {
    const TABLE: Table = Table::Catalog;

    fn key(&self) -> Key {
        checkout_key(self.workspace, self.id)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![expires(shift(self.created_at, CHECKOUT_KEPT))]
    }
}

impl Tx {
    /// Remembers a checkout that `payer` opened at its provider, and what was passed
    /// on with it (clause 5.6); refused under `workspace` when the workspace is gone
    /// or closing, under `person` when the payer is being erased.
    ///
    /// # Errors
    /// [`Unregistered`].
    pub fn open_checkout(
        &mut self,
        checkout: &Checkout,
        payer: SubjectId,
    ) -> Result<(), Unregistered> {
        let open = Condition::item_exists().and(Condition::lacks("closing_since"));
        let key = workspace_key(checkout.workspace);
        self.check("workspace", Table::Catalog, &key, &open);
        // a key that is used again after a day names the same checkout
        self.put("checkout", checkout);
        let entry = Entry::new(
            checkout.created_at,
            Actor::Subject,
            "payment.checkout_opened",
            "4.4",
        )
        .with_workspace(checkout.workspace)
        .with_fact("checkout", checkout.id)
        .with_fact("provider", checkout.provider.as_str())
        .with_fact("plan", &checkout.plan)
        .with_fact("renews", checkout.renews);
        let transfer = payment_transfer(checkout.provider);
        self.record(transfer.within(entry, Operation::Transfer)?);
        let reference = checkout.id.to_string();
        self.passed(payer, &transfer, &reference, checkout.created_at);
        Ok(())
    }
}
