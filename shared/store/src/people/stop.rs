//! What a person stops: purposes that they object to (6.3), and everything that
//! rests on a consent, by withdrawing all of them (5.2b).

use std::collections::BTreeSet;

use domain::{
    consent::ConsentPurpose,
    ledger::Entry,
    processing::{Actor, Purpose},
    time::Timestamp,
};

use super::{
    Consent, Origin, PersonRecord, consent_entry, consent_history, evidence, person_key,
    preference::{receipt, suppress},
    record::alive,
    taken_back,
};
use crate::{
    Condition, Db, StoreError, Table, Tx, Update,
    personal::{GateError, Person},
};

/// The objections are as the record says.
pub(super) fn as_objected(record: &PersonRecord) -> Result<Condition, StoreError> {
    let same = Condition::equals("objections", &record.objections)?;
    if record.objections.is_empty() {
        // a record of an older build has none
        return Ok(same.or(Condition::lacks("objections")));
    }
    Ok(same)
}

/// The objections that are left when somebody consents to what they objected
/// to; none when they did not.
pub(super) fn given_up(record: &PersonRecord, given: &Consent) -> Option<BTreeSet<Purpose>> {
    let agreed = |purpose: &Purpose| {
        given.given && ConsentPurpose::required_by(*purpose) == Some(given.consent)
    };
    let left: BTreeSet<_> = record
        .objections
        .iter()
        .copied()
        .filter(|purpose| !agreed(purpose))
        .collect();
    (left.len() < record.objections.len()).then_some(left)
}

/// The evidence of withdrawing every consent that holds now, one for each.
///
/// # Errors
/// [`GateError`] when the access does not reach the evidence of consents.
pub async fn withdrawals(
    db: &Db,
    person: &Person,
    form: &str,
    origin: &Origin,
    now: Timestamp,
) -> Result<Vec<Consent>, GateError> {
    let held = &person.record().consents;
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let history = consent_history(db, person.subject()).await?;
    let mut all = Vec::with_capacity(held.len());
    for consent in held {
        let tick = taken_back(&history, *consent)
            .ok_or_else(|| StoreError::Rejected("a consent without evidence".to_owned()))?;
        all.push(evidence(person, *consent, tick, form, origin, now)?);
    }
    Ok(all)
}

impl Tx {
    /// Notes that the person objects to these purposes as well; an objection to
    /// marketing suppresses the address, too (4.10). Refused under `stop` when
    /// another objection came first or the person is being erased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn object(
        &mut self,
        person: &Person,
        to: &BTreeSet<Purpose>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let record = person.record();
        let all: BTreeSet<_> = record.objections.union(to).copied().collect();
        let update = Update::new()
            .set("objections", all)?
            .when(alive().and(as_objected(record)?));
        self.update("stop", Table::People, &person_key(record.subject), &update);
        if to.contains(&Purpose::Marketing) {
            suppress(self, record, true, now);
        }
        let purposes: Vec<_> = to.iter().map(|purpose| purpose.as_str()).collect();
        self.record(
            Entry::new(now, Actor::Subject, "processing.objected_to", "6.3")
                .with_person(person.pseudonym())
                .with_fact("purposes", purposes.join(",")),
        );
        Ok(())
    }

    /// Withdraws the consents that [`withdrawals`] wrote the evidence of, with
    /// their receipts. Refused under `stop` when the consents were changed
    /// meanwhile or the person is being erased.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn withdraw(
        &mut self,
        person: &Person,
        evidence: &[Consent],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let record = person.record();
        let mut left = record.consents.clone();
        for withdrawn in evidence {
            left.remove(&withdrawn.consent);
            self.create("consent", withdrawn);
            self.mail(record.subject, receipt(withdrawn), now);
            self.record(consent_entry(person, withdrawn));
        }
        let unchanged = Condition::equals("consents", &record.consents)?;
        let update = Update::new()
            .set("consents", left)?
            .when(alive().and(unchanged));
        self.update("stop", Table::People, &person_key(record.subject), &update);
        if record.has_consented(ConsentPurpose::Marketing) {
            suppress(self, record, true, now);
        }
        Ok(())
    }
}
