//! Requests by address: whose it is, if anybody's, is found out here, where
//! nobody waits for the answer.

use domain::{
    consequence::{Letter, Recipient},
    ids::RequestId,
    ledger::Entry,
    processing::{Actor, Category, Operation, Purpose},
    request::{Level, Progress, RequestKind, State},
    time::{Timestamp, shift},
};
use store::{
    Tx,
    lookup::LookupHash,
    people::{
        CONFIRMATION_LENGTH, LinkPurpose, MailedLink, PersonRecord, Request, find_login, person_key,
    },
    personal::{Access, GateError},
};

use crate::{App, Error};

/// Takes a request in and mails its link. An open request of the same person
/// and kind absorbs it; one that waits for its link gets a new one.
pub(crate) async fn take(
    app: &App,
    login: &str,
    id: RequestId,
    kind: RequestKind,
    received_at: Timestamp,
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
            let progress = open.progress.clone();
            open.with(progress)
        }
        None => {
            let record: Option<PersonRecord> = app.db.get(&person_key(login.subject)).await?;
            let Some(record) = record else { return Ok(()) };
            let progress = Progress::received(kind, record.regimes, Level::L0, received_at);
            Request::new(login.subject, id, progress)
        }
    };
    let request = Request {
        linked_by: Some(id),
        expires_at: Some(shift(now, CONFIRMATION_LENGTH)),
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
    let expires_at = request.expires_at.unwrap_or(now);
    let mut tx = Tx::new();
    tx.alive(request.subject);
    if request.revision == 1 {
        tx.open_request(request, now)?;
    } else {
        tx.change_request(request)?;
    }
    let mailed = MailedLink {
        purpose: LinkPurpose::Request {
            request: request.id,
        },
        expires_at,
        to: Recipient::OnFile,
        letter: Letter::RequestLink {
            request: request.id,
            kind,
            expires_at,
        },
    };
    tx.mail_link(&person, mailed, now)?;
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
