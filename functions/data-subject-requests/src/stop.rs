//! What a request stops as soon as its person is known.

use std::collections::BTreeSet;

use domain::{
    processing::Purpose,
    request::{Details, RequestKind},
    time::Timestamp,
};
use store::{
    Db, StoreError, Tx,
    people::{Consent, Origin, Request, withdrawals},
    personal::{GateError, Person},
};

/// Who has just been made known, from where and when.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub person: &'a Person,
    pub origin: &'a Origin,
    pub now: Timestamp,
}

/// What is stopped.
pub(crate) enum Stop {
    /// Nothing.
    Nothing,
    /// All use of the data, from receipt on: it is restricted (6.7).
    Use,
    /// These purposes (6.3).
    Purposes(BTreeSet<Purpose>),
    /// What rests on a consent: the evidence of withdrawing each (5.2b).
    Consents(Vec<Consent>),
}

impl Stop {
    /// What a request of this kind stops that is not stopped yet.
    pub async fn of(
        db: &Db,
        known: Known<'_>,
        kind: RequestKind,
        details: &Details,
    ) -> Result<Self, GateError> {
        let record = known.person.record();
        Ok(match kind {
            RequestKind::Access | RequestKind::Rectification | RequestKind::Portability => {
                Self::Nothing
            }
            RequestKind::Restriction | RequestKind::Erasure => Self::Use,
            RequestKind::Objection => {
                let purposes = details.purposes.iter().copied();
                let new = |purpose: &Purpose| {
                    purpose.stops_on_objection() && !record.objections.contains(purpose)
                };
                Self::Purposes(purposes.filter(new).collect())
            }
            RequestKind::Withdrawal => {
                let Known {
                    person,
                    origin,
                    now,
                } = known;
                Self::Consents(withdrawals(db, person, "withdrawal", origin, now).await?)
            }
        })
    }

    /// There is nothing left to stop.
    pub fn is_done(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::Use => false,
            Self::Purposes(purposes) => purposes.is_empty(),
            Self::Consents(evidence) => evidence.is_empty(),
        }
    }

    /// Stops it with the request's commit; demands in any case that the person
    /// is not being erased.
    pub fn write(
        &self,
        tx: &mut Tx,
        known: Known<'_>,
        request: &Request,
    ) -> Result<(), StoreError> {
        let Known { person, now, .. } = known;
        if self.is_done() {
            tx.alive(request.subject);
            return Ok(());
        }
        match self {
            Self::Nothing => Ok(()),
            Self::Use => tx.restrict(person.record(), request.progress.received_at()),
            Self::Purposes(purposes) => tx.object(person, purposes, now),
            Self::Consents(evidence) => tx.withdraw(person, evidence, now),
        }
    }
}

/// An objection whose purposes all stop at once leaves nothing to decide.
pub(crate) fn is_settled(kind: RequestKind, details: &Details) -> bool {
    kind == RequestKind::Objection
        && details
            .purposes
            .iter()
            .all(|purpose| purpose.stops_on_objection())
}
