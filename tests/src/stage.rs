//! A machine on which nothing happens by itself.
//!
//! People and tests use the API as ever. But no stream, queue, bucket or schedule makes a
//! function run: the test hands each event over, as often and in whatever order it likes, and
//! sees what waits in between. The clock that the functions read is the test's own, so that no
//! expired item is cleared away meanwhile. No call to AWS is repeated by its SDK: one that the
//! test lets fail fails at once.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use assetbox::MachineOptions;
use assetbox::functions::{self, Constructor, EventHandler, Function, Surroundings};
use aws_smithy_types::retry::RetryConfig;
use domain::consequence::{Consequence, Job, Letter};
use domain::data_map::Field;
use domain::processing::{Actor, Category, Operation, Purpose};
use domain::time::{SignedDuration, Timestamp};
use platform::Clock;
use serde_json::{Value, json};
use store::outbox::{Message, Owner};
use store::personal::Access;
use store::{Entity, Key, Table};

use crate::events::sqs;
use crate::{Person, TestMachine, User, tick};

/// The event functions, taken from the machine: their handlers, and what came to them.
#[derive(Default)]
struct Hands {
    handlers: BTreeMap<String, EventHandler>,
    received: BTreeMap<String, Vec<Value>>,
}

/// A machine on which nothing happens by itself.
pub struct Stage {
    machine: TestMachine,
    clock: Clock,
    hands: Arc<Mutex<Hands>>,
}

impl Deref for Stage {
    type Target = TestMachine;

    fn deref(&self) -> &TestMachine {
        &self.machine
    }
}

impl Stage {
    /// The product as it comes, in the test's hands.
    pub async fn start() -> Self {
        let (clock, hands) = (Clock::system(), Arc::<Mutex<Hands>>::default());
        let all = functions::all().into_iter().map(|(id, constructor)| {
            let held = held(&id, constructor, &clock, &hands);
            (id, held)
        });
        let options = MachineOptions {
            functions: all.collect(),
            ..MachineOptions::default()
        };
        Self {
            machine: TestMachine::start_with(options).await,
            clock,
            hands,
        }
    }

    /// The time that the functions see.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Moves the time that the functions see.
    pub fn advance(&self, by: SignedDuration) {
        self.clock.advance(by);
    }

    /// Hands a function an event; gives its answer or its error.
    pub async fn hand(&self, function: &str, event: Value) -> Result<Value, String> {
        let handler = Arc::clone(&self.hands.lock().unwrap().handlers[function]);
        handler(event).await
    }

    /// Hands a job over as its queue does; whether it is done.
    pub async fn carry_out(&self, job: &Job) -> bool {
        let body = serde_json::to_string(job).unwrap();
        let event = sqs(&self.machine, "JobsQueue", &[body]);
        let answer = self.hand("ErasureFunction", event).await.unwrap();
        answer == json!({"batchItemFailures": []})
    }

    /// The events that have come to a function by themselves, which did nothing.
    pub async fn received(&self, function: &str) -> Vec<Value> {
        self.settled().await;
        let hands = self.hands.lock().unwrap();
        hands.received.get(function).cloned().unwrap_or_default()
    }

    /// The keys of what waits to be delivered, oldest first.
    pub async fn waiting(&self) -> Vec<Key> {
        self.keys("CatalogTable", "OUT#").await
    }

    /// What waits to be delivered, oldest first.
    pub async fn messages(&self) -> Vec<Message> {
        let db = self.db();
        let mut messages = Vec::new();
        for key in self.waiting().await {
            messages.push(db.get(&key).await.unwrap().expect("a message"));
        }
        messages
    }

    /// Takes what waits, as if it were delivered.
    pub async fn take(&self) -> Vec<Message> {
        let messages = self.messages().await;
        let keys = self.waiting().await;
        self.db().delete_all(Table::Catalog, &keys).await.unwrap();
        messages
    }

    /// The secret of the link that a waiting letter is to bring.
    pub async fn secret_in(&self, message: &Message) -> String {
        let Owner::Subject(subject) = message.owner else {
            panic!("a link that belongs to nobody");
        };
        let access = Access {
            purpose: Purpose::Identify,
            operation: Operation::Use,
            actor: Actor::System,
            categories: &[Category::Correspondence],
            clause: "3.3f",
        };
        let person = self.gate().open(subject, access, self.now()).await.unwrap();
        let sealed = message.secret.as_ref().expect("a link");
        let secret = person.unseal::<Message>(Field::MailSecret, &message.key(), sealed);
        secret.unwrap().to_string()
    }

    /// Sends the form of a person; gives the secret of the link that they would get by mail.
    /// Nothing waits afterwards.
    pub async fn ask_for_account(&self, person: &Person, also: &[&str]) -> String {
        // the same address may sign up once a minute
        self.advance(SignedDuration::from_secs(61));
        self.take().await;
        let boxes = [
            "processing-consent",
            "marketing-consent",
            "transfer-consent",
        ];
        let boxes = boxes.map(|document| {
            let ticked = document == "processing-consent" || also.contains(&document);
            tick(self, document, ticked)
        });
        let browser = self.browser_of(person);
        browser.post("/signup", &person.form(&boxes)).await.is(202);
        let messages = self.take().await;
        let letter = messages.iter().find(|message| message.secret.is_some());
        self.secret_in(letter.expect("a letter with a link")).await
    }

    /// Somebody with an account of their own and a session. Nothing waits afterwards.
    pub async fn account(&self, person: Person, also: &[&str]) -> User {
        let secret = self.ask_for_account(&person, also).await;
        let browser = self.browser_of(&person);
        let token = json!({"token": secret});
        browser.post("/signup/verify", &token).await.is(200);
        self.take().await;
        self.sign_in(&person).await
    }
}

/// Makes the function as ever, but keeps the handler of events from the machine.
fn held(
    id: &str,
    constructor: Constructor,
    clock: &Clock,
    hands: &Arc<Mutex<Hands>>,
) -> Constructor {
    let (id, clock, hands) = (id.to_owned(), clock.clone(), Arc::clone(hands));
    Box::new(move |around| {
        let config = around.config.to_builder();
        let making = constructor(Surroundings {
            config: config.retry_config(RetryConfig::disabled()).build(),
            environment: around.environment,
            clock: clock.clone(),
        });
        let (id, hands) = (id.clone(), Arc::clone(&hands));
        Box::pin(async move {
            Ok(match making.await? {
                Function::Event(handler) => Function::Event(idle(id, handler, hands)),
                answering => answering,
            })
        })
    })
}

/// A handler that keeps what it gets.
fn idle(id: String, handler: EventHandler, hands: Arc<Mutex<Hands>>) -> EventHandler {
    let taken = hands.lock().unwrap().handlers.insert(id.clone(), handler);
    assert!(taken.is_none(), "{id} is made once");
    Arc::new(move |event| {
        let mut hands = hands.lock().unwrap();
        hands.received.entry(id.clone()).or_default().push(event);
        Box::pin(async { Ok(Value::Null) })
    })
}

/// The letters among what waits.
#[must_use]
pub fn letters(messages: &[Message]) -> Vec<Letter> {
    let letters = messages
        .iter()
        .filter_map(|message| match &message.consequence {
            Consequence::Mail { letter, .. } => Some(letter.clone()),
            Consequence::Job { .. } | Consequence::Notice { .. } => None,
        });
    letters.collect()
}

/// The jobs among what waits.
#[must_use]
pub fn jobs(messages: &[Message]) -> Vec<Job> {
    let jobs = messages
        .iter()
        .filter_map(|message| match &message.consequence {
            Consequence::Job { job } => Some(job.clone()),
            Consequence::Mail { .. } | Consequence::Notice { .. } => None,
        });
    jobs.collect()
}
