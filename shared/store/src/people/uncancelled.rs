//! Withdrawals that came by a proven letter: a link takes them back, and those
//! that nobody cancelled in time are carried out (clause 5.2b, level L1).

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    consequence::{Consequence, Job, Letter, Recipient},
    ids::SubjectId,
    opendsr::ControllerId,
    time::Timestamp,
};

use super::{LinkPurpose, MailedLink, Request, Slot};
use crate::{
    db::{Db, StoreError, Tx},
    outbox::{Message, Owner},
};

const QUEUE: &str = "WITHDRAWALS";

/// The place in the queue of what is carried out at `at`.
pub(super) fn queue(at: Timestamp) -> Vec<(&'static str, AttributeValue)> {
    let text = |value: String| AttributeValue::S(value);
    vec![
        ("queue", text(QUEUE.to_owned())),
        ("queue_due", text(at.to_string())),
    ]
}

impl Request {
    /// The link that is mailed when a request came by address: to confirm it, or
    /// to take back what a proven letter asks for.
    #[must_use]
    pub fn link(&self, now: Timestamp) -> MailedLink {
        let request = self.id;
        let to = Recipient::OnFile;
        if let Some(destruction_at) = self.progress.destruction_at() {
            return MailedLink {
                purpose: LinkPurpose::CancelRequest { request },
                expires_at: destruction_at,
                to,
                letter: Letter::WithdrawalByLetter {
                    request,
                    destruction_at,
                },
            };
        }
        let expires_at = self.expires_at.unwrap_or(now);
        MailedLink {
            purpose: LinkPurpose::Request { request },
            expires_at,
            to,
            letter: Letter::RequestLink {
                request,
                kind: self.progress.kind(),
                expires_at,
                controllers: self.controllers(),
            },
        }
    }

    /// Who passed it on, each once.
    fn controllers(&self) -> Vec<ControllerId> {
        let names = self.exchanges.iter().map(|one| one.controller.clone());
        let names: BTreeSet<_> = names.collect();
        names.into_iter().collect()
    }
}

impl Db {
    /// Orders that up to 100 withdrawals which nobody cancelled in time are
    /// carried out; gives how many. The job decides it by the request itself, so
    /// that it may be ordered again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn order_uncancelled(&self, now: Timestamp) -> Result<usize, StoreError> {
        let due = self.uncancelled(now).await?;
        for slot in &due {
            let job = Job::CarryOut {
                subject: slot.subject,
                request: slot.request,
            };
            // nothing may be added to somebody who is being erased
            let nobody = Owner::Subject(SubjectId::new(now));
            let mut tx = Tx::new();
            tx.emit(&Message::new(nobody, Consequence::Job { job }, now));
            self.commit(tx).await?;
        }
        Ok(due.len())
    }

    async fn uncancelled(&self, now: Timestamp) -> Result<Vec<Slot>, StoreError> {
        let mut due: Vec<Slot> = self.queued(QUEUE).await?;
        due.retain(|slot| slot.destruction_at.is_some_and(|at| at <= now));
        Ok(due)
    }
}
