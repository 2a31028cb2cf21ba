//! End-to-end tests: the real functions on a machine in this process, over HTTP.
//!
//! Every test has a machine of its own and people of its own. Nothing sleeps: a test waits until
//! the machine has come to rest, and moves its clock.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod assets;
mod contract;
mod erasure;
mod faults;
mod payments;
mod pipeline;
mod requests;
mod signup;
mod support;
mod trial;
mod uploads;
