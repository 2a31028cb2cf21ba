//! Stripe's events, turned into facts (contracts: what each event does).

use domain::{
    billing::{
        Fact, Provider,
        history::{Customer, Disputed, Objection, PaymentState, Seen},
        plan::Plan,
    },
    ids::WorkspaceId,
    time::Timestamp,
};
use serde::Deserialize;
use serde_json::{Error, Value};

use super::object::{CheckoutSession, Invoice, Subscription};

#[derive(Debug, Deserialize)]
struct Data {
    object: Value,
}

/// An event's envelope.
#[derive(Debug, Deserialize)]
pub struct Event {
    /// Its id: what a repeat is known by.
    pub id: String,
    /// `event`.
    pub object: String,
    /// The version of its content.
    pub api_version: Option<String>,
    /// Its name.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of the live mode, not the test mode.
    pub livemode: bool,
    created: i64,
    #[serde(deserialize_with = "platform::http::object")]
    data: Data,
}

/// A dispute that an event told of; its payment is known by its charge only.
#[derive(Debug)]
pub struct DisputeTold {
    id: String,
    objection: Objection,
}

impl DisputeTold {
    /// With the payment that was charged.
    #[must_use]
    pub fn fact(self, at: Timestamp, payment: &str) -> Fact {
        let value = Disputed {
            objection: self.objection,
            payment: Some(payment.to_owned()),
        };
        Fact::Dispute(self.id, Seen::told(at, value))
    }
}

/// What an event means to us.
#[derive(Debug)]
pub enum Meaning {
    /// Nothing.
    Nothing,
    /// Facts, of the workspace that the object names.
    Facts {
        /// Whose; `None` for objects that no checkout of ours made.
        workspace: Option<WorkspaceId>,
        /// What.
        facts: Vec<Fact>,
    },
    /// Something about a charge, which must be fetched to know its invoice.
    Charge {
        /// The charge.
        charge: String,
        /// The dispute, when it is about one; else it is about refunds.
        dispute: Option<DisputeTold>,
    },
    /// An invoice that only names its subscription.
    InvoiceOf {
        /// The subscription.
        subscription: String,
        /// What the invoice says.
        fact: Fact,
    },
}

#[derive(Deserialize)]
struct Identified {
    id: String,
}

#[derive(Deserialize)]
struct OfCharge {
    charge: Option<String>,
}

#[derive(Deserialize)]
struct Dispute {
    id: String,
    charge: String,
    status: String,
}

impl Event {
    /// When the event was made: the time of the version that it carries.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        Timestamp::from_seconds(self.created)
    }

    fn object<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        T::deserialize(&self.data.object)
    }

    /// What the event means.
    ///
    /// # Errors
    /// An object that is not of the documented form.
    pub fn meaning(&self, plans: &[Plan]) -> Result<Meaning, Error> {
        match self.kind.as_str() {
            "checkout.session.completed" => self.session(),
            "customer.subscription.created"
            | "customer.subscription.updated"
            | "customer.subscription.deleted"
            | "customer.subscription.paused"
            | "customer.subscription.resumed"
            | "customer.subscription.trial_will_end" => self.subscription(plans),
            "invoice.paid" => self.invoice(PaymentState::Paid),
            "invoice.payment_failed"
            | "invoice.payment_action_required"
            | "invoice.overdue"
            | "invoice.marked_uncollectible" => self.invoice(PaymentState::Failed),
            "invoice.voided" => self.invoice(PaymentState::Void),
            "invoice.finalization_failed" => {
                let invoice = self.object::<Identified>()?.id;
                platform::alarm!(
                    "invoice_finalization_failed",
                    event_id = self.id,
                    invoice,
                    "nobody can pay an invoice"
                );
                Ok(Meaning::Nothing)
            }
            "charge.refunded" => Ok(Meaning::Charge {
                charge: self.object::<Identified>()?.id,
                dispute: None,
            }),
            "refund.created" | "refund.updated" | "refund.failed" => {
                let charge = self.object::<OfCharge>()?.charge;
                Ok(charge.map_or(Meaning::Nothing, |charge| Meaning::Charge {
                    charge,
                    dispute: None,
                }))
            }
            "charge.dispute.created"
            | "charge.dispute.updated"
            | "charge.dispute.closed"
            | "charge.dispute.funds_withdrawn"
            | "charge.dispute.funds_reinstated" => self.dispute(),
            _ => Ok(Meaning::Nothing),
        }
    }

    fn session(&self) -> Result<Meaning, Error> {
        let session: CheckoutSession = self.object()?;
        let customer = session.customer.map(|id| Customer {
            provider: Provider::Stripe,
            id,
        });
        let bound = customer.map(|customer| Fact::Customer(Seen::told(self.at(), customer)));
        Ok(Meaning::Facts {
            workspace: session.metadata.workspace(),
            facts: bound.into_iter().collect(),
        })
    }

    fn subscription(&self, plans: &[Plan]) -> Result<Meaning, Error> {
        let subscription: Subscription = self.object()?;
        let seen = Seen::told(self.at(), subscription.value(plans));
        Ok(Meaning::Facts {
            workspace: subscription.metadata.workspace(),
            facts: vec![Fact::Subscription(subscription.id, seen)],
        })
    }

    fn invoice(&self, state: PaymentState) -> Result<Meaning, Error> {
        let invoice: Invoice = self.object()?;
        let Some(subscription) = invoice.subscription.clone() else {
            return Ok(Meaning::Nothing);
        };
        let workspace = invoice.metadata().and_then(|words| words.workspace());
        let seen = Seen::told(self.at(), invoice.value(state));
        let fact = Fact::Payment(invoice.id, seen);
        Ok(match workspace {
            Some(_) => Meaning::Facts {
                workspace,
                facts: vec![fact],
            },
            None => Meaning::InvoiceOf { subscription, fact },
        })
    }

    fn dispute(&self) -> Result<Meaning, Error> {
        let dispute: Dispute = self.object()?;
        let objection = match dispute.status.as_str() {
            "won" => Objection::Won,
            "lost" => Objection::Lost,
            "warning_closed" | "prevented" => Objection::Dropped,
            _ => Objection::Open,
        };
        Ok(Meaning::Charge {
            charge: dispute.charge,
            dispute: Some(DisputeTold {
                id: dispute.id,
                objection,
            }),
        })
    }
}
