//! End-to-end tests: the real functions on a machine in this process, over HTTP.
//!
//! Every test has a machine of its own and people of its own. Nothing sleeps: a test waits until
//! the machine has come to rest, and moves its clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod assets;
mod payments;
mod pipeline;
mod signup;
mod support;
mod uploads;
