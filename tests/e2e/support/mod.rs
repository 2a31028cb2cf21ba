//! What the tests share: machines, callers, people, pictures, mail, events.

pub mod budget;
pub mod events;
pub mod http;
pub mod lambda;
pub mod log;
pub mod machine;
pub mod mail;
pub mod people;
pub mod pictures;
pub mod provider;
pub mod upload;

pub use http::{Anonymous, Answer, Bearer, Call, Caller, Client, told};
pub use machine::{TestMachine, text};
pub use people::{Person, User, tick};

use sha2::{Digest, Sha256};

/// Random bytes.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).unwrap();
    bytes
}

/// A word that stands nowhere else in the world.
pub fn canary(what: &str) -> String {
    format!("canary{what}{}", hex::encode(random::<8>()))
}

pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Whether `needle` stands somewhere in `hay`.
pub fn contains(hay: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(hay, needle).is_some()
}
