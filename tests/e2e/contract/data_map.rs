//! What stands in the tables is in the data map (clause 1.5): looked at again and again while a
//! whole story goes on, because much of it is there for a moment only.

use std::collections::BTreeSet;

use domain::data_map::{self, Store};

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
                self.kinds
                    .extend(data_map::item_at(store, &pk, &sk).map(|known| known.entity));
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
        for kind in ["person", "profile", "consent", "request", "asset", "entry"] {
            assert!(self.kinds.contains(kind), "{kind}: {:?}", self.kinds);
        }
    }
}
