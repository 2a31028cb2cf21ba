//! A machine of the test's own: in a temporary folder, on free ports, with its own clock.

use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;
use std::time::Duration;

use assetbox::{Machine, MachineOptions};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::time::Timestamp;
use jiff::SignedDuration;
use serde_json::Value;

use crate::http::{Anonymous, Client, Http};
use crate::log;

/// Longer than anything here takes, on a slow computer too.
const PATIENCE: Duration = Duration::from_secs(180);

/// An item of a table.
pub type Item = HashMap<String, AttributeValue>;

/// A running machine.
pub struct TestMachine {
    machine: Machine,
    http: Http,
}

impl Deref for TestMachine {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        &self.machine
    }
}

impl TestMachine {
    /// The product as it comes.
    pub async fn start() -> Self {
        Self::start_with(MachineOptions::default()).await
    }

    /// A machine whose template's parameters have these values.
    pub async fn start_configured(parameters: &[(&str, &str)]) -> Self {
        let parameters = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Self::start_with(MachineOptions {
            parameters: parameters.collect(),
            ..MachineOptions::default()
        })
        .await
    }

    /// A machine with these options.
    pub async fn start_with(options: MachineOptions) -> Self {
        log::capture();
        Self {
            machine: Machine::start(options).await.expect("the machine starts"),
            http: Http::default(),
        }
    }

    /// Ends the machine and what it has under way.
    pub async fn shutdown(self) {
        self.machine.shutdown().await;
    }

    /// A sender for addresses that are not the API's.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// Somebody who is not signed in.
    pub fn anonymous(&self) -> Client<Anonymous> {
        Client {
            http: self.http.clone(),
            base: self.machine.api_url().to_owned(),
            caller: Anonymous,
            user_agent: "assetbox-tests".to_owned(),
        }
    }

    /// Waits until everything that has happened has had its consequences.
    pub async fn settled(&self) {
        let idle = tokio::time::timeout(PATIENCE, self.machine.idle());
        idle.await.expect("the machine comes to rest").unwrap();
    }

    /// Moves the clock forward and waits until what became due is done.
    pub async fn pass(&self, by: SignedDuration) {
        self.machine.advance(by).unwrap();
        self.settled().await;
    }

    /// Moves the clock to `at`, without waiting for what becomes due.
    pub fn jump_to(&self, at: Timestamp) {
        let by = at.duration_since(self.now().into()).as_secs() + 1;
        self.machine.advance(SignedDuration::from_secs(by)).unwrap();
    }

    /// The machine's time.
    pub fn now(&self) -> Timestamp {
        Timestamp::from(self.machine.clock().now())
    }

    /// The physical name of a table, bucket or queue, by its logical id.
    pub fn name_of(&self, id: &str) -> String {
        let model = self.machine.model();
        let tables = model.tables.iter().map(|table| (&table.id, &table.name));
        let buckets = model
            .buckets
            .iter()
            .map(|bucket| (&bucket.id, &bucket.name));
        let queues = model.queues.iter().map(|queue| (&queue.id, &queue.name));
        let mut all = tables.chain(buckets).chain(queues);
        all.find(|(known, _)| *known == id)
            .expect("a name in the template")
            .1
            .clone()
    }

    /// The tables, past the store.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.machine.sdk_config("test"))
    }

    /// The buckets, by their protocol.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.machine.sdk_config("test"));
        aws_sdk_s3::Client::from_conf(config.force_path_style(true).build())
    }

    /// Every item of a table.
    pub async fn items(&self, table: &str) -> Vec<Item> {
        let scan = self
            .dynamodb()
            .scan()
            .table_name(self.name_of(table))
            .consistent_read(true);
        let pages = scan.into_paginator().items().send();
        pages.collect::<Result<Vec<_>, _>>().await.unwrap()
    }

    /// The person of a machine that has one.
    pub async fn only_subject(&self) -> domain::ids::SubjectId {
        let people = self.items("PeopleTable").await;
        let mut subjects = people
            .iter()
            .filter(|item| text(item, "sk") == "META")
            .map(|item| text(item, "subject"));
        let subject = subjects.next().expect("a person").parse().unwrap();
        assert_eq!(subjects.next(), None, "one person");
        subject
    }

    /// How many items each table has.
    pub async fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for table in &self.machine.model().tables {
            counts.insert(table.id.clone(), self.items(&table.id).await.len());
        }
        counts
    }

    /// The keys of a bucket's objects, each version and marker.
    pub fn keys_of(&self, bucket: &str) -> Vec<String> {
        let versions = self
            .machine
            .objects()
            .list_all_versions(&self.name_of(bucket))
            .unwrap();
        versions.into_iter().map(|version| version.key).collect()
    }

    /// What the application's secret holds.
    pub fn secret(&self) -> Value {
        let declared = &self.machine.model().secrets[0];
        let text = self
            .machine
            .services()
            .secrets()
            .value(&declared.name)
            .unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

/// The text of an item's attribute, empty where there is none.
pub fn text(item: &Item, attribute: &str) -> String {
    let value = item.get(attribute).and_then(|value| value.as_s().ok());
    value.cloned().unwrap_or_default()
}
