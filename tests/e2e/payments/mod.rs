//! Webhooks, billing state and checkout (clauses 3.2c, 4.4).

mod checkout;
mod disputes;
mod endings;
mod orders;
mod portal;
mod renewals;
mod story;
mod stripe;
mod yookassa;

use domain::billing::Account;
use domain::ids::{SubjectId, WorkspaceId};
use domain::time::{Timestamp, shift};
use domain::trial::Trial;
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::catalog::Workspace;

use crate::support::TestMachine;
use crate::support::provider::stripe_event;

/// A workspace in its trial whose owner nobody knows any more.
async fn workspace(machine: &TestMachine) -> WorkspaceId {
    let now = machine.now();
    let id = WorkspaceId::new(now);
    let account = Account::opened(Some(Trial::starting(now)));
    let workspace = Workspace::opened(id, SubjectId::new(now), account, now);
    machine.db().put(&workspace).await.unwrap();
    id
}

/// What Stripe knows of one customer, and says in events. Names end with a word of their own.
struct Subscriber {
    workspace: String,
    mark: String,
    began: Timestamp,
}

impl Subscriber {
    fn new(workspace: &str, began: Timestamp) -> Self {
        Self {
            workspace: workspace.to_owned(),
            mark: hex::encode(crate::support::random::<6>()),
            began,
        }
    }

    fn id(&self, kind: &str) -> String {
        format!("{kind}_{}", self.mark)
    }

    fn metadata(&self) -> Value {
        json!({"workspace": self.workspace, "plan": "team"})
    }

    fn at(&self, seconds: i64) -> Timestamp {
        shift(self.began, SignedDuration::from_secs(seconds))
    }

    fn period_end(&self) -> i64 {
        self.began.as_second() + 31 * 86_400
    }

    fn subscription(&self, status: &str) -> Value {
        json!({
            "id": self.id("sub"),
            "object": "subscription",
            "customer": self.id("cus"),
            "status": status,
            "current_period_start": self.began.as_second(),
            "current_period_end": self.period_end(),
            "metadata": self.metadata(),
            "items": {"data": [{"price": {"id": "price_x"}}]},
        })
    }

    fn invoice(&self) -> Value {
        json!({
            "id": self.id("in"),
            "object": "invoice",
            "subscription": self.id("sub"),
            "amount_paid": 4900,
            "amount_due": 4900,
            "currency": "usd",
            "period_end": self.began.as_second(),
            "lines": {"data": [{"period": {"start": self.began.as_second(), "end": self.period_end()}}]},
            "subscription_details": {"metadata": self.metadata()},
        })
    }

    fn charge(&self, refunded: u64) -> Value {
        json!({
            "id": self.id("ch"),
            "object": "charge",
            "amount": 4900,
            "amount_refunded": refunded,
            "currency": "usd",
            "invoice": self.invoice(),
        })
    }

    fn dispute(&self, status: &str) -> Value {
        json!({"id": self.id("dp"), "object": "dispute", "charge": self.id("ch"), "status": status})
    }

    fn event(&self, name: &str, kind: &str, seconds: i64, object: &Value) -> Value {
        stripe_event(
            &self.id(&format!("evt_{name}")),
            kind,
            self.at(seconds),
            object,
        )
    }

    fn completed(&self) -> Value {
        let session = json!({
            "id": self.id("cs"),
            "object": "checkout.session",
            "customer": self.id("cus"),
            "metadata": self.metadata(),
        });
        self.event("completed", "checkout.session.completed", 3, &session)
    }

    fn created(&self) -> Value {
        self.event(
            "created",
            "customer.subscription.created",
            1,
            &self.subscription("incomplete"),
        )
    }

    fn updated(&self) -> Value {
        self.event(
            "updated",
            "customer.subscription.updated",
            4,
            &self.subscription("active"),
        )
    }

    fn paid(&self) -> Value {
        self.event("paid", "invoice.paid", 2, &self.invoice())
    }

    /// What makes a paying customer of somebody.
    fn purchase(&self) -> Vec<Value> {
        vec![
            self.created(),
            self.paid(),
            self.completed(),
            self.updated(),
        ]
    }
}
