//! The staff's side: the queue by deadline, one case with its history, and who asks.

use axum::{Json, extract::State};
use domain::{
    compliance::StaffRole,
    ids::RequestId,
    processing::{Actor, Category, Operation, Purpose},
    request::{Correction, Officer, Progress, RequestKind, correction::MAX_TEXT_CHARACTERS},
    time::Timestamp,
};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, Staff};
use store::{
    Tx,
    people::{Origin, Reasons, Request},
    personal::{Access, Person},
};

use crate::{
    App,
    api::{Fields, RequestView},
    desk::{CaseFile, CaseList, CaseView, Decide, history},
    follow::{self, access, erasing, illegal},
    stop::Known,
};

/// Requests of data subjects are the task of this role (least rights).
pub(crate) const ROLE: StaffRole = StaffRole::Privacy;

/// Whoever is signed in, as the steps of a request name them.
pub(crate) fn officer(staff: &Staff, request: RequestId) -> Officer {
    Officer::new(request, staff.0.subject())
}

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
pub(crate) async fn queue(State(app): State<App>, staff: Staff) -> Result<Json<CaseList>, Problem> {
    staff.must_be(ROLE)?;
    let now = staff.0.now;
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

/// What a correction can change.
pub(crate) const PROFILE: &[Category] =
    &[Category::Identity, Category::Contact, Category::Employment];

pub(crate) async fn find(app: &App, id: RequestId, now: Timestamp) -> Result<Request, Problem> {
    let found = app.db.request_by_id(id, now).await?;
    found.ok_or_else(Problem::not_found)
}

pub(crate) async fn open(app: &App, request: &Request, now: Timestamp) -> Result<Person, Problem> {
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
    let history = history(&request.progress, &reasons);
    let view = RequestView::opened(request, details, reasons, now);
    Ok(CaseFile {
        case: CaseView::of(request, view, now),
        current,
        history,
    })
}

/// Read one request
///
/// With every step that was taken, by whom and why. Who had access to the data
/// meanwhile, and which letters went out, says `…/ledger`.
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
    staff: Staff,
    PathId(id): PathId<RequestId>,
) -> Result<Json<CaseFile>, Problem> {
    staff.must_be(ROLE)?;
    let now = staff.0.now;
    let request = find(&app, id, now).await?;
    let person = open(&app, &request, now).await?;
    file(&person, &request, now).map(Json)
}

/// Note that you established who asks
///
/// By a document or a mandate. A request whose person is known already stays as it is.
#[utoipa::path(
    post, path = "/compliance/requests/{id}/verify", tag = "compliance",
    params(("id" = String, Path, description = "The request's id")),
    request_body = Decide,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 200, body = CaseView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn verify(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<RequestId>,
    JsonBody { value: body, .. }: JsonBody<Decide>,
) -> Result<Json<CaseView>, Problem> {
    staff.must_be(ROLE)?;
    let now = staff.0.now;
    let reason = reason(&body.reason)?;
    let request = find(&app, id, now).await?;
    let known = request.progress.level() >= request.progress.kind().required_level();
    if known && !request.progress.state().is_closed() {
        return Ok(closed(&request, now));
    }
    let verified = request.progress.clone().verify(officer(&staff, id), now);
    let progress = verified.map_err(illegal)?;
    let person = open(&app, &request, now).await?;
    let mut request = explain(&person, request, progress, |reasons| {
        reasons.verification = Some(reason);
    })?;
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

/// The next state of a request, with what the staff write about the step to it.
pub(crate) fn explain(
    person: &Person,
    request: Request,
    progress: Progress,
    write: impl FnOnce(&mut Reasons),
) -> Result<Request, Problem> {
    let mut reasons = request.open_reasons(person)?;
    write(&mut reasons);
    let mut request = request.with(progress);
    request.seal_reasons(person, &reasons)?;
    Ok(request)
}

/// Commits what the staff decided, with its entry in the ledger.
pub(crate) async fn decide(
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

pub(crate) fn closed(request: &Request, now: Timestamp) -> Json<CaseView> {
    let view = RequestView::closed(request, now);
    Json(CaseView::of(request, view, now))
}

/// No decision without one.
pub(crate) fn reason(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let length = text.chars().count();
    if (1..=MAX_TEXT_CHARACTERS).contains(&length) {
        return Ok(text.to_owned());
    }
    Err(Problem::field(
        "reason",
        "give the reason in at most 4,000 characters",
    ))
}
