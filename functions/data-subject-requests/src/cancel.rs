//! A withdrawal is taken back before it is decided.

use axum::{Json, extract::State};
use domain::{
    ids::RequestId,
    processing::{Actor, Operation},
};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, SignedIn};
use store::{Tx, people::LinkPurpose};

use crate::{
    App,
    api::{Cancel, RequestView},
    confirm::{by_link, link_over, own},
    follow::{self, access, illegal},
};

/// Take a withdrawal back
///
/// With the secret of the link that was mailed when the withdrawal came by
/// letter, or with a session. Consents that it took back are given anew, one by
/// one.
#[utoipa::path(
    post, path = "/data-subject-requests/{id}/cancel", tag = "data-subject-requests",
    params(("id" = String, Path, description = "The request's id")),
    request_body = Cancel,
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
pub(crate) async fn cancel(
    State(app): State<App>,
    signed_in: Result<SignedIn, Problem>,
    PathId(id): PathId<RequestId>,
    JsonBody { value: body, .. }: JsonBody<Cancel>,
) -> Result<Json<RequestView>, Problem> {
    let now = app.clock.now();
    let (request, link) = match &body.token {
        Some(token) => {
            let purpose = LinkPurpose::CancelRequest { request: id };
            let (request, link) = by_link(&app, id, token, purpose, now).await?;
            (request, Some(link))
        }
        None => (own(&app, signed_in?.subject(), id, now).await?, None),
    };
    let progress = request.progress.clone().cancel(now).map_err(illegal)?;
    let clause = request.progress.kind().clause();
    let access = access(Operation::Record, Actor::Subject, clause);
    let person = app.gate.open(request.subject, access, now).await?;
    let request = request.with(progress);

    let mut tx = Tx::new();
    tx.change_request(&request)?;
    tx.alive(request.subject);
    if let Some(link) = &link {
        tx.use_up(link, now)?;
    }
    let event = "request.cancelled";
    follow::note(&mut tx, &person, &request, Actor::Subject, event, now);
    match app.db.commit(tx).await {
        Ok(()) => Ok(Json(RequestView::closed(&request, now))),
        Err(error) if error.refused("link") => Err(link_over()),
        Err(error) => Err(follow::erasing(error)),
    }
}
