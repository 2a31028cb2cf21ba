//! Requests come in: from a signed-in person, or by address.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{
    consequence::{Consequence, Job},
    contact::EmailAddress,
    ids::{RequestId, SubjectId},
    processing::{Actor, Operation},
    request::{Details, Level, Progress, Regime, RequestKind},
    time::{SignedDuration, Timestamp},
};
use platform::http::{ClientInfo, JsonBody, Problem, ProblemDocument, SignedIn};
use store::{
    Tx,
    limits::Limit,
    outbox::{Message, Owner},
    people::Request,
    personal::{GateError, Person},
};

use crate::{
    App,
    api::{Ask, Received, RequestView, details},
    confirm,
    follow::{self, access},
};

/// Letters that strangers may cause to one address.
const PER_ADDRESS: Limit = Limit {
    name: "request-address",
    max: 3,
    window: SignedDuration::from_hours(1),
};
/// Requests by address from one network address.
const PER_NETWORK: Limit = Limit {
    name: "request-network",
    max: 20,
    window: SignedDuration::from_hours(1),
};

/// Make a request
///
/// With a session it is yours and counts at once; an open request of the same
/// kind absorbs it. With `email`, a link is mailed to that address if it is the
/// address of an account; the answer is the same whether it is.
#[utoipa::path(
    post, path = "/data-subject-requests", tag = "data-subject-requests",
    request_body = Ask,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 403, description = "A cookie from another site's page", body = ProblemDocument),
        (status = 200, description = "An open request of this kind absorbs it.", body = RequestView),
        (status = 201, description = "It was received.", body = RequestView),
        (status = 202, description = "By address: whoever owns it gets a link.", body = Received),
        (status = 401, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = 422, body = ProblemDocument), (status = 429, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security((), ("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn ask(
    State(app): State<App>,
    signed_in: Result<SignedIn, Problem>,
    client: ClientInfo,
    JsonBody { value: body, .. }: JsonBody<Ask>,
) -> Result<Response, Problem> {
    match &body.email {
        Some(address) => by_address(&app, &client, address, &body).await,
        None => by_session(&app, &signed_in?, &body).await,
    }
}

/// The same work for every address: whose it is, is found out by the job.
async fn by_address(
    app: &App,
    client: &ClientInfo,
    address: &str,
    body: &Ask,
) -> Result<Response, Problem> {
    if body.details.is_some() || body.fields.is_some() {
        return Err(Problem::invalid(
            "details_when_confirming",
            "Leave `details` and `fields` out: say them when you open the link that is mailed, or sign in.",
        ));
    }
    let address = EmailAddress::new(address).map_err(|reason| Problem::field("email", reason))?;
    let now = app.clock.now();
    let login = app.lookup.email(&address);
    let network = app.lookup.network(&client.address_text());
    for (limit, whose) in [(PER_NETWORK, &network), (PER_ADDRESS, &login)] {
        if !app.db.within(limit, whose, now).await? {
            return Err(Problem::too_many(limit.retry_after(now)));
        }
    }
    let job = Job::TakeRequest {
        login: login.to_string(),
        request: RequestId::new(now),
        kind: body.kind.into(),
        received_at: now,
    };
    // nobody is known yet, so the message stands under an id that is nobody's
    let nobody = Owner::Subject(SubjectId::new(now));
    let mut tx = Tx::new();
    tx.emit(&Message::new(nobody, Consequence::Job { job }, now));
    app.db.commit(tx).await?;
    let message = "If this is the address of an account, a letter with a link has been sent there. \
                   The request counts from now once the link is opened.";
    let received = Received {
        message: message.to_owned(),
    };
    Ok((StatusCode::ACCEPTED, Json(received)).into_response())
}

async fn by_session(app: &App, signed_in: &SignedIn, body: &Ask) -> Result<Response, Problem> {
    let kind: RequestKind = body.kind.into();
    let details = details(kind, body.details.as_deref(), body.fields.as_ref())?;
    let now = signed_in.now;
    let access = access(Operation::Record, Actor::Subject, kind.clause());
    let person = app.gate.open(signed_in.subject(), access, now).await?;
    match store_new(app, &person, kind, &details, now).await {
        Ok(request) => {
            let location = format!("/data-subject-requests/{}", request.id);
            let view = Json(RequestView::closed(&request, now));
            Ok((StatusCode::CREATED, [("location", location)], view).into_response())
        }
        Err(GateError::Store(error)) if error.refused("open request") => {
            let request = absorb(app, &person, kind, &details, now).await?;
            Ok(Json(RequestView::closed(&request, now)).into_response())
        }
        Err(GateError::Store(error)) => Err(follow::erasing(error)),
        Err(error) => Err(error.into()),
    }
}

async fn store_new(
    app: &App,
    person: &Person,
    kind: RequestKind,
    details: &Details,
    now: Timestamp,
) -> Result<Request, GateError> {
    let progress = Progress::received(kind, Regime::default(), Level::L3, now);
    let mut request = Request::new(person.subject(), RequestId::new(now), progress);
    request.seal_details(person, details)?;
    let mut tx = Tx::new();
    tx.open_request(&request, now)?;
    follow::counted(&mut tx, person, &request, now)?;
    follow::note(
        &mut tx,
        person,
        &request,
        Actor::Subject,
        "request.received",
        now,
    );
    app.db.commit(tx).await?;
    Ok(request)
}

/// An open request of this kind takes the new one up. One that still waits for
/// a link or a session has both now.
async fn absorb(
    app: &App,
    person: &Person,
    kind: RequestKind,
    details: &Details,
    now: Timestamp,
) -> Result<Request, Problem> {
    let open = app.db.open_request(person.subject(), kind, now).await?;
    let request = open.ok_or_else(Problem::busy)?;
    match request.progress.clone().confirm(Level::L3, now) {
        Ok(progress) => {
            let confirmed = request.with(progress);
            confirm::store_confirmed(app, person, confirmed, Some(details), None, now).await
        }
        Err(_) => Ok(request),
    }
}
