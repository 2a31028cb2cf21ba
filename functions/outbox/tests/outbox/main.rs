//! The outbox against the services in this process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod cloud;
mod delivery;
mod ledger;
mod letters;
mod support;
