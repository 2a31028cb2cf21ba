//! The one-machine runtime against a small stack: `tests/fixtures/template.yaml`, and, in
//! `hostile`, with the whole product.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod events;
mod faults;
mod gateway;
mod hostile;
mod lifetime;
mod pages;
mod roles;
mod support;
