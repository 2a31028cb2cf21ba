//! What follows when a request moves: restriction, letters, work, ledger.

use domain::{
    consequence::{Consequence, Job, Letter},
    ledger::Entry,
    processing::{Actor, Category, Operation, Purpose},
    request::{IllegalMove, RequestKind, State},
    time::Timestamp,
};
use platform::http::Problem;
use store::{
    StoreError, Tx,
    outbox::{Message, Owner},
    people::Request,
    personal::{Access, Person},
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
