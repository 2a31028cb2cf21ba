//! What the tests share: the library of this crate.

pub use assetbox_tests::{
    Anonymous, Answer, Bearer, Call, Caller, Client, Person, TestMachine, User, canary, contains,
    controller, events, lambda, log, machine, mail, pictures, provider, random, sha256, stance,
    text, tick, told, upload,
};
