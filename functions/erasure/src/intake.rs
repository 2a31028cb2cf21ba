//! Requests by address: whose it is, if anybody's, is found out here, where
//! nobody waits for the answer.

use domain::{
    ids::RequestId,
    ledger::Entry,
    opendsr::{ExchangeRef, Regulation},
    processing::{Actor, Category, Operation, Purpose},
    request::{Level, Progress, RequestKind, State},
    time::{Timestamp, shift},
};
use store::{
    Tx,
    lookup::LookupHash,
    people::{CONFIRMATION_LENGTH, PersonRecord, Request, find_login, person_key},
    personal::{Access, GateError},
};

use crate::{App, Error};

/// How many controllers a request that waits for its link can be passed on by.
const MAX_EXCHANGES: usize = 20;

/// Takes a request in and mails its link. An open request of the same person
/// and kind absorbs it; one that waits for its link gets a new one.
///
/// A controller that passed it on hears of it once the person confirms it: of one
/// that counts already it is told nothing, as if the person were unknown.
pub(crate) async fn take(
    app: &App,
    login: &str,
    id: RequestId,
    kind: RequestKind,
    received_at: Timestamp,
    proven: bool,
    passed_on: Option<(Regulation, ExchangeRef)>,
) -> Result<(), Error> {
    let now = app.clock.now();
    let login: LookupHash = serde_json::from_value(login.into())?;
    let Some(login) = find_login(&app.db, &login).await? else {
        return Ok(());
    };
    let open = app.db.open_request(login.subject, kind, now).await?;
    let request = match open {
        Some(open) if open.progress.state() != State::AwaitingConfirmation => return Ok(()),
        Some(open) if open.linked_by == Some(id) => return Ok(()),
        Some(open) => {
            let progress = counted(open.progress.clone(), proven, now);
            open.with(progress)
        }
        None => {
            let record: Option<PersonRecord> = app.db.get(&person_key(login.subject)).await?;
            let Some(record) = record else { return Ok(()) };
            let regimes = match &passed_on {
                Some((regulation, _)) => record.regimes.with(regulation.regime()),
                None => record.regimes,
            };
            let progress = Progress::received(kind, regimes, Level::L0, received_at);
            let progress = counted(progress, proven, now);
            Request::new(login.subject, id, progress)
        }
    };
    let mut exchanges = request.exchanges.clone();
    exchanges.extend(passed_on.map(|(_, exchange)| exchange));
    exchanges.truncate(MAX_EXCHANGES);
    let waits = request.progress.state() == State::AwaitingConfirmation;
    let request = Request {
        exchanges,
        linked_by: Some(id),
        expires_at: waits.then(|| shift(now, CONFIRMATION_LENGTH)),
        ..request
    };
    match store_and_mail(app, &request, now).await {
        // it was taken in before, or the person is being erased
        Err(Error::Gate(GateError::Unknown)) => Ok(()),
        Err(Error::Store(error))
            if ["person", "request", "open request"]
                .iter()
                .any(|action| error.refused(action)) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// A withdrawal by a proven letter counts at once (level L1); whatever else comes
/// by address waits for its link.
fn counted(progress: Progress, proven: bool, now: Timestamp) -> Progress {
    if !proven || progress.kind() != RequestKind::Withdrawal {
        return progress;
    }
    progress.clone().confirm(Level::L1, now).unwrap_or(progress)
}

async fn store_and_mail(app: &App, request: &Request, now: Timestamp) -> Result<(), Error> {
    let kind = request.progress.kind();
    let access = Access {
        purpose: Purpose::Feedback,
        operation: Operation::Record,
        actor: Actor::System,
        categories: &[Category::Correspondence],
        clause: kind.clause(),
    };
    let person = app.gate.open(request.subject, access, now).await?;
    let mut tx = Tx::new();
    tx.alive(request.subject);
    if request.revision == 1 {
        tx.open_request(request, now)?;
    } else {
        tx.change_request(request)?;
    }
    tx.mail_link(&person, request.link(now), now)?;
    tx.record(
        Entry::new(now, Actor::System, "request.link_mailed", kind.clause())
            .with_person(person.pseudonym())
            .with_fact("request", request.id)
            .with_fact("kind", kind.as_str())
            .with_fact("received_at", request.progress.received_at()),
    );
    app.db.commit(tx).await?;
    Ok(())
}
