//! A restriction that a legal representative or an authority asks for (6.7).

use axum::{Json, extract::State, http::StatusCode};
use domain::{
    consequence::Letter,
    ids::{RequestId, SubjectId},
    processing::{Actor, Operation},
    request::{Behalf, Details, Mandate, Progress, RequestKind},
    time::Timestamp,
};
use platform::http::{JsonBody, Problem, ProblemDocument, Staff, field};
use store::{
    Tx,
    people::Request,
    personal::{GateError, Person},
};

use crate::{
    App,
    compliance::{ROLE, closed, officer},
    desk::{CaseView, Enter},
    follow::{self, access, erasing},
};

/// The right that others than the person can use for them.
const KIND: RequestKind = RequestKind::Restriction;

/// Enter a restriction that was asked for by letter
///
/// By a legal representative or an authority, with a document. It counts from
/// its receipt; `…/ledger?window=true` reports what happened until now. The
/// person is told. Each document makes one request.
#[utoipa::path(
    post, path = "/compliance/requests", tag = "compliance",
    request_body = Enter,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 201, body = CaseView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn enter(
    State(app): State<App>,
    staff: Staff,
    JsonBody { value: body, .. }: JsonBody<Enter>,
) -> Result<(StatusCode, Json<CaseView>), Problem> {
    staff.must_be(ROLE)?;
    let now = staff.0.now;
    let (mandate, behalf) = read(&body)?;
    let received_at = field::instant("received_at", &body.received_at)?;
    let person = person(&app, &body.person, now).await?;
    let id = RequestId::new(now);
    let regimes = person.record().regimes.clone();
    let officer = officer(&staff, id);
    let progress = Progress::entered(KIND, regimes, mandate, officer, received_at, now)
        .map_err(|reason| Problem::field("received_at", reason))?;
    let mut request = Request::new(person.subject(), id, progress);
    let details = Details {
        on_behalf: Some(behalf),
        ..Details::default()
    };
    request.seal_details(&person, &details)?;

    let mut tx = Tx::new();
    tx.open_request(&request, now)?;
    tx.restrict(person.record(), received_at)?;
    let letter = Letter::RestrictionEntered {
        request: id,
        by: mandate.by,
        received_at,
    };
    tx.mail(request.subject, letter, now);
    let event = "request.entered";
    follow::note(&mut tx, &person, &request, Actor::Staff, event, now);
    match app.db.commit(tx).await {
        Ok(()) => Ok((StatusCode::CREATED, closed(&request, now))),
        Err(error) if error.refused("open request") => Err(Problem::conflict(
            "entered_before",
            "A request that rests on this document is open for this person already.",
        )),
        Err(error) => Err(erasing(error)),
    }
}

fn read(body: &Enter) -> Result<(Mandate, Behalf), Problem> {
    let mandate = Mandate {
        by: body.applicant.into(),
        document: field::sha256("document_sha256", &body.document_sha256)?,
    };
    let behalf = Behalf {
        name: field::words("name", &body.name)?,
        reference: field::words("reference", &body.reference)?,
    };
    Ok((mandate, behalf))
}

/// Whom the staff name, by id or by the address on file.
async fn person(app: &App, text: &str, now: Timestamp) -> Result<Person, Problem> {
    let subject = match text.parse::<SubjectId>() {
        Ok(subject) => subject,
        Err(_) => field::person_at(&app.db, &app.lookup, text).await?,
    };
    let access = access(Operation::Record, Actor::Staff, KIND.clause());
    match app.gate.open(subject, access, now).await {
        Err(GateError::Unknown) => Err(field::nobody()),
        other => Ok(other?),
    }
}
