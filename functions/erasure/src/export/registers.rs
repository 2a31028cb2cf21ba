//! What the registers hold of the person: their claims, and to whom their data was disclosed or
//! passed on (clauses 5.5, 5.6, 6.3a, 8.1).

use domain::{
    compliance::{Words, claim, transfer},
    ids::ClaimId,
    processing::{Actor, Operation},
    time::Timestamp,
};
use serde_json::{Value, json};
use store::{compliance::known_disclosures, personal::Person};

use crate::{App, Error};

/// Their claims, with our answers.
pub(super) async fn claims(
    app: &App,
    person: &Person,
    now: Timestamp,
) -> Result<Vec<Value>, Error> {
    let mut rows = Vec::new();
    for reference in app.db.references(person.subject()).await? {
        let Ok(id) = reference.case.parse::<ClaimId>() else {
            continue;
        };
        let Some(case) = app.db.case::<claim::Progress>(id).await? else {
            continue;
        };
        let (_, file) = case
            .open(&app.gate, Operation::Extract, Actor::System, now)
            .await?;
        if file.subject != person.subject() {
            continue;
        }
        rows.push(json!({
            "id": id,
            "received_at": case.progress.received_at(),
            "due_at": case.progress.due_at(),
            "answered_at": case.progress.answered_at(),
            "you_wrote": file.text.reveal(),
            "we_wrote": file.answer.as_ref().map(Words::reveal),
        }));
    }
    Ok(rows)
}

/// The disclosures that they may know of.
pub(super) async fn disclosures(
    app: &App,
    person: &Person,
    now: Timestamp,
) -> Result<Vec<Value>, Error> {
    let known = known_disclosures(&app.db, &app.gate, person.subject(), now).await?;
    let theirs = known
        .iter()
        .filter(|(_, file)| file.subject == person.subject());
    let rows = theirs.map(|(case, file)| {
        let progress = &case.progress;
        let scope = progress.scope();
        json!({
            "id": case.id,
            "at": progress.handed_over_at(),
            "to": file.grounds.recipient().reveal(),
            "ground": progress.kind(),
            "policy_clause": progress.kind().clause(),
            "law": file.grounds.law().as_str(),
            "categories": scope.categories(),
            "from": scope.period().from,
            "until": scope.period().to,
        })
    });
    Ok(rows.collect())
}

/// What was passed to processors under an id of its own.
pub(super) async fn passed_on(app: &App, person: &Person) -> Result<Vec<Value>, Error> {
    let passed = app.db.passed_of(person.subject()).await?;
    let rows = passed.iter().map(|passed| {
        let processor = passed.processor.registered();
        json!({
            "at": passed.at,
            "to": processor.legal_name,
            "address": processor.address,
            "country": processor.country,
            "purpose": passed.purpose,
            "categories": passed.categories,
            "known_there_as": passed.reference,
        })
    });
    Ok(rows.collect())
}

/// The transfers of the business that they were told of, and whether their data was passed on.
pub(super) async fn transfers(app: &App, person: &Person) -> Result<Vec<Value>, Error> {
    let mut rows = Vec::new();
    for announced in app.db.announcements_of(person.subject()).await? {
        let case = app.db.case::<transfer::Progress>(announced.transfer);
        let Some(case) = case.await? else {
            continue;
        };
        let terms = case.progress.terms();
        rows.push(json!({
            "id": case.id,
            "to": terms.counterparty.reveal(),
            "address": terms.address.reveal(),
            "policy_clause": transfer::CLAUSE,
            "law": terms.law.as_str(),
            "categories": terms.categories,
            "you_were_told_at": announced.at,
            "you_objected_at": announced.objected_at,
            "passed_at": announced.passed_at,
        }));
    }
    Ok(rows)
}
