//! An approved request is carried out.

use domain::{
    consequence::Letter,
    ids::{CaseId, RequestId, SubjectId},
    ledger::Entry,
    processing::{Actor, Category, Operation, Purpose},
    request::{IllegalMove, Progress, RequestKind, State},
    time::Timestamp,
};
use store::{
    Tx,
    people::Request,
    personal::{Access, Person},
};

use crate::{App, Error, correct, erase, export, lift};

pub(crate) async fn carry_out(app: &App, subject: SubjectId, id: RequestId) -> Result<(), Error> {
    if app.db.erasure_run(subject).await?.is_some() {
        return erase::go_on(app, subject).await;
    }
    let now = app.clock.now();
    // a request that is gone was erased with its person; one that is closed was carried out
    let Some(request) = app.db.request(subject, id, now).await? else {
        return Ok(());
    };
    let request = match request.progress.clone().uncancelled(now) {
        Ok(progress) => match decide(app, request, progress, now).await {
            // cancelled just now, or another delivery of the job came first
            Err(Error::Store(error)) if error.refused("request") => return Ok(()),
            other => other?,
        },
        Err(_) => request,
    };
    if !matches!(
        request.progress.state(),
        State::Approved | State::InProgress
    ) {
        return Ok(());
    }
    let done = match request.progress.kind() {
        RequestKind::Access | RequestKind::Portability => export::make(app, request, now).await,
        RequestKind::Rectification => correct::apply(app, request, now).await,
        RequestKind::Restriction => lift::lift(app, request, now).await,
        RequestKind::Erasure | RequestKind::Withdrawal => {
            return erase::begin_for(app, request, now).await;
        }
        // its decision carries it out
        RequestKind::Objection => return Ok(()),
    };
    match done {
        // another delivery of the job came first
        Err(Error::Store(error)) if error.refused("request") => Ok(()),
        other => other,
    }
}

/// Nobody cancelled a withdrawal that came by letter: it is carried out (5.2b).
async fn decide(
    app: &App,
    request: Request,
    progress: Progress,
    now: Timestamp,
) -> Result<Request, Error> {
    let case = CaseId::new(now);
    let request = Request {
        case: Some(case),
        ..request.with(progress)
    };
    let clause = request.progress.kind().clause();
    let mut entry = Entry::new(now, Actor::System, "request.not_cancelled", clause)
        .with_fact("request", request.id)
        .with_fact("due_at", request.progress.due_at());
    entry.person = app.gate.pseudonym_of(request.subject).await?;
    let mut tx = Tx::new();
    tx.alive(request.subject);
    tx.change_request(&request)?;
    tx.mail(request.subject, Letter::ErasureBegins { case }, now);
    tx.record(entry);
    app.db.commit(tx).await?;
    Ok(request)
}

/// The request as it is when the work is done.
pub(crate) fn completed(request: Request, now: Timestamp) -> Result<Request, Error> {
    let illegal = |reason: IllegalMove| Error::Unwritable(reason.to_string());
    let progress = request.progress.clone().begin().map_err(illegal)?;
    let progress = progress.complete(now).map_err(illegal)?;
    Ok(request.with(progress))
}

/// What every completed request leaves: its new state, a letter, an entry.
pub(crate) fn close(
    tx: &mut Tx,
    person: &Person,
    request: &Request,
    event: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let kind = request.progress.kind();
    tx.change_request(request)?;
    let letter = Letter::RequestCompleted {
        request: request.id,
        kind,
    };
    tx.mail(request.subject, letter, now);
    tx.record(
        Entry::new(now, Actor::System, event, kind.clause())
            .with_person(person.pseudonym())
            .with_fact("request", request.id)
            .with_fact("due_at", request.progress.due_at()),
    );
    Ok(())
}

/// Access to what is written in requests.
pub(crate) const READ_REQUEST: Access = Access {
    purpose: Purpose::Feedback,
    operation: Operation::Extract,
    actor: Actor::System,
    categories: &[Category::Request],
    clause: "6.3",
};
