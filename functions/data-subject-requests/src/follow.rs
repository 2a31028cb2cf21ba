//! What follows when a request moves: what it stops, letters, work, ledger.

use domain::{
    consequence::{Consequence, Job, Letter},
    ledger::Entry,
    processing::{Actor, Category, Operation, Purpose},
    request::{Details, IllegalMove, RequestKind, State},
    time::Timestamp,
};
use platform::http::Problem;
use store::{
    StoreError, Tx,
    outbox::{Message, Owner},
    people::Request,
    personal::{Access, GateError, Person},
};

use crate::{
    App,
    stop::{Known, Stop, is_settled},
};

/// Access to what is written in requests (clause 4.5: requests of section 6).
pub(crate) fn access(operation: Operation, actor: Actor, clause: &'static str) -> Access {
    Access {
        purpose: Purpose::Feedback,
        operation,
        actor,
        categories: &[Category::Request],
        clause,
    }
}

/// Access to write a request down; a withdrawal writes the evidence of the
/// consents that it takes back, too.
pub(crate) fn recording(kind: RequestKind) -> Access {
    let access = access(Operation::Record, Actor::Subject, kind.clause());
    match kind {
        RequestKind::Withdrawal => Access {
            categories: &[Category::Request, Category::ConsentEvidence],
            ..access
        },
        _ => access,
    }
}

fn work(tx: &mut Tx, request: &Request, now: Timestamp) {
    let job = Job::CarryOut {
        subject: request.subject,
        request: request.id,
    };
    tx.emit(&Message::new(
        Owner::Subject(request.subject),
        Consequence::Job { job },
        now,
    ));
}

pub(crate) fn note(
    tx: &mut Tx,
    person: &Person,
    request: &Request,
    actor: Actor,
    event: &str,
    now: Timestamp,
) {
    let progress = &request.progress;
    let kind = progress.kind();
    let mut entry = Entry::new(now, actor, event, kind.clause())
        .with_person(person.pseudonym())
        .with_fact("request", request.id)
        .with_fact("kind", kind.as_str())
        .with_fact("received_at", progress.received_at())
        .with_fact("due_at", progress.due_at());
    let mut steps = progress.steps().iter().rev();
    let officer = steps.find_map(|step| step.officer.as_ref());
    if let (Actor::Staff, Some(officer)) = (actor, officer) {
        entry = entry.with_fact("officer", officer.as_str());
    }
    if let Some(mandate) = progress.mandate() {
        entry = entry
            .with_fact("applicant", mandate.by.as_str())
            .with_fact("document", mandate.document);
    }
    tx.record(entry);
}

/// Makes a request whose person has just been made known ready to be stored:
/// with what was written, and closed where nothing is left to decide. Returns
/// what it stops.
pub(crate) async fn counts(
    app: &App,
    known: Known<'_>,
    request: &mut Request,
    written: Option<&Details>,
) -> Result<Stop, GateError> {
    let kind = request.progress.kind();
    let details = details_of(request, known.person, written)?;
    if is_settled(kind, &details)
        && let Ok(done) = request.progress.clone().carried_out(known.now)
    {
        request.progress = done;
    }
    Stop::of(&app.db, known, kind, &details).await
}

/// What follows a request that counts now, from its receipt.
pub(crate) fn counted(
    tx: &mut Tx,
    known: Known<'_>,
    request: &Request,
    stop: &Stop,
) -> Result<(), StoreError> {
    stop.write(tx, known, request)?;
    tx.mail(request.subject, answer(request), known.now);
    if request.progress.state() == State::Approved {
        work(tx, request, known.now);
    }
    Ok(())
}

/// What was written with a request, now or before; stored sealed.
fn details_of(
    request: &mut Request,
    person: &Person,
    written: Option<&Details>,
) -> Result<Details, GateError> {
    let details = match written {
        Some(details) => details.clone(),
        None if request.details.is_some() => return request.open_details(person),
        None => unwritten(request.progress.kind()),
    };
    request.seal_details(person, &details)?;
    Ok(details)
}

/// What a request means that says nothing.
fn unwritten(kind: RequestKind) -> Details {
    Details::new(kind, None, None).unwrap_or_default()
}

fn answer(request: &Request) -> Letter {
    let (request, progress) = (request.id, &request.progress);
    let kind = progress.kind();
    if progress.state().is_closed() {
        return Letter::RequestCompleted { request, kind };
    }
    Letter::RequestReceived {
        request,
        kind,
        due_at: progress.due_at(),
    }
}

/// A request that the staff have approved.
pub(crate) fn approved(tx: &mut Tx, request: &Request, now: Timestamp) {
    tx.alive(request.subject);
    if let Some(case) = request.case {
        tx.mail(request.subject, Letter::ErasureBegins { case }, now);
    }
    work(tx, request, now);
}

/// The problem of a step that does not follow.
pub(crate) fn illegal(reason: IllegalMove) -> Problem {
    let code = match reason {
        IllegalMove::State(_) => "request_state",
        IllegalMove::ExtendedBefore => "extended_before",
        IllegalMove::NoExtension => "no_extension",
        IllegalMove::TooLate => "too_late_to_extend",
        IllegalMove::NotYetReceived => "not_yet_received",
    };
    let mut sentence = reason.to_string();
    sentence.push('.');
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Problem::conflict(code, sentence)
}

/// The problem of a commit that a running erasure refused.
pub(crate) fn erasing(error: StoreError) -> Problem {
    if error.refused("person") {
        return Problem::conflict(
            "being_erased",
            "This person's data is being destroyed; nothing can be added to it.",
        );
    }
    error.into()
}
