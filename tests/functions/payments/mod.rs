//! Payments with the provider's stand-in: its pages, its events, its money.

mod checkout;
mod events;
mod story;

use assetbox_tests::{Call, TestMachine, User};
use domain::billing::Account;
use domain::billing::stripe::sign;
use domain::ids::WorkspaceId;
use local_provider::ProviderStandIn;
use serde_json::{Value, json};
use store::catalog::Workspace;
use store::catalog::workspace::workspace_key;

/// Somebody who may pay.
struct Customer {
    machine: TestMachine,
    user: User,
}

impl Customer {
    async fn new() -> Self {
        let machine = TestMachine::start().await;
        let user = machine.user().await;
        Self { machine, user }
    }

    fn provider(&self) -> &ProviderStandIn {
        self.machine.provider().expect("a stand-in")
    }

    fn workspace_id(&self) -> WorkspaceId {
        self.user.workspace.parse().unwrap()
    }

    async fn workspace(&self) -> Option<Workspace> {
        let key = workspace_key(self.workspace_id());
        self.machine.db().get(&key).await.unwrap()
    }

    async fn account(&self) -> Account {
        self.workspace().await.expect("a workspace").billing
    }

    /// Opens a checkout; gives its id at the provider.
    async fn open(&self, plan: &str, provider: &str) -> String {
        let body = json!({"plan": plan, "provider": provider});
        let opened = self.user.api.post("/billing/checkout", &body).await;
        let url = opened.json(201)["url"].as_str().unwrap().to_owned();
        ProviderStandIn::checkout_in(&url).to_owned()
    }

    /// How many letters the person has got.
    async fn letters(&self) -> usize {
        self.machine.settled().await;
        self.machine.mails_to(&self.user.person.email).await.len()
    }

    /// Posts a Stripe event's body as Stripe would; gives what became of it.
    async fn stripe(&self, body: &str) -> Value {
        let secret = self.machine.webhook_secret();
        let signature = sign(&secret, self.machine.now(), body.as_bytes());
        let call = Call::new("POST", "/webhooks/payments/stripe")
            .header("content-type", "application/json")
            .header("stripe-signature", &signature)
            .body(body.to_owned());
        self.machine.anonymous().send(call).await.json(200)["outcome"].clone()
    }
}
