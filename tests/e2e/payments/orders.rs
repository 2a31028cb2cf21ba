//! Every permutation and every duplication of a set of events ends in the same state.

use serde_json::{Value, json};
use store::catalog::billing::payment_key;

use super::{Subscriber, workspace};
use crate::support::TestMachine;
use crate::support::provider::Provider;

/// What the events have led to, without what differs from customer to customer: their names,
/// and the times at which the provider was asked.
async fn outcome(machine: &TestMachine, subscriber: &Subscriber) -> Value {
    let id = subscriber.workspace.parse().unwrap();
    let db = machine.db();
    let workspace: store::catalog::Workspace = db
        .get(&store::catalog::workspace::workspace_key(id))
        .await
        .unwrap()
        .unwrap();
    let mut history = serde_json::to_value(db.billing_history(id).await.unwrap()).unwrap();
    forget_fetches(&mut history);
    let key = payment_key(domain::billing::Provider::Stripe, &subscriber.id("in"));
    let record: Option<store::catalog::billing::PaymentRecord> = db.get(&key).await.unwrap();
    let mut account = serde_json::to_value(&workspace.billing).unwrap();
    account["trial"] = Value::Null;
    let state = json!({
        "account": account,
        "limit": workspace.storage_limit_bytes,
        "history": history,
        "record": record,
    });
    let text = state.to_string().replace(&subscriber.mark, "mark");
    serde_json::from_str(&text.replace(&subscriber.workspace, "workspace")).unwrap()
}

fn forget_fetches(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if let Some(at) = fields.get_mut("fetched_at") {
                *at = json!(!at.is_null());
            }
            fields.values_mut().for_each(forget_fetches);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_fetches),
        _ => {}
    }
}

/// All orders of the numbers below `count`.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(count - 1);
    let insert = |order: &Vec<usize>| {
        (0..=order.len())
            .map(|at| {
                let mut longer = order.clone();
                longer.insert(at, count - 1);
                longer
            })
            .collect::<Vec<_>>()
    };
    shorter.iter().flat_map(insert).collect()
}

/// Numbers without an order that anybody would expect, the same in every run (xorshift64).
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

struct Stage {
    machine: TestMachine,
    provider: Provider,
    began: domain::time::Timestamp,
}

impl Stage {
    async fn new() -> Self {
        let provider = Provider::start().await;
        let machine = TestMachine::start_configured(&[("StripeApiUrl", &provider.url)]).await;
        let began = machine.now();
        Self {
            machine,
            provider,
            began,
        }
    }

    /// A new customer whose charge and subscription can be asked for, as they are at the end.
    async fn subscriber(&self, refunded: u64, status: &str) -> Subscriber {
        let workspace = workspace(&self.machine).await;
        let subscriber = Subscriber::new(&workspace.to_string(), self.began);
        let charge = format!("GET /v1/charges/{}", subscriber.id("ch"));
        self.provider
            .answers(&charge, 200, subscriber.charge(refunded));
        let subscription = format!("GET /v1/subscriptions/{}", subscriber.id("sub"));
        self.provider
            .answers(&subscription, 200, subscriber.subscription(status));
        subscriber
    }

    async fn deliver(&self, event: &Value, outcome: &str) {
        let answer = self.machine.stripe_delivers(event).await.json(200);
        assert_eq!(answer["outcome"], outcome, "{event}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_with_a_refund_ends_alike_in_all_120_orders() {
    let stage = Stage::new().await;
    let mut first = None;
    for order in permutations(5) {
        let subscriber = stage.subscriber(1000, "active").await;
        let mut events = subscriber.purchase();
        events.push(subscriber.event("refunded", "charge.refunded", 5, &subscriber.charge(1000)));
        for index in &order {
            stage.deliver(&events[*index], "applied").await;
        }
        // Everything once more, the other way round.
        for index in order.iter().rev() {
            stage.deliver(&events[*index], "repeated").await;
        }
        let found = outcome(&stage.machine, &subscriber).await;
        let expected = first.get_or_insert_with(|| found.clone());
        assert_eq!(&found, expected, "{order:?}");
    }
    let state = first.unwrap();
    assert_eq!(
        (
            &state["account"]["status"],
            &state["account"]["refunded_minor"]
        ),
        (&json!("active"), &json!(1000))
    );
    assert_eq!(state["account"]["plan"], "team");
    assert_eq!(state["record"]["refunded_minor"], 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_a_failure_and_an_end_come_in_any_order_and_number() {
    let stage = Stage::new().await;
    let mut random = Dice(0x9e37_79b9_7f4a_7c15);
    let mut first = None;
    for round in 0..40 {
        let subscriber = stage.subscriber(0, "canceled").await;
        let mut events = subscriber.purchase();
        let (needs, won) = (
            subscriber.dispute("needs_response"),
            subscriber.dispute("won"),
        );
        events.push(subscriber.event("disputed", "charge.dispute.created", 5, &needs));
        events.push(subscriber.event("decided", "charge.dispute.closed", 9, &won));
        events.push(subscriber.event(
            "failed",
            "customer.subscription.updated",
            7,
            &subscriber.subscription("past_due"),
        ));
        events.push(subscriber.event(
            "ended",
            "customer.subscription.deleted",
            8,
            &subscriber.subscription("canceled"),
        ));
        // Each event one to three times, shuffled; the first round comes in order.
        let mut deliveries: Vec<usize> = (0..events.len()).collect();
        if round > 0 {
            let again = (0..events.len() * 2)
                .filter(|_| random.roll(2) == 0)
                .map(|n| n % events.len());
            deliveries.extend(again.collect::<Vec<_>>());
            for index in (1..deliveries.len()).rev() {
                let other = random.roll(index + 1);
                deliveries.swap(index, other);
            }
        }
        for index in &deliveries {
            stage.machine.stripe_delivers(&events[*index]).await.is(200);
        }
        let found = outcome(&stage.machine, &subscriber).await;
        let expected = first.get_or_insert_with(|| found.clone());
        assert_eq!(&found, expected, "{deliveries:?}");
    }
    let account = &first.unwrap()["account"];
    assert_eq!(
        (&account["status"], &account["dispute"]),
        (&json!("canceled"), &json!("won"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_of_one_second_are_asked_for_again() {
    let stage = Stage::new().await;
    for order in permutations(3) {
        let subscriber = stage.subscriber(0, "active").await;
        let of_that_second = |name: &str, status: &str| {
            subscriber.event(
                name,
                "customer.subscription.updated",
                1,
                &subscriber.subscription(status),
            )
        };
        let events = [
            of_that_second("a", "past_due"),
            of_that_second("b", "unpaid"),
            of_that_second("c", "active"),
        ];
        stage.deliver(&subscriber.paid(), "applied").await;
        for index in &order {
            stage.deliver(&events[*index], "applied").await;
        }
        let status = &outcome(&stage.machine, &subscriber).await["account"]["status"];
        assert_eq!(status, "active", "{order:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_event_many_times_at_once_is_applied_once() {
    let stage = Stage::new().await;
    let subscriber = stage.subscriber(0, "active").await;
    let events = subscriber.purchase();
    let deliveries = (0..24).map(|n| stage.machine.stripe_delivers(&events[n % 4]));
    let answers = futures::future::join_all(deliveries).await;
    // Whoever is told to come again, comes again.
    let mut applied = 0;
    for (n, answer) in answers.iter().enumerate() {
        let told = match answer.status.as_u16() {
            503 => stage
                .machine
                .stripe_delivers(&events[n % 4])
                .await
                .json(200),
            _ => answer.json(200),
        };
        applied += usize::from(told["outcome"] == "applied");
    }
    assert_eq!(applied, 4);
    assert_eq!(
        outcome(&stage.machine, &subscriber).await["account"]["status"],
        "active"
    );
}
