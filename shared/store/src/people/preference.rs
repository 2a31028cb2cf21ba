//! Giving and withdrawing a consent (clauses 2.2, 4.8 to 4.10), and the
//! suppression that keeps a refusal of marketing.

use std::fmt;

use domain::{
    consent::{self, ConsentPurpose, Tick},
    consequence::Letter,
    data_map::Field,
    ids::SubjectId,
    ledger::Entry,
    processing::{Actor, Category, Operation, Purpose},
    time::{SignedDuration, Timestamp, days, shift},
    token::LinkToken,
};
use serde::{Deserialize, Serialize};

use super::{
    Consent, Link, LinkPurpose, PersonRecord, consent_history, person_key,
    record::alive,
    stop::{as_objected, given_up},
};
use crate::{
    Condition, Db, Entity, Key, StoreError, Table, Tx, Update,
    lookup::LookupHash,
    personal::{Access, Gate, GateError, Person, Sealed},
};

/// How long the unsubscribe link of a letter works.
pub const UNSUBSCRIBE_LENGTH: SignedDuration = days(365);
/// How often a change that met another one is tried again.
const ATTEMPTS: u32 = 3;

/// The access with which a consent's evidence is written. A person may state
/// their will while processing is restricted, too.
pub const STATE_CONSENT: Access = Access {
    purpose: Purpose::Feedback,
    operation: Operation::Record,
    actor: Actor::Subject,
    categories: &[Category::ConsentEvidence],
    clause: "2.2",
};

/// Where a person's statement came from: part of the evidence (clause 2.2).
#[derive(Clone, Default)]
pub struct Origin {
    /// The network address.
    pub source_ip: Option<String>,
    /// The browser's name for itself.
    pub user_agent: Option<String>,
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Origin(…)")
    }
}

/// An address that refuses marketing, by its keyed hash only. It outlives the
/// account, so that the refusal lasts (clause 4.10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// The address's keyed hash.
    pub login: LookupHash,
    /// Since when.
    pub since: Timestamp,
}

/// Where an address's suppression stands.
#[must_use]
pub fn suppression_key(login: &LookupHash) -> Key {
    Key::new(format!("SUPPRESS#{login}"), "SUPPRESS")
}

impl Entity for Suppression {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        suppression_key(&self.login)
    }
}

/// The sealed evidence of a box; whether it was ticked says whether the
/// consent was given or withdrawn.
///
/// # Errors
/// [`GateError`] when the access does not reach the evidence.
pub fn evidence(
    person: &Person,
    consent: ConsentPurpose,
    tick: Tick,
    form: &str,
    origin: &Origin,
    now: Timestamp,
) -> Result<Consent, GateError> {
    let key = Consent::key_of(person.subject(), now, consent);
    let seal = |field, text: &Option<String>| -> Result<Option<Sealed>, GateError> {
        let sealed = text
            .as_ref()
            .map(|text| person.seal::<Consent>(field, &key, text));
        sealed.transpose()
    };
    let label = consent::label(consent, tick.locale)
        .ok_or_else(|| StoreError::Rejected("the box has no label".to_owned()))?;
    Ok(Consent {
        subject: person.subject(),
        consent,
        given: tick.ticked,
        at: now,
        label,
        form: form.to_owned(),
        source_ip: seal(Field::ConsentAddress, &origin.source_ip)?,
        user_agent: seal(Field::ConsentBrowser, &origin.user_agent)?,
        tick,
    })
}

/// The ledger's entry about a consent that was given or withdrawn.
#[must_use]
pub fn consent_entry(person: &Person, evidence: &Consent) -> Entry {
    let event = if evidence.given {
        "consent.given"
    } else {
        "consent.withdrawn"
    };
    let tick = &evidence.tick;
    let shown: [&str; 3] = [&tick.document, &tick.version, &tick.sha256];
    statement(person, shown, evidence.at, event, "2.2").with_fact("consent", evidence.consent)
}

/// The ledger's entry about what a person says of a text that they were shown.
pub(super) fn statement(
    person: &Person,
    [document, version, sha256]: [&str; 3],
    at: Timestamp,
    event: &str,
    clause: &str,
) -> Entry {
    let mut entry = Entry::new(at, Actor::Subject, event, clause)
        .with_person(person.pseudonym())
        .with_fact("document", document)
        .with_fact("version", version)
        .with_fact("sha256", sha256);
    entry.operation = Some(Operation::Record);
    entry.categories = vec![Category::ConsentEvidence];
    entry
}

/// Gives or withdraws a consent with its evidence, receipt and ledger entry.
/// Withdrawing marketing suppresses the address in the same commit, and consenting
/// to what one objected to gives the objection up.
///
/// # Errors
/// [`GateError`]; [`StoreError::Refused`] with `person` when another change of
/// the consents came first or the person is being erased.
pub async fn state_consent(
    db: &Db,
    person: &Person,
    evidence: &Consent,
    now: Timestamp,
) -> Result<(), GateError> {
    let record = person.record();
    let mut consents = record.consents.clone();
    if evidence.given {
        consents.insert(evidence.consent);
    } else {
        consents.remove(&evidence.consent);
    }
    let unchanged = Condition::equals("consents", &record.consents)?;
    let mut update = Update::new()
        .set("consents", consents)?
        .when(alive().and(unchanged));
    if let Some(objections) = given_up(record, evidence) {
        update = update
            .set("objections", objections)?
            .when(as_objected(record)?);
    }

    let mut tx = Tx::new();
    tx.update(
        "person",
        Table::People,
        &person_key(record.subject),
        &update,
    );
    tx.create("consent", evidence);
    if evidence.consent == ConsentPurpose::Marketing {
        suppress(&mut tx, record, !evidence.given, now);
    }
    tx.mail(record.subject, receipt(evidence), now);
    tx.record(consent_entry(person, evidence));
    Ok(db.commit(tx).await?)
}

/// The receipt that is mailed of a statement (2.2).
pub(super) fn receipt(evidence: &Consent) -> Letter {
    Letter::ConsentReceipt {
        document: evidence.tick.document.clone(),
        version: evidence.tick.version.clone(),
        sha256: evidence.tick.sha256.clone(),
        given: evidence.given,
        at: evidence.at,
    }
}

pub(super) fn suppress(tx: &mut Tx, record: &PersonRecord, refused: bool, now: Timestamp) {
    let suppression = Suppression {
        login: record.login.clone(),
        since: now,
    };
    if refused {
        tx.put("suppression", &suppression);
    } else {
        tx.delete("suppression", Table::People, &suppression.key(), None);
    }
}

/// The box of the last giving, emptied: what a withdrawal takes back.
#[must_use]
pub fn taken_back(history: &[Consent], consent: ConsentPurpose) -> Option<Tick> {
    let given = history
        .iter()
        .rev()
        .find(|evidence| evidence.consent == consent && evidence.given)?;
    Some(Tick {
        ticked: false,
        ..given.tick.clone()
    })
}

/// Withdraws the consent to marketing, whatever else happens to the person at
/// the same time; nothing changes when it was withdrawn before.
///
/// # Errors
/// [`GateError`].
pub async fn withdraw_marketing(
    db: &Db,
    gate: &Gate,
    subject: SubjectId,
    form: &str,
    origin: &Origin,
    now: Timestamp,
) -> Result<(), GateError> {
    for _ in 0..ATTEMPTS {
        let person = gate.open(subject, STATE_CONSENT, now).await?;
        if !person.record().has_consented(ConsentPurpose::Marketing) {
            return Ok(());
        }
        let history = consent_history(db, subject).await?;
        let tick = taken_back(&history, ConsentPurpose::Marketing)
            .ok_or_else(|| StoreError::Rejected("a consent without evidence".to_owned()))?;
        let evidence = evidence(&person, ConsentPurpose::Marketing, tick, form, origin, now)?;
        match state_consent(db, &person, &evidence, now).await {
            // another change came first: look again
            Err(GateError::Store(StoreError::Refused(_))) => {}
            other => return other,
        }
    }
    Err(StoreError::Unavailable("the person is changed all the time".to_owned()).into())
}

/// A link for the `List-Unsubscribe` header of one marketing letter. It may be
/// used again and again; it ends after [`UNSUBSCRIBE_LENGTH`].
///
/// # Errors
/// [`StoreError::Refused`] with `person` when the person is being erased.
pub async fn unsubscribe_link(
    db: &Db,
    subject: SubjectId,
    now: Timestamp,
) -> Result<LinkToken, StoreError> {
    let secret = LinkToken::generate(subject);
    let mut tx = Tx::new();
    tx.alive(subject);
    tx.create(
        "new link",
        &Link {
            subject,
            token: secret.hash(),
            purpose: LinkPurpose::Unsubscribe,
            expires_at: shift(now, UNSUBSCRIBE_LENGTH),
        },
    );
    db.commit(tx).await?;
    Ok(secret)
}
