//! What a person sees of their requests, and the copy of their data.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, header},
    response::IntoResponse,
};
use domain::{
    data_map::Field,
    ids::RequestId,
    ledger::Entry,
    processing::{Actor, Operation},
};
use platform::http::{PathId, Problem, ProblemDocument, QueryOf, SignedIn};
use serde::Deserialize;
use store::{
    people::{Request, export_key, export_object},
    personal::Sealed,
};
use utoipa::IntoParams;

use crate::{
    App,
    api::{RequestList, RequestView},
    confirm::{copy_of, own},
    follow::access,
};

/// List your requests
#[utoipa::path(
    get, path = "/data-subject-requests", tag = "data-subject-requests",
    responses(
        (status = 200, body = RequestList), (status = 401, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    signed_in: SignedIn,
) -> Result<Json<RequestList>, Problem> {
    let now = signed_in.now;
    let requests = app.db.requests_of(signed_in.subject(), now).await?;
    Ok(Json(RequestList {
        items: requests
            .iter()
            .map(|request| RequestView::closed(request, now))
            .collect(),
        next_cursor: None,
    }))
}

/// Read one of your requests
#[utoipa::path(
    get, path = "/data-subject-requests/{id}", tag = "data-subject-requests",
    params(("id" = String, Path, description = "The request's id")),
    responses(
        (status = 200, body = RequestView), (status = 401, body = ProblemDocument),
        (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<RequestId>,
) -> Result<Json<RequestView>, Problem> {
    let now = signed_in.now;
    let request = own(&app, signed_in.subject(), id, now).await?;
    if request.details.is_none() && request.reason.is_none() {
        return Ok(Json(RequestView::closed(&request, now)));
    }
    let access = access(
        Operation::Extract,
        Actor::Subject,
        request.progress.kind().clause(),
    );
    let person = app.gate.open(request.subject, access, now).await?;
    let details = request.open_details(&person)?;
    let reasons = request.open_reasons(&person)?;
    Ok(Json(RequestView::opened(&request, details, reasons, now)))
}

/// A page of another site can lead a signed-in browser to the copy, and make it
/// store one where others read it: the cookie alone is not enough then.
fn from_our_page(headers: &HeaderMap) -> Result<(), Problem> {
    let site = headers.get("sec-fetch-site");
    let elsewhere = site.is_some_and(|site| site == "cross-site");
    if elsewhere && !headers.contains_key(header::AUTHORIZATION) {
        return Err(Problem::forbidden(
            "cross_site",
            "The copy is handed out to our own pages. Sign in there to download it.",
        ));
    }
    Ok(())
}

/// Which part of the copy.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportQuery {
    /// `json` (unless said), `html`, or another part that the request names.
    part: Option<String>,
}

/// Download the copy of your data
///
/// Only after a fresh sign-in: the password must have been given within ten
/// minutes, else 401 with the code `fresh_sign_in_required`.
#[utoipa::path(
    get, path = "/data-subject-requests/{id}/export", tag = "data-subject-requests",
    params(("id" = String, Path, description = "The request's id"), ExportQuery),
    responses(
        (status = 200, description = "The copy, for machines or for people.", content((Object = "application/json"), (String = "text/html"))),
        (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 403, description = "A cookie from another site's page", body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 410, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn export(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<RequestId>,
    QueryOf(query): QueryOf<ExportQuery>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    from_our_page(&headers)?;
    let now = signed_in.now;
    let request = own(&app, signed_in.subject(), id, now).await?;
    let copy = copy_of(&request, now)?;
    signed_in.must_be_fresh()?;
    let part = query.part.as_deref().unwrap_or("json");
    if !copy.parts.iter().any(|known| known == part) {
        return Err(Problem::not_found());
    }
    let access = access(Operation::Extract, Actor::Subject, "6.3a");
    let person = app.gate.open(request.subject, access, now).await?;
    let object = export_object(request.subject, id, part);
    let sealed = Sealed::from_bytes(app.exports.get(&object).await?.to_vec());
    let key = export_key(request.subject, id, part);
    let text = person.unseal::<Request>(Field::Export, &key, &sealed)?;
    let entry = Entry::new(now, Actor::Subject, "request.copy_handed_out", "6.3a")
        .with_person(person.pseudonym())
        .with_fact("request", id)
        .with_fact("part", part);
    app.db.record(entry).await?;
    let (kind, extension) = match part {
        "html" => ("text/html; charset=utf-8", "html"),
        _ => ("application/json", "json"),
    };
    let headers: [(HeaderName, String); 3] = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{id}-{part}.{extension}\""),
        ),
        // the page shows what people wrote; it needs no script and gets none
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; sandbox".to_owned(),
        ),
    ];
    Ok((headers, text.to_string()))
}
