//! SES, SQS, KMS and Secrets Manager on one machine, in the SDKs' wire formats.
//!
//! A small persistent stand-in for just the calls that the product makes, so that
//! production code runs unchanged with its endpoints pointed here. What was
//! acknowledged survives `kill -9`. A call, or a field of a call, that is not
//! served is refused and never silently ignored.
//!
//! Signatures and permissions are not checked: the listener belongs on loopback.

mod durable;
mod edge;
mod error;
mod fault;
mod kms;
mod secrets;
mod ses;
mod sqs;

use std::path::PathBuf;
use std::sync::Arc;

pub use error::Error;
pub use kms::{KeyKind, KeyName, Kms};
pub use secrets::Secrets;
pub use ses::{Feedback, Mail, MailEvent, MailSummary, Mailbox};
pub use sqs::{Depth, Message, QueueOptions, Sqs};

/// The four services of one data folder. Clones share the same state.
#[derive(Clone)]
pub struct Services {
    sqs: Sqs,
    mailbox: Mailbox,
    kms: Kms,
    secrets: Secrets,
}

impl Services {
    /// Opens the services that keep their data in `root`, which is created, readable
    /// by its owner alone, where missing. Every ARN names `region` and `account`.
    ///
    /// One process at a time may have a folder open; keeping others out is the caller's.
    ///
    /// # Errors
    /// The folder or a file in it can't be created, read or understood.
    pub fn open(root: PathBuf, region: String, account: String) -> Result<Self, Error> {
        durable::private_folder(&root)?;
        let place = Arc::new(Place { region, account });
        Ok(Self {
            sqs: Sqs::open(&root.join("queues.sqlite"), Arc::clone(&place))?,
            mailbox: Mailbox::open(root.join("mailbox"))?,
            kms: Kms::open(root.join("keys.json"), Arc::clone(&place))?,
            secrets: Secrets::open(root.join("secrets.json"), place)?,
        })
    }

    /// The HTTP endpoint of all four services, to be mounted at `/`: a request is told
    /// apart by its `X-Amz-Target`, and one without is SES's by its `Action` field.
    pub fn router(&self) -> axum::Router {
        edge::router(self.clone())
    }

    /// The queues.
    #[must_use]
    pub fn sqs(&self) -> &Sqs {
        &self.sqs
    }

    /// The mail that SES has sent.
    #[must_use]
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// The keys.
    #[must_use]
    pub fn kms(&self) -> &Kms {
        &self.kms
    }

    /// The secrets.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }
}

/// The region and account that ARNs name.
struct Place {
    region: String,
    account: String,
}

impl Place {
    fn arn(&self, service: &str, resource: &str) -> String {
        format!(
            "arn:aws:{service}:{}:{}:{resource}",
            self.region, self.account
        )
    }
}
