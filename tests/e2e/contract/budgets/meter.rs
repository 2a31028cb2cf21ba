//! The machine's events, counted one by one: each record, message and run is handled alone and
//! while no other is, so that its calls are its own and as many as ever. On AWS a batch of them
//! costs less.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use assetbox::MachineOptions;
use assetbox::cloud::{Call, Calls};
use assetbox::functions::{self, Constructor, EventHandler, Function};
use serde_json::{Value, json};
use tokio::sync::OwnedMutexGuard;

use crate::contract::registers::staff;
use crate::support::TestMachine;

/// One event and the calls that its function made.
#[derive(Debug, Clone)]
pub struct Handled {
    /// What it was: `JobsQueue: purge_asset`.
    pub event: String,
    /// The logical id of the function.
    pub function: String,
    /// The calls.
    pub calls: Vec<Call>,
}

/// While this is kept, no event is handled.
pub type Turn = OwnedMutexGuard<()>;

/// Counts events. Clones count together.
#[derive(Clone, Default)]
pub struct Meter {
    turn: Arc<tokio::sync::Mutex<()>>,
    handled: Arc<Mutex<Vec<Handled>>>,
    wiring: Arc<OnceLock<Wiring>>,
}

struct Wiring {
    calls: Calls,
    /// The logical ids of tables and queues by their physical names.
    ids: BTreeMap<String, String>,
}

impl Meter {
    /// Starts a machine whose events it counts.
    pub async fn start(&self, parameters: &[(&str, &str)]) -> TestMachine {
        let functions = functions::all().into_iter();
        let parameters = parameters.iter().copied();
        let machine = TestMachine::start_with(MachineOptions {
            functions: functions
                .map(|(id, constructor)| (id.clone(), self.metered(id, constructor)))
                .collect(),
            staff: staff(),
            parameters: parameters
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            ..MachineOptions::default()
        })
        .await;
        let model = machine.model();
        let tables = model.tables.iter().map(|table| (&table.name, &table.id));
        let queues = model.queues.iter().map(|queue| (&queue.name, &queue.id));
        let wiring = Wiring {
            calls: machine.calls().clone(),
            ids: tables
                .chain(queues)
                .map(|(name, id)| (name.clone(), id.clone()))
                .collect(),
        };
        assert!(self.wiring.set(wiring).is_ok(), "one machine");
        machine
    }

    /// Lets events wait.
    pub async fn turn(&self) -> Turn {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// What was handled since this was last asked, in the order of its names.
    pub fn take(&self) -> Vec<Handled> {
        let mut handled = std::mem::take(&mut *self.handled.lock().unwrap());
        handled.sort_by(|a, b| a.event.cmp(&b.event));
        handled
    }

    fn metered(&self, id: String, constructor: Constructor) -> Constructor {
        let meter = self.clone();
        Box::new(move |around| {
            let making = constructor(around);
            let (id, meter) = (id.clone(), meter.clone());
            Box::pin(async move {
                Ok(match making.await? {
                    Function::Event(handler) => Function::Event(meter.watched(id, handler)),
                    answering => answering,
                })
            })
        })
    }

    fn watched(self, id: String, handler: EventHandler) -> EventHandler {
        Arc::new(move |event: Value| {
            let (meter, id, handler) = (self.clone(), id.clone(), Arc::clone(&handler));
            Box::pin(async move {
                let _turn = meter.turn().await;
                match event["Records"].as_array() {
                    Some(records) => meter.each(&id, &handler, records).await,
                    None => meter.one(&id, &handler, event).await,
                }
            })
        })
    }

    async fn each(
        &self,
        id: &str,
        handler: &EventHandler,
        records: &[Value],
    ) -> Result<Value, String> {
        let mut failures = Vec::new();
        for record in records {
            let answer = self.one(id, handler, json!({"Records": [record]})).await?;
            failures.extend(
                answer["batchItemFailures"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .cloned(),
            );
        }
        Ok(json!({"batchItemFailures": failures}))
    }

    async fn one(&self, id: &str, handler: &EventHandler, event: Value) -> Result<Value, String> {
        let wiring = self.wiring.get().expect("a started machine");
        let mark = wiring.calls.mark();
        let source = wiring.source(&event);
        let answer = handler(event).await;
        let mut calls = wiring.calls.since(mark);
        calls.retain(|call| call.caller == id);
        self.handled.lock().unwrap().push(Handled {
            event: named(source, &calls),
            function: id.to_owned(),
            calls,
        });
        answer
    }
}

impl Wiring {
    /// Where an event with one record comes from.
    fn source(&self, event: &Value) -> String {
        let record = &event["Records"][0];
        let arn = record["eventSourceARN"].as_str().unwrap_or_default();
        let id = |name: Option<&str>| self.ids[name.expect("a name")].as_str();
        match record["eventSource"].as_str() {
            // arn:aws:dynamodb:{region}:{account}:table/{name}/stream/{label}
            Some("aws:dynamodb") => format!("{} stream", id(arn.split('/').nth(1))),
            Some("aws:sqs") => {
                let queue = id(arn.rsplit(':').next());
                let body = record["body"].as_str().unwrap_or_default();
                let body: Value = serde_json::from_str(body).unwrap_or_default();
                match body["job"].as_str() {
                    Some(job) => format!("{queue}: {job}"),
                    None => queue.to_owned(),
                }
            }
            _ => "schedule".to_owned(),
        }
    }
}

/// The catalog's stream brings what is told by what is done with it.
fn named(source: String, calls: &[Call]) -> String {
    let made = |operation: &str| calls.iter().any(|call| call.operation == operation);
    match source.as_str() {
        "CatalogTable stream" if made("SendRawEmail") => format!("{source}: letter"),
        "CatalogTable stream" if made("SendMessage") => format!("{source}: job"),
        "CatalogTable stream" => format!("{source}: nothing left to send"),
        "LedgerTable stream" => format!("{source}: entry"),
        _ => source,
    }
}
