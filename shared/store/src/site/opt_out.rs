//! The opt-out that a browser sends: Global Privacy Control (clauses 4.9 and 5.4).
//!
//! It takes the consent to sharing back and is kept as an objection to advertising,
//! with evidence beside the consents; a later consent of the person's own gives the
//! objection up. Only the change is written, not every request.

use std::collections::BTreeSet;

use domain::{
    consent::{ConsentPurpose, Tick},
    ids::SubjectId,
    ledger::Entry,
    policy::Locale,
    processing::{Actor, Category, Operation, Purpose},
    time::Timestamp,
};

use crate::{
    Condition, Db, StoreError, Table, Tx, Update,
    people::{Consent, Origin, PersonRecord, STATE_CONSENT, alive, evidence, person_key},
    personal::{Gate, GateError, Person},
};

/// What the evidence of an opt-out names as its form.
pub const SIGNAL_FORM: &str = "global_privacy_control";

/// What the signal opts out of: sharing for advertising.
pub(crate) fn opted_out() -> BTreeSet<Purpose> {
    BTreeSet::from([Purpose::AdTargeting])
}

/// The evidence of the signal: the box of the consent that it refuses, unticked.
pub(crate) fn refused(
    person: &Person,
    locale: Locale,
    origin: &Origin,
    now: Timestamp,
) -> Result<Consent, GateError> {
    let consent = ConsentPurpose::Transfer;
    let tick = Tick::current(consent, locale, false, now)
        .ok_or_else(|| StoreError::Rejected("a consent without a text".to_owned()))?;
    evidence(person, consent, tick, SIGNAL_FORM, origin, now)
}

/// The ledger's entry about the signal.
pub(crate) fn signal_entry(person: &Person, evidence: &Consent) -> Entry {
    let mut entry = Entry::new(evidence.at, Actor::Subject, "signal.opted_out", "4.9")
        .with_person(person.pseudonym())
        .with_fact("signal", SIGNAL_FORM)
        .with_fact("purpose", Purpose::AdTargeting.as_str())
        .with_fact("document", &evidence.tick.document)
        .with_fact("version", &evidence.tick.version);
    entry.operation = Some(Operation::Record);
    entry.categories = vec![Category::ConsentEvidence];
    entry
}

/// Takes the consent to sharing back and adds the objection, if neither was changed
/// meanwhile.
fn opting_out(record: &PersonRecord) -> Result<Update, StoreError> {
    let mut consents = record.consents.clone();
    consents.remove(&ConsentPurpose::Transfer);
    let objections: BTreeSet<_> = record.objections.union(&opted_out()).copied().collect();
    let mut as_objected = Condition::equals("objections", &record.objections)?;
    if record.objections.is_empty() {
        // a record of an older build has none
        as_objected = as_objected.or(Condition::lacks("objections"));
    }
    let unchanged = Condition::equals("consents", &record.consents)?;
    Ok(Update::new()
        .set("consents", consents)?
        .set("objections", objections)?
        .when(alive().and(unchanged).and(as_objected)))
}

/// Keeps the opt-out of a person whose browser sends the signal; one read, and
/// nothing else, when it is kept already. Whether it was a change.
///
/// # Errors
/// [`GateError`].
pub async fn opt_out_by_signal(
    db: &Db,
    gate: &Gate,
    subject: SubjectId,
    origin: &Origin,
    now: Timestamp,
) -> Result<bool, GateError> {
    let record: Option<PersonRecord> = db.get(&person_key(subject)).await?;
    let waits = record.is_some_and(|record| {
        record.erasing_since.is_none() && !record.objections.contains(&Purpose::AdTargeting)
    });
    if !waits {
        return Ok(false);
    }
    let person = gate.open(subject, STATE_CONSENT, now).await?;
    let evidence = refused(&person, person.record().locale, origin, now)?;
    let mut tx = Tx::new();
    let update = opting_out(person.record())?;
    tx.update("person", Table::People, &person_key(subject), &update);
    tx.create("consent", &evidence);
    tx.record(signal_entry(&person, &evidence));
    match db.commit(tx).await {
        Ok(()) => Ok(true),
        // another change of the same person, or an erasure, came first; the browser
        // sends the signal again with its next request
        Err(error) if error.refused("person") => Ok(false),
        Err(error) => Err(error.into()),
    }
}
