//! What the other tables and the bucket of copies hold.

use super::{
    Holds::{Linked, Sealed, Service},
    Item, item,
};
use crate::{
    data_map::{Field, Store},
    processing::Category as C,
};

pub(super) static ITEMS: &[Item] = &[
    item(
        Store::Keys,
        "data_key",
        ("SUBJ#", "KEY"),
        Linked(C::Account),
        &[(Linked(C::Account), &["subject", "wrapped", "created_at"])],
    ),
    item(
        Store::Keys,
        "case_key",
        ("CASEKEY#", "KEY"),
        Service,
        &[(Service, &["case", "wrapped", "created_at"])],
    ),
    item(
        Store::Keys,
        "statistics_salt",
        ("SALT", ""),
        Service,
        &[(Service, &["day", "salt"])],
    ),
    item(
        Store::Ledger,
        "entry",
        ("EVT#", "EVT"),
        Service,
        &[(Linked(C::ActionLog), &["entry"]), (Service, &["sequence"])],
    ),
    item(
        Store::Ledger,
        "chain_link",
        ("CHAIN#", "LINK#"),
        Service,
        &[(Service, &["link"])],
    ),
    item(
        Store::Ledger,
        "chain_head",
        ("CHAIN#", "HEAD"),
        Service,
        &[(Service, &["link", "sequence"])],
    ),
    item(
        Store::Ledger,
        "roots",
        ("ROOTS", "STATE"),
        Service,
        &[(Service, &["revision", "covered", "at", "unpublished"])],
    ),
    item(
        Store::Exports,
        "export",
        ("", ""),
        Linked(C::Request),
        &[(Sealed(Field::Export), &["content"])],
    ),
    item(
        Store::Exports,
        "disclosure_package",
        ("disclosures/", ""),
        Linked(C::Disclosure),
        &[(Sealed(Field::DisclosurePackage), &["content"])],
    ),
];
