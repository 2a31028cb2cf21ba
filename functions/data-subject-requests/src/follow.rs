//! What follows when a request moves: restriction, letters, work, ledger.

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
    people::{Reasons, Request, request_key},
    personal::{Access, GateError, Person},
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
    let kind = request.progress.kind();
    let entry = Entry::new(now, actor, event, kind.clause())
        .with_person(person.pseudonym())
        .with_fact("request", request.id)
        .with_fact("kind", kind.as_str())
        .with_fact("received_at", request.progress.received_at())
        .with_fact("due_at", request.progress.due_at());
    tx.record(entry);
}

/// A request whose person has just been made known: it counts from its receipt.
pub(crate) fn counted(
    tx: &mut Tx,
    person: &Person,
    request: &Request,
    now: Timestamp,
) -> Result<(), StoreError> {
    let progress = &request.progress;
    if progress.restricts() {
        tx.restrict(person.record(), progress.received_at())?;
    } else {
        tx.alive(request.subject);
    }
    let received = Letter::RequestReceived {
        request: request.id,
        kind: progress.kind(),
        due_at: progress.due_at(),
    };
    tx.mail(request.subject, received, now);
    if progress.state() == State::Approved {
        work(tx, request, now);
    }
    Ok(())
}

/// A request that the staff have approved.
pub(crate) fn approved(tx: &mut Tx, request: &Request, now: Timestamp) {
    tx.alive(request.subject);
    if let (RequestKind::Erasure, Some(case)) = (request.progress.kind(), request.case) {
        tx.mail(request.subject, Letter::ErasureBegins { case }, now);
    }
    work(tx, request, now);
}

/// Seals what the person wrote; nothing is stored of nothing.
pub(crate) fn seal_details(
    person: &Person,
    request: &mut Request,
    details: &Details,
) -> Result<(), Problem> {
    if details.is_empty() {
        request.details = None;
        return Ok(());
    }
    let key = request_key(request.subject, request.id);
    let text = serde_json::to_string(details).map_err(|e| Problem::internal(&e))?;
    let sealed = person.seal::<Request>(domain::data_map::Field::RequestDetails, &key, &text)?;
    request.details = Some(sealed);
    Ok(())
}

/// Opens what the person wrote.
pub(crate) fn open_details(person: &Person, request: &Request) -> Result<Details, Problem> {
    let Some(sealed) = &request.details else {
        return Ok(Details::default());
    };
    let key = request_key(request.subject, request.id);
    let text = person.unseal::<Request>(domain::data_map::Field::RequestDetails, &key, sealed)?;
    serde_json::from_str(&text).map_err(|_| GateError::Tampered("details").into())
}

/// Seals the staff's words.
pub(crate) fn seal_reasons(
    person: &Person,
    request: &mut Request,
    reasons: &Reasons,
) -> Result<(), Problem> {
    let key = request_key(request.subject, request.id);
    let text = serde_json::to_string(reasons).map_err(|e| Problem::internal(&e))?;
    let sealed = person.seal::<Request>(domain::data_map::Field::RequestReason, &key, &text)?;
    request.reason = Some(sealed);
    Ok(())
}

/// Opens the staff's words.
pub(crate) fn open_reasons(person: &Person, request: &Request) -> Result<Reasons, Problem> {
    let Some(sealed) = &request.reason else {
        return Ok(Reasons::default());
    };
    let key = request_key(request.subject, request.id);
    let text = person.unseal::<Request>(domain::data_map::Field::RequestReason, &key, sealed)?;
    serde_json::from_str(&text).map_err(|_| GateError::Tampered("reason").into())
}

/// The problem of a step that does not follow.
pub(crate) fn illegal(reason: IllegalMove) -> Problem {
    let code = match reason {
        IllegalMove::State(_) => "request_state",
        IllegalMove::ExtendedBefore => "extended_before",
        IllegalMove::NoExtension => "no_extension",
        IllegalMove::TooLate => "too_late_to_extend",
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
