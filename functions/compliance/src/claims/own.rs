//! A person's own claims, signed in.

use axum::{Json, extract::State, http::StatusCode};
use domain::{
    compliance::claim::{File, Progress},
    ids::{ClaimId, SubjectId},
    processing::{Actor, Operation},
    time::SignedDuration,
};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, SignedIn};
use store::{
    Table,
    compliance::{Case, Reference, reference_key},
    limits::Limit,
};

use super::{
    Claim,
    api::{ClaimFile, ClaimList, ClaimView, MakeClaim},
    store_new,
};
use crate::{
    App,
    desk::{self, find},
};

/// How many claims one person may make a day: each has to be answered.
const A_DAY: Limit = Limit {
    name: "claims",
    max: 10,
    window: SignedDuration::from_hours(24),
};
/// How many of one's claims are listed.
const LISTED: usize = 100;

/// Make a claim
///
/// It is answered electronically within 30 calendar days (clause 8.2).
#[utoipa::path(
    post, path = "/claims", tag = "claims",
    request_body = MakeClaim,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 201, body = ClaimView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = 422, body = ProblemDocument), (status = 429, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn claim(
    State(app): State<App>,
    signed_in: SignedIn,
    JsonBody { value: body, .. }: JsonBody<MakeClaim>,
) -> Result<(StatusCode, Json<ClaimView>), Problem> {
    let now = signed_in.now;
    let file = File {
        subject: signed_in.subject(),
        text: desk::words("text", &body.text)?,
        answer: None,
    };
    if !app.db.within(A_DAY, &signed_in.session.login, now).await? {
        return Err(Problem::too_many(A_DAY.retry_after(now)));
    }
    let case = store_new(&app, &file, now, Actor::Subject, now).await?;
    Ok((StatusCode::CREATED, Json(ClaimView::of(&case, now))))
}

/// List your claims
#[utoipa::path(
    get, path = "/claims", tag = "claims",
    responses(
        (status = 200, body = ClaimList), (status = 401, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    signed_in: SignedIn,
) -> Result<Json<ClaimList>, Problem> {
    let references = app.db.references(signed_in.subject()).await?;
    let ids = references.iter().filter_map(|one| one.case.parse().ok());
    let keys = ids.map(|id: ClaimId| (Table::People, Case::<Progress>::key_of(id)));
    let keys: Vec<_> = keys.take(LISTED).collect();
    let mut items = Vec::with_capacity(keys.len());
    if !keys.is_empty() {
        let mut found = app.db.get_many(&keys).await?;
        for (_, key) in &keys {
            let case = found.take::<Claim>(key)?;
            items.extend(case.map(|case| ClaimView::of(&case, signed_in.now)));
        }
    }
    Ok(Json(ClaimList {
        items,
        next_cursor: None,
    }))
}

/// Read one of your claims, with its answer
#[utoipa::path(
    get, path = "/claims/{id}", tag = "claims",
    params(("id" = String, Path, description = "The claim's id")),
    responses(
        (status = 200, body = ClaimFile), (status = 401, body = ProblemDocument),
        (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<ClaimId>,
) -> Result<Json<ClaimFile>, Problem> {
    let now = signed_in.now;
    let case = own(&app, signed_in.subject(), id).await?;
    let (_, file) = case
        .open(&app.gate, Operation::Extract, Actor::Subject, now)
        .await?;
    Ok(Json(ClaimFile::of(&case, file, now)))
}

/// Somebody else's claim is one that does not exist.
async fn own(app: &App, subject: SubjectId, id: ClaimId) -> Result<Claim, Problem> {
    let key = reference_key(subject, &id.to_string());
    let reference: Option<Reference> = app.db.get(&key).await?;
    reference.ok_or_else(Problem::not_found)?;
    find(app, id).await
}
