//! What stands in the tables is in the data map (clause 1.5): looked at again and again while a
//! whole story goes on, because much of it is there for a moment only.

use std::collections::BTreeSet;

use domain::data_map::{self, Ends, Store};
use store::db::Item;

use crate::support::{TestMachine, text};

const TABLES: [(&str, Store); 4] = [
    ("CatalogTable", Store::Catalog),
    ("PeopleTable", Store::People),
    ("KeysTable", Store::Keys),
    ("LedgerTable", Store::Ledger),
];

/// What was seen in the tables.
#[derive(Default)]
pub struct Seen {
    kinds: BTreeSet<&'static str>,
    unexplained: BTreeSet<String>,
    endless: BTreeSet<&'static str>,
}

/// They end with their case, which has an end once it is closed.
const END_WITH_A_CASE: [&str; 2] = ["case_key", "destruction_act"];

/// Its kind expires, but nothing says when, and no queue waits for what says so.
fn is_endless(known: &data_map::Item, item: &Item) -> bool {
    let has = |name: &str| item.contains_key(name);
    known.ends() == Some(Ends::Expires)
        && !["expires_at_epoch", "queue", "due_queue"]
            .into_iter()
            .any(has)
        && !END_WITH_A_CASE.contains(&known.entity)
}

/// The beginning of a key, which names nobody.
fn kind_of(key: &str) -> &str {
    key.split(['#', '_']).next().unwrap_or_default()
}

impl Seen {
    /// Looks at every attribute of every item.
    pub async fn look(&mut self, machine: &TestMachine) {
        for (table, store) in TABLES {
            for item in machine.items(table).await {
                let (pk, sk) = (text(&item, "pk"), text(&item, "sk"));
                let known = data_map::item_at(store, &pk, &sk);
                self.kinds.extend(known.map(|known| known.entity));
                let endless = known.filter(|known| is_endless(known, &item));
                self.endless.extend(endless.map(|known| known.entity));
                let attributes = item.keys();
                let unknown = attributes
                    .filter(|attribute| data_map::explain(store, &pk, &sk, attribute).is_none());
                self.unexplained.extend(unknown.map(|attribute| {
                    format!("{table}: {} {} {attribute}", kind_of(&pk), kind_of(&sk))
                }));
            }
        }
    }

    /// Every attribute that was ever there has its row, and the people of the story were there.
    pub fn is_explained(&self) {
        assert!(
            self.unexplained.is_empty(),
            "no row of the data map explains: {:#?}",
            self.unexplained
        );
        assert!(self.endless.is_empty(), "no end: {:?}", self.endless);
        for kind in ["person", "profile", "consent", "request", "asset", "entry"] {
            assert!(self.kinds.contains(kind), "{kind}: {:?}", self.kinds);
        }
    }
}
