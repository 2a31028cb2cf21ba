//! Every call that these services answer, made by the AWS SDK's own clients.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod kms;
mod secrets;
mod ses;
mod sqs;
mod support;
