//! The object store as its clients see it: the ordinary AWS SDK and plain HTTP against a served
//! store, and the folder behind it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod browser;
mod durability;
mod harness;
mod integrity;
mod keys;
mod multipart;
mod notifications;
mod presigned;
mod reading;
mod retention;
mod versions;
