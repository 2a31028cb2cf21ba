//! What the tests of Assetbox share: a whole machine, wired from `template.yaml`, in the process
//! of each test; people, pictures, mail, events and a payment provider for it; and a [`Stage`],
//! a machine on which nothing happens by itself.
//!
//! Whatever is not as a test needs it panics, which fails the test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

pub mod budget;
mod cargo;
pub mod controller;
pub mod events;
pub mod http;
pub mod lambda;
pub mod log;
pub mod machine;
pub mod mail;
pub mod people;
pub mod pictures;
pub mod provider;
pub mod stage;
pub mod stored;
pub mod upload;

pub use crate::cargo::cargo;
pub use crate::http::{Anonymous, Answer, Bearer, Call, Caller, Client, Cookie, told};
pub use crate::machine::{TestMachine, text};
pub use crate::people::{Person, User, stance, tick};
pub use crate::stage::Stage;

use sha2::{Digest, Sha256};

/// Random bytes.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

/// A word that stands nowhere else in the world.
#[must_use]
pub fn canary(what: &str) -> String {
    format!("canary{what}{}", hex::encode(random::<8>()))
}

/// SHA-256 in lower-case hex.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Whether `needle` stands somewhere in `hay`.
#[must_use]
pub fn contains(hay: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(hay, needle).is_some()
}
