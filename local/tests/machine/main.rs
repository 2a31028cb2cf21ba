//! The one-machine runtime against a small stack: `tests/fixtures/template.yaml`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod events;
mod faults;
mod gateway;
mod lifetime;
mod pages;
mod support;
