//! Tests of one function at a time, between the moments that a whole machine shows: what waits
//! in between, events in the test's hands, calls at the same time, what is stored and what is
//! not. What people see from end to end is proven by `e2e`.
//!
//! Every test has a machine of its own and people of its own. Nothing sleeps.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod accounts;
mod compliance;
mod data_subject_requests;
mod erasure;
mod mail_intake;
mod opendsr;
mod outbox;
mod payments;
mod retention;
mod signup;
mod site;
mod trial_expiry;
