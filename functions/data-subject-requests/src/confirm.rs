//! Proof that it is the person who asks: the mailed link, or a session.

use axum::{Json, extract::State};
use domain::{
    ids::{RequestId, SubjectId},
    processing::Actor,
    request::{Details, Level, RequestKind, State as RequestState},
    time::Timestamp,
    token::LinkToken,
};
use platform::http::{ClientInfo, JsonBody, PathId, Problem, ProblemDocument, SignedIn};
use store::{
    Table, Tx,
    people::{Link, LinkPurpose, Origin, Request, link_key, request_key},
};

use crate::{
    App,
    api::{Confirm, RequestView, details},
    follow::{self, illegal},
    stop::Known,
};

/// Confirm a request
///
/// With the secret of the mailed link, or with a session. The request then
/// counts from its receipt.
#[utoipa::path(
    post, path = "/data-subject-requests/{id}/confirm", tag = "data-subject-requests",
    params(("id" = String, Path, description = "The request's id")),
    request_body = Confirm,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 403, description = "A cookie from another site's page", body = ProblemDocument),
        (status = 200, body = RequestView),
        (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 410, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security((), ("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn confirm(
    State(app): State<App>,
    signed_in: Result<SignedIn, Problem>,
    client: ClientInfo,
    PathId(id): PathId<RequestId>,
    JsonBody { value: body, .. }: JsonBody<Confirm>,
) -> Result<Json<RequestView>, Problem> {
    let now = app.clock.now();
    let (request, link, level) = match &body.token {
        Some(token) => {
            let purpose = LinkPurpose::Request { request: id };
            let (request, link) = by_link(&app, id, token, purpose, now).await?;
            (request, Some(link), Level::L2)
        }
        None => {
            let request = own(&app, signed_in?.subject(), id, now).await?;
            (request, None, Level::L3)
        }
    };
    let kind = request.progress.kind();
    let written = written(&request, kind, level, &body)?;
    let progress = request
        .progress
        .clone()
        .confirm(level, now)
        .map_err(illegal)?;
    let access = follow::recording(kind);
    let person = app.gate.open(request.subject, access, now).await?;
    let known = Known {
        person: &person,
        origin: &Origin::from(&client),
        now,
    };
    let confirmed = request.with(progress);
    let (written, link) = (written.as_ref(), link.as_ref());
    let confirmed = store_confirmed(&app, known, confirmed, written, link).await?;
    Ok(Json(RequestView::closed(&confirmed, now)))
}

/// What was written now; `None` leaves what was written before.
fn written(
    request: &Request,
    kind: RequestKind,
    level: Level,
    body: &Confirm,
) -> Result<Option<Details>, Problem> {
    let nothing = body.details.is_none() && body.fields.is_none() && body.purposes.is_none();
    // a correction needs its values before it is applied, and the session is asked for them
    let may_come_later = kind != RequestKind::Rectification
        || level < kind.required_level()
        || request.details.is_some();
    if nothing && may_come_later {
        return Ok(None);
    }
    let purposes = body.purposes.as_ref();
    details(
        kind,
        body.details.as_deref(),
        body.fields.as_ref(),
        purposes,
    )
    .map(Some)
}

/// Stores a request that was just confirmed, with everything that follows.
pub(crate) async fn store_confirmed(
    app: &App,
    known: Known<'_>,
    mut request: Request,
    written: Option<&Details>,
    link: Option<&Link>,
) -> Result<Request, Problem> {
    let now = known.now;
    let stop = follow::counts(app, known, &mut request, written).await?;
    let mut tx = Tx::new();
    tx.change_request(&request)?;
    if let Some(link) = link {
        tx.use_up(link, now)?;
    }
    follow::counted(&mut tx, known, &request, &stop)?;
    follow::note(
        &mut tx,
        known.person,
        &request,
        Actor::Subject,
        "request.confirmed",
        now,
    );
    match app.db.commit(tx).await {
        Ok(()) => Ok(request),
        Err(error) if error.refused("link") => Err(link_over()),
        Err(error) => Err(follow::erasing(error)),
    }
}

pub(crate) fn link_over() -> Problem {
    Problem::new(
        axum::http::StatusCode::GONE,
        "link_over",
        "This link was used, or its time is over. Make the request again to get a new one.",
    )
}

/// The request that a mailed link is for, and the link.
pub(crate) async fn by_link(
    app: &App,
    id: RequestId,
    token: &str,
    purpose: LinkPurpose,
    now: Timestamp,
) -> Result<(Request, Link), Problem> {
    let token = LinkToken::parse(token).ok_or_else(link_over)?;
    let subject = token.subject();
    let keys = [
        (Table::People, link_key(subject, &token.hash())),
        (Table::People, request_key(subject, id)),
    ];
    let mut found = app.db.get_many(&keys).await?;
    let link: Option<Link> = found.take(&keys[0].1)?;
    let request: Option<Request> = found.take(&keys[1].1)?;
    let link = link
        .filter(|link| link.purpose == purpose)
        .filter(|link| now < link.expires_at)
        .ok_or_else(link_over)?;
    let request = request
        .filter(|request| !request.is_forgotten(now))
        .ok_or_else(link_over)?;
    Ok((request, link))
}

/// A request of this person; anybody else's is not found.
pub(crate) async fn own(
    app: &App,
    subject: SubjectId,
    id: RequestId,
    now: Timestamp,
) -> Result<Request, Problem> {
    let request = app.db.request(subject, id, now).await?;
    request.ok_or_else(Problem::not_found)
}

/// A copy can be handed out: the request was carried out, and its copy is kept still.
pub(crate) fn copy_of(
    request: &Request,
    now: Timestamp,
) -> Result<&store::people::ExportCopy, Problem> {
    if !request.progress.kind().copies() {
        return Err(Problem::not_found());
    }
    match (&request.export, request.progress.state()) {
        (Some(copy), RequestState::Completed) if now < copy.expires_at => Ok(copy),
        (Some(_), RequestState::Completed) => Err(Problem::new(
            axum::http::StatusCode::GONE,
            "export_expired",
            "The copy was kept for seven days and is destroyed. Ask for a new one.",
        )),
        _ => Err(Problem::conflict(
            "export_not_ready",
            "The copy is not ready yet. You get a letter when it is.",
        )),
    }
}
