//! Every attribute of every table, and what it holds: an attribute that no row
//! here explains may hold anything, and a test that looks through the tables
//! fails on it.

mod catalog;
mod log;
mod people;

use super::{Field, Store};
use crate::processing::Category;

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Personal data, sealed under the person's key.
    Sealed(Field),
    /// What relates to a person without naming them: an id, a keyed hash, a
    /// time, a state.
    Linked(Category),
    /// What belongs to a company: the words and files of its members. They may
    /// name people; the company decides why (clause 3.5).
    Company,
    /// What the service needs to work; nothing about a person.
    Service,
}

impl Holds {
    /// The category of personal data, where it is that.
    #[must_use]
    pub fn category(self) -> Option<Category> {
        match self {
            Self::Sealed(field) => Some(field.row().category),
            Self::Linked(category) => Some(category),
            Self::Company | Self::Service => None,
        }
    }
}

/// One attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// Its name in the table.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
}

/// One kind of item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// The table.
    pub store: Store,
    /// What it is.
    pub entity: &'static str,
    /// What its partition key begins with.
    pub partition: &'static str,
    /// What its sort key begins with.
    pub sort: &'static str,
    /// What its keys hold: ids and keyed hashes only.
    pub keys: Holds,
    groups: Groups,
}

/// Attributes by what they hold.
type Groups = &'static [(Holds, &'static [&'static str])];

/// What indexes and the table's own expiry use.
const INDEX: [&str; 6] = [
    "due_queue",
    "due_at",
    "queue",
    "queue_due",
    "request_id",
    "expires_at_epoch",
];

impl Item {
    /// Its attributes, without keys and index attributes.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute> + use<> {
        self.groups.iter().flat_map(|(holds, names)| {
            names.iter().map(move |&name| Attribute {
                name,
                holds: *holds,
            })
        })
    }

    fn is_at(&self, store: Store, partition: &str, sort: &str) -> bool {
        self.store == store && partition.starts_with(self.partition) && sort.starts_with(self.sort)
    }
}

/// Every kind of item.
pub fn items() -> impl Iterator<Item = &'static Item> {
    [people::ITEMS, catalog::ITEMS, log::ITEMS]
        .into_iter()
        .flatten()
}

/// The kind of the item at a key.
#[must_use]
pub fn item_at(store: Store, partition: &str, sort: &str) -> Option<&'static Item> {
    // of two that fit, such as `LINK#…` and everything, the longer name is meant
    items()
        .filter(|item| item.is_at(store, partition, sort))
        .max_by_key(|item| item.partition.len() + item.sort.len())
}

/// What an attribute of the item at a key holds; `None` when no row explains it.
#[must_use]
pub fn explain(store: Store, partition: &str, sort: &str, attribute: &str) -> Option<Holds> {
    let item = item_at(store, partition, sort)?;
    if matches!(attribute, "pk" | "sk") {
        return Some(item.keys);
    }
    if INDEX.contains(&attribute) {
        return Some(Holds::Service);
    }
    item.attributes()
        .find(|known| known.name == attribute)
        .map(|known| known.holds)
}

const fn item(
    store: Store,
    entity: &'static str,
    (partition, sort): (&'static str, &'static str),
    keys: Holds,
    groups: Groups,
) -> Item {
    Item {
        store,
        entity,
        partition,
        sort,
        keys,
        groups,
    }
}
