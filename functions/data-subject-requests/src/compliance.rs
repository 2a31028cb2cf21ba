//! The staff's side: the queue by deadline, and decisions.

use axum::{Json, extract::State};
use domain::{
    consequence::Letter,
    ids::{CaseId, RequestId},
    processing::{self, Actor, Category, Operation, Purpose},
    request::{Correction, Ground, RequestKind, correction::MAX_TEXT_CHARACTERS},
    time::Timestamp,
};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, Staff};
use store::{
    Tx,
    people::{Origin, Request},
    personal::{Access, Person},
};

use crate::{
    App,
    api::{CaseFile, CaseList, CaseView, Extend, Fields, Refuse, RequestView},
    follow::{self, access, erasing, illegal},
    stop::Known,
};

/// The queue
///
/// Requests that count and are not closed, the nearest deadline first.
#[utoipa::path(
    get, path = "/compliance/requests", tag = "compliance",
    responses(
        (status = 200, body = CaseList), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn queue(
    State(app): State<App>,
    Staff(staff): Staff,
) -> Result<Json<CaseList>, Problem> {
    let now = staff.now;
    let requests = app.db.request_queue().await?;
    let items = requests
        .iter()
        .map(|request| CaseView::of(request, RequestView::closed(request, now), now))
        .collect();
    Ok(Json(CaseList {
        items,
        next_cursor: None,
    }))
}

const PROFILE: &[Category] = &[Category::Identity, Category::Contact, Category::Employment];

async fn find(app: &App, id: RequestId, now: Timestamp) -> Result<Request, Problem> {
    let found = app.db.request_by_id(id, now).await?;
    found.ok_or_else(Problem::not_found)
}

async fn open(app: &App, request: &Request, now: Timestamp) -> Result<Person, Problem> {
    let clause = request.progress.kind().clause();
    let access = match request.progress.kind() {
        RequestKind::Rectification => Access {
            purpose: Purpose::Feedback,
            operation: Operation::Extract,
            actor: Actor::Staff,
            categories: &[
                Category::Request,
                Category::Identity,
                Category::Contact,
                Category::Employment,
            ],
            clause,
        },
        _ => access(Operation::Extract, Actor::Staff, clause),
    };
    Ok(app.gate.open(request.subject, access, now).await?)
}

fn file(person: &Person, request: &Request, now: Timestamp) -> Result<CaseFile, Problem> {
    let details = request.open_details(person)?;
    let reasons = request.open_reasons(person)?;
    let current = match request.progress.kind() {
        RequestKind::Rectification => {
            let profile = person.profile()?;
            Some(Fields::from(Correction {
                name: Some(profile.name),
                phone: Some(profile.phone),
                company: Some(profile.company),
                position: Some(profile.position),
            }))
        }
        _ => None,
    };
    let view = RequestView::opened(request, details, reasons, now);
    Ok(CaseFile {
        case: CaseView::of(request, view, now),
        current,
    })
}

/// Read one request
#[utoipa::path(
    get, path = "/compliance/requests/{id}", tag = "compliance",
    params(("id" = String, Path, description = "The request's id")),
    responses(
        (status = 200, body = CaseFile), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    Staff(staff): Staff,
    PathId(id): PathId<RequestId>,
) -> Result<Json<CaseFile>, Problem> {
    let request = find(&app, id, staff.now).await?;
    let person = open(&app, &request, staff.now).await?;
    file(&person, &request, staff.now).map(Json)
}

/// Note that you established who asks
///
/// By a document or a mandate. A request whose person is known already stays as it is.
#[utoipa::path(
    post, path = "/compliance/requests/{id}/verify", tag = "compliance",
    params(("id" = String, Path, description = "The request's id")),
    responses(
        (status = 200, body = CaseView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn verify(
    State(app): State<App>,
    Staff(staff): Staff,
    PathId(id): PathId<RequestId>,
) -> Result<Json<CaseView>, Problem> {
    let now = staff.now;
    let request = find(&app, id, now).await?;
    let known = request.progress.level() >= request.progress.kind().required_level();
    if known && !request.progress.state().is_closed() {
        return Ok(closed(&request, now));
    }
    let progress = request.progress.clone().verify(now).map_err(illegal)?;
    let person = open(&app, &request, now).await?;
    let mut request = request.with(progress);
    let known = Known {
        person: &person,
        origin: &Origin::default(),
        now,
    };
    let stop = follow::counts(&app, known, &mut request, None).await?;
    let mut tx = Tx::new();
    tx.change_request(&request)?;
    follow::counted(&mut tx, known, &request, &stop)?;
    decide(&app, tx, &person, &request, "request.verified", now).await
}

/// Commits what the staff decided, with its entry in the ledger.
async fn decide(
    app: &App,
    mut tx: Tx,
    person: &Person,
    request: &Request,
    event: &str,
    now: Timestamp,
) -> Result<Json<CaseView>, Problem> {
    follow::note(&mut tx, person, request, Actor::Staff, event, now);
    app.db.commit(tx).await.map_err(erasing)?;
    Ok(closed(request, now))
}

fn closed(request: &Request, now: Timestamp) -> Json<CaseView> {
    let view = RequestView::closed(request, now);
    Json(CaseView::of(request, view, now))
}

fn reason(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let length = text.chars().count();
    if (1..=MAX_TEXT_CHARACTERS).contains(&length) {
        return Ok(text.to_owned());
    }
    Err(Problem::field(
        "reason",
        "give the reason in at most 4,000 characters; the person reads it",
    ))
}

/// Extend the deadline
///
/// Once, before it has passed, where the law gives it; the person is told why.
#[utoipa::path(
    post, path = "/compliance/requests/{id}/extend", tag = "compliance",
    params(("id" = String, Path, description = "The request's id")),
    request_body = Extend,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 200, body = CaseView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn extend(
    State(app): State<App>,
    Staff(staff): Staff,
    PathId(id): PathId<RequestId>,
    JsonBody { value: body, .. }: JsonBody<Extend>,
) -> Result<Json<CaseView>, Problem> {
    let now = staff.now;
    let reason = reason(&body.reason)?;
    let request = find(&app, id, now).await?;
    let progress = request.progress.clone().extend(now).map_err(illegal)?;
    let person = open(&app, &request, now).await?;
    let mut reasons = request.open_reasons(&person)?;
    reasons.extension = Some(reason);
    let mut request = request.with(progress);
    request.seal_reasons(&person, &reasons)?;

    let mut tx = Tx::new();
    tx.change_request(&request)?;
    tx.alive(request.subject);
    let letter = Letter::RequestExtended {
        request: id,
        due_at: request.progress.due_at(),
    };
    tx.mail(request.subject, letter, now);
    decide(&app, tx, &person, &request, "request.extended", now).await
}

/// Refuse a request
///
/// Only with the provision that allows it (6.3e); the person is told the
/// provision, the reason and where to complain.
#[utoipa::path(
    post, path = "/compliance/requests/{id}/refuse", tag = "compliance",
    params(("id" = String, Path, description = "The request's id")),
    request_body = Refuse,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 200, body = CaseView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn refuse(
    State(app): State<App>,
    Staff(staff): Staff,
    PathId(id): PathId<RequestId>,
    JsonBody { value: body, .. }: JsonBody<Refuse>,
) -> Result<Json<CaseView>, Problem> {
    let now = staff.now;
    let ground = Ground::new(&body.ground).map_err(|why| Problem::field("ground", why))?;
    let reason = reason(&body.reason)?;
    let request = find(&app, id, now).await?;
    let progress = request
        .progress
        .clone()
        .refuse(ground.clone(), now)
        .map_err(illegal)?;
    let person = open(&app, &request, now).await?;
    let mut reasons = request.open_reasons(&person)?;
    reasons.refusal = Some(reason);
    let restricted = request.progress.restricts();
    let mut request = request.with(progress);
    request.seal_reasons(&person, &reasons)?;

    let mut tx = Tx::new();
    tx.change_request(&request)?;
    if restricted {
        let all = app.db.requests_of(request.subject, now).await?;
        tx.end_restriction(&request, &all);
    } else {
        tx.alive(request.subject);
    }
    let letter = Letter::RequestRefused {
        request: id,
        kind: request.progress.kind(),
        ground: ground.into(),
    };
    tx.mail(request.subject, letter, now);
    decide(&app, tx, &person, &request, "request.refused", now).await
}

/// Approve a request
///
/// It is carried out now. For a restriction this ends the verification, and
/// with it the restriction.
#[utoipa::path(
    post, path = "/compliance/requests/{id}/approve", tag = "compliance",
    params(("id" = String, Path, description = "The request's id")),
    responses(
        (status = 200, body = CaseView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn approve(
    State(app): State<App>,
    Staff(staff): Staff,
    PathId(id): PathId<RequestId>,
) -> Result<Json<CaseView>, Problem> {
    let now = staff.now;
    let request = find(&app, id, now).await?;
    let kind = request.progress.kind();
    let progress = request.progress.clone().approve(now).map_err(illegal)?;
    let person = open(&app, &request, now).await?;
    if kind == RequestKind::Objection {
        return uphold(&app, &person, request, now).await;
    }
    if kind == RequestKind::Rectification && !may_be_corrected(&person, now) {
        return Err(Problem::conflict(
            "processing_restricted",
            "Processing of this person's data is restricted. Decide that request first: restricted data can't be corrected.",
        ));
    }
    let mut request = request.with(progress);
    if kind.destroys() {
        request.case = Some(CaseId::new(now));
    }
    let mut tx = Tx::new();
    tx.change_request(&request)?;
    follow::approved(&mut tx, &request, now);
    decide(&app, tx, &person, &request, "request.approved", now).await
}

/// Neither a restriction nor a withdrawal or an objection stops a correction.
fn may_be_corrected(person: &Person, now: Timestamp) -> bool {
    let stance = person.record().stance(now);
    let (purpose, operation) = (Purpose::Accuracy, Operation::Clarify);
    processing::decide(PROFILE, purpose, operation, Actor::System, stance).is_ok()
}

/// An objection that is upheld is carried out with its decision: what it names
/// stops now.
async fn uphold(
    app: &App,
    person: &Person,
    request: Request,
    now: Timestamp,
) -> Result<Json<CaseView>, Problem> {
    let purposes = request.open_details(person)?.purposes;
    let progress = request.progress.clone();
    let request = request.with(progress.carried_out(now).map_err(illegal)?);
    let mut tx = Tx::new();
    tx.change_request(&request)?;
    tx.object(person, &purposes, now)?;
    let letter = Letter::RequestCompleted {
        request: request.id,
        kind: request.progress.kind(),
    };
    tx.mail(request.subject, letter, now);
    decide(app, tx, person, &request, "request.approved", now).await
}
