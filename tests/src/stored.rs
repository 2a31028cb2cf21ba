//! What a machine has stored, as the store's own types show it.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::contact::EmailAddress;
use domain::ids::SubjectId;
use domain::ledger::Entry;
use platform::Env;
use platform::objects::Objects;
use store::ledger::StoredEntry;
use store::lookup::LookupKey;
use store::people::find_login;
use store::personal::Gate;
use store::{Db, Key};

use crate::TestMachine;
use crate::machine::text;

/// The function that is told of every table, bucket and key.
const WIDEST: &str = "ErasureFunction";

/// The buckets, by their logical ids.
const BUCKETS: [&str; 4] = [
    "AssetsBucket",
    "ExportsBucket",
    "MailBucket",
    "ProofsBucket",
];

impl TestMachine {
    /// The variables that the template declares for a function.
    #[must_use]
    pub fn environment(&self, function: &str) -> Env {
        let declared = self.model().function(function).expect("a function");
        Env::of(declared.environment.clone())
    }

    /// The store, as the functions have it.
    #[must_use]
    pub fn db(&self) -> Db {
        Db::new(&self.sdk_config("test"), self.environment(WIDEST).tables())
    }

    /// The gate to personal data, as the functions have it.
    #[must_use]
    pub fn gate(&self) -> Gate {
        let key = self.environment(WIDEST).required("PERSONAL_DATA_KEY");
        Gate::new(&self.sdk_config("test"), self.db(), key.unwrap())
    }

    /// The key of keyed hashes, which the application's secret holds.
    #[must_use]
    pub fn lookup(&self) -> LookupKey {
        LookupKey::new(self.secret()["lookup_key"].as_str().expect("a key"))
    }

    /// A bucket, as the functions have it, by the name of its variable.
    #[must_use]
    pub fn bucket(&self, variable: &'static str) -> Objects {
        let environment = self.environment(WIDEST);
        Objects::new(&self.sdk_config("test"), &environment, variable).unwrap()
    }

    /// The ledger's public key.
    #[must_use]
    pub fn ledger_key(&self) -> Vec<u8> {
        let key = self.environment(WIDEST).required("LEDGER_KEY").unwrap();
        self.services().kms().public_key(&key).unwrap()
    }

    /// The keys of a table's items whose partitions begin so, in the order of their sort keys.
    pub async fn keys(&self, table: &str, prefix: &str) -> Vec<Key> {
        let items = self.items(table).await;
        let all = items
            .iter()
            .map(|item| Key::new(text(item, "pk"), text(item, "sk")));
        let mut keys: Vec<Key> = all.filter(|key| key.pk.starts_with(prefix)).collect();
        keys.sort_by(|a, b| a.sk.cmp(&b.sk));
        keys
    }

    /// Every entry of the ledger.
    pub async fn ledger(&self) -> Vec<Entry> {
        let db = self.db();
        let mut entries = Vec::new();
        for key in self.keys("LedgerTable", "EVT#").await {
            let stored: StoredEntry = db.get(&key).await.unwrap().expect("an entry");
            entries.push(stored.entry);
        }
        entries
    }

    /// The ledger's entries about this event.
    pub async fn entries(&self, event: &str) -> Vec<Entry> {
        let mut entries = self.ledger().await;
        entries.retain(|entry| entry.event == event);
        entries
    }

    /// Who signs in with this address.
    pub async fn subject_of(&self, email: &str) -> SubjectId {
        let login = self.lookup().email(&EmailAddress::new(email).unwrap());
        let found = find_login(&self.db(), &login).await.unwrap();
        found.expect("an account").subject
    }

    /// Every item of every table and the key of every object's version, as text and in order.
    pub async fn everything(&self) -> Vec<String> {
        let mut all = Vec::new();
        for table in &self.model().tables {
            let items = self.items(&table.id).await.into_iter();
            all.extend(
                items.map(|item| format!("{} {}", table.id, shown(&AttributeValue::M(item)))),
            );
        }
        for bucket in BUCKETS {
            all.extend(self.keys_of(bucket));
        }
        all.sort();
        all
    }
}

/// A value as text. The order of a map's attributes is nobody's.
fn shown(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(map) => {
            let sorted: BTreeMap<_, _> = map
                .iter()
                .map(|(name, value)| (name, shown(value)))
                .collect();
            format!("{sorted:?}")
        }
        AttributeValue::L(list) => format!("{:?}", list.iter().map(shown).collect::<Vec<_>>()),
        other => format!("{other:?}"),
    }
}
