//! Copies, corrections, restrictions and erasures against in-process services.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../../outbox/tests/outbox/cloud.rs"]
mod cloud;
mod due;
mod erasing;
mod fault;
mod requests;
mod support;
