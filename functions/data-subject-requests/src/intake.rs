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
    processing::Actor,
    request::{Details, Level, Progress, RequestKind},
    time::SignedDuration,
};
use platform::http::{ClientInfo, JsonBody, Problem, ProblemDocument, SignedIn};
use store::{
    Tx,
    limits::{Limit, REQUESTS_TO_ONE_ADDRESS},
    outbox::{Message, Owner},
    people::{Origin, Request},
    personal::GateError,
};

use crate::{
    App,
    api::{Ask, Received, RequestView, details},
    confirm, follow,
    stop::{Known, Stop},
};

/// How often a request is stored that met an open one, which was closed before it could take it up.
const ATTEMPTS: usize = 3;

/// Requests by address from one network address.
const PER_NETWORK: Limit = Limit {
    name: "request-network",
    max: 20,
    window: SignedDuration::from_hours(1),
};

/// Requests of one signed-in person.
const PER_PERSON: Limit = Limit {
    name: "request-person",
    max: 30,
    window: SignedDuration::from_hours(24),
};

/// Make a request
///
/// With a session it is yours and counts at once; an open request of the same
/// kind absorbs it. With `email`, a link is mailed to that address if it is the
/// address of an account; the answer is the same whether it is.
///
/// A withdrawal takes back every consent at once; single ones are withdrawn with
/// `PUT /me/consents/{purpose}`. An objection stops advertising and statistics at
/// once, other purposes when the staff uphold it.
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
        None => by_session(&app, &signed_in?, &client, &body).await,
    }
}

/// The same work for every address: whose it is, is found out by the job.
async fn by_address(
    app: &App,
    client: &ClientInfo,
    address: &str,
    body: &Ask,
) -> Result<Response, Problem> {
    if body.details.is_some() || body.fields.is_some() || body.purposes.is_some() {
        return Err(Problem::invalid(
            "details_when_confirming",
            "Leave `details`, `fields` and `purposes` out: say them when you open the link that is mailed, or sign in.",
        ));
    }
    let address = EmailAddress::new(address).map_err(|reason| Problem::field("email", reason))?;
    let now = app.clock.now();
    let login = app.lookup.email(&address);
    let network = app.lookup.network(&client.address_text());
    for (limit, whose) in [(PER_NETWORK, &network), (REQUESTS_TO_ONE_ADDRESS, &login)] {
        if !app.db.within(limit, whose, now).await? {
            return Err(Problem::too_many(limit.retry_after(now)));
        }
    }
    let job = Job::TakeRequest {
        login: login.to_string(),
        request: RequestId::new(now),
        kind: body.kind.into(),
        received_at: now,
        proven: false,
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

async fn by_session(
    app: &App,
    signed_in: &SignedIn,
    client: &ClientInfo,
    body: &Ask,
) -> Result<Response, Problem> {
    let kind: RequestKind = body.kind.into();
    let (fields, purposes) = (body.fields.as_ref(), body.purposes.as_ref());
    let details = details(kind, body.details.as_deref(), fields, purposes)?;
    let (subject, now) = (signed_in.subject(), signed_in.now);
    let login = &signed_in.session.login;
    if !app.db.within(PER_PERSON, login, now).await? {
        return Err(Problem::too_many(PER_PERSON.retry_after(now)));
    }
    let person = app.gate.open(subject, follow::recording(kind), now).await?;
    let known = Known {
        person: &person,
        origin: &Origin::from(client),
        now,
    };
    for _ in 0..ATTEMPTS {
        match store_new(app, known, kind, &details).await {
            Ok(request) => {
                let location = format!("/data-subject-requests/{}", request.id);
                let view = Json(RequestView::closed(&request, now));
                return Ok((StatusCode::CREATED, [("location", location)], view).into_response());
            }
            Err(GateError::Store(error)) if error.refused("open request") => {
                if let Some(request) = absorb(app, known, kind, &details).await? {
                    return Ok(Json(RequestView::closed(&request, now)).into_response());
                }
            }
            Err(GateError::Store(error)) => return Err(follow::erasing(error)),
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::busy())
}

async fn store_new(
    app: &App,
    known: Known<'_>,
    kind: RequestKind,
    details: &Details,
) -> Result<Request, GateError> {
    let Known { person, now, .. } = known;
    let regimes = person.record().regimes.clone();
    let progress = Progress::received(kind, regimes, Level::L3, now);
    let mut request = Request::new(person.subject(), RequestId::new(now), progress);
    let stop = follow::counts(app, known, &mut request, Some(details)).await?;
    let mut tx = Tx::new();
    tx.open_request(&request, now)?;
    follow::counted(&mut tx, known, &request, &stop)?;
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
/// a link or a session has both now. `None` when it has just been closed.
async fn absorb(
    app: &App,
    known: Known<'_>,
    kind: RequestKind,
    details: &Details,
) -> Result<Option<Request>, Problem> {
    let (subject, now) = (known.person.subject(), known.now);
    let Some(request) = app.db.open_request(subject, kind, now).await? else {
        return Ok(None);
    };
    let taken_up = match request.progress.clone().confirm(Level::L3, now) {
        Ok(progress) => {
            let confirmed = request.with(progress);
            confirm::store_confirmed(app, known, confirmed, Some(details), None).await?
        }
        Err(_) => said_again(app, known, request, details).await?,
    };
    Ok(Some(taken_up))
}

/// Who says it again means it now: an objection to further purposes, or a
/// withdrawal of what was consented to since. The request takes that up.
async fn said_again(
    app: &App,
    known: Known<'_>,
    request: Request,
    details: &Details,
) -> Result<Request, Problem> {
    let Known { person, now, .. } = known;
    let kind = request.progress.kind();
    let more = match kind {
        RequestKind::Objection => {
            let mut all = request.open_details(person)?;
            let before = all.purposes.len();
            all.purposes.extend(&details.purposes);
            (all.purposes.len() > before).then_some(all)
        }
        RequestKind::Withdrawal => None,
        _ => return Ok(request),
    };
    let stop = Stop::of(&app.db, known, kind, details).await?;
    if stop.is_done() && more.is_none() {
        return Ok(request);
    }
    let progress = request.progress.clone();
    let mut request = request.with(progress);
    if let Some(more) = more {
        request.seal_details(person, &more)?;
    }
    let mut tx = Tx::new();
    tx.change_request(&request)?;
    stop.write(&mut tx, known, &request)?;
    follow::note(
        &mut tx,
        person,
        &request,
        Actor::Subject,
        "request.repeated",
        now,
    );
    app.db.commit(tx).await.map_err(follow::erasing)?;
    Ok(request)
}
