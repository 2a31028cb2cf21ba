//! The staff's decisions, each with its reason.

use axum::{Json, extract::State};
use domain::{
    consequence::Letter,
    ids::{CaseId, RequestId},
    processing::{self, Actor, Operation, Purpose},
    request::{Ground, RequestKind},
    time::Timestamp,
};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, Staff};
use store::{Tx, people::Request, personal::Person};

use crate::{
    App,
    compliance::{PROFILE, ROLE, decide, explain, find, officer, open, reason},
    desk::{CaseView, Decide, Extend, Refuse},
    follow::{self, illegal},
};

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
    staff: Staff,
    PathId(id): PathId<RequestId>,
    JsonBody { value: body, .. }: JsonBody<Extend>,
) -> Result<Json<CaseView>, Problem> {
    staff.must_be(ROLE)?;
    let now = staff.0.now;
    let reason = reason(&body.reason)?;
    let request = find(&app, id, now).await?;
    let extended = request.progress.clone().extend(now);
    let progress = extended.map_err(illegal)?.by(officer(&staff, id));
    let person = open(&app, &request, now).await?;
    let request = explain(&person, request, progress, |reasons| {
        reasons.extension = Some(reason);
    })?;

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
    staff: Staff,
    PathId(id): PathId<RequestId>,
    JsonBody { value: body, .. }: JsonBody<Refuse>,
) -> Result<Json<CaseView>, Problem> {
    staff.must_be(ROLE)?;
    let now = staff.0.now;
    let ground = Ground::new(&body.ground).map_err(|why| Problem::field("ground", why))?;
    let reason = reason(&body.reason)?;
    let request = find(&app, id, now).await?;
    let refused = request.progress.clone().refuse(ground.clone(), now);
    let progress = refused.map_err(illegal)?.by(officer(&staff, id));
    let person = open(&app, &request, now).await?;
    let restricted = request.progress.restricts();
    let request = explain(&person, request, progress, |reasons| {
        reasons.refusal = Some(reason);
    })?;

    let mut tx = Tx::new();
    tx.change_request(&request)?;
    if restricted {
        let all = app.db.requests_of(request.subject, now).await?;
        tx.end_restriction(person.record(), &request, &all)?;
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
pub(crate) async fn approve(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<RequestId>,
    JsonBody { value: body, .. }: JsonBody<Decide>,
) -> Result<Json<CaseView>, Problem> {
    staff.must_be(ROLE)?;
    let now = staff.0.now;
    let reason = reason(&body.reason)?;
    let request = find(&app, id, now).await?;
    let kind = request.progress.kind();
    let approved = request.progress.clone().approve(now);
    let progress = approved.map_err(illegal)?.by(officer(&staff, id));
    let person = open(&app, &request, now).await?;
    if kind == RequestKind::Rectification && !may_be_corrected(&person, now) {
        return Err(Problem::conflict(
            "processing_restricted",
            "Processing of this person's data is restricted. Decide that request first: restricted data can't be corrected.",
        ));
    }
    let mut request = explain(&person, request, progress, |reasons| {
        reasons.approval = Some(reason);
    })?;
    if kind == RequestKind::Objection {
        return uphold(&app, &person, request, now).await;
    }
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
    mut request: Request,
    now: Timestamp,
) -> Result<Json<CaseView>, Problem> {
    let purposes = request.open_details(person)?.purposes;
    let begun = request.progress.clone().begin().map_err(illegal)?;
    request.progress = begun.complete(now).map_err(illegal)?;
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
