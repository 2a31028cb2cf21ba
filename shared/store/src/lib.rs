//! DynamoDB behind types: keys and entities, transactions that carry their
//! consequences, and the one gate to personal data.
//!
//! - [`db`] and [`expression`]: single reads, queries and transactions.
//! - [`catalog`]: workspaces, members, assets, uploads, billing.
//! - [`compliance`]: the registers of disclosures, incidents and claims.
//! - [`people`]: persons' records without their content: sign-in, sessions, consents, requests.
//! - [`personal`]: the gate. The only place where sealed attributes are opened or made.
//! - [`opendsr`]: exchanges with controllers.
//! - [`site`]: visits, statistics, surveys, the browser's opt-out.
//! - [`due`] and [`retention`]: what is done when its time has come.
//! - [`ledger`] with its [`roots`], [`outbox`] and [`stream`]: what a commit leaves behind and what must follow it.
//!
//! No other crate names a table, formats a key or sees an AWS type.

pub mod catalog;
pub mod compliance;
pub mod db;
pub mod due;
pub mod erasure;
pub mod expression;
pub mod idempotency;
pub mod ledger;
pub mod limits;
pub mod lookup;
pub mod opendsr;
pub mod outbox;
pub mod people;
pub mod personal;
pub mod retention;
pub mod roots;
pub mod site;
pub mod stream;

pub use db::{Db, Entity, Key, Page, StoreError, Table, Tables, Tx};
pub use expression::{Condition, Update};
