//! What everybody sees of surveys, and anonymous answers.
//!
//! An anonymous answer takes no session and leaves no row: the counters of its
//! choices go up, and nothing tells when, from where, or which choices were one
//! person's. The only trace of whoever answers is the limit's counter, a keyed hash
//! of their network without the survey's name.

use axum::{Json, extract::State, http::StatusCode};
use domain::{ids::SurveyId, site::survey::Kind, time::SignedDuration};
use platform::http::{ClientInfo, JsonBody, PathId, Problem, ProblemDocument, QueryOf};
use store::limits::Limit;

use super::{AnswerBody, PAGE, PageQuery, SurveyList, SurveyView, find, refused, to_answer, unfit};
use crate::App;

/// How many answers one network address may give.
const FROM_ONE_NETWORK: Limit = Limit {
    name: "surveys-network",
    max: 30,
    window: SignedDuration::from_hours(1),
};

/// List the surveys that are answered now
#[utoipa::path(
    get, path = "/surveys", tag = "surveys",
    params(PageQuery),
    responses(
        (status = 200, body = SurveyList), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn list(
    State(app): State<App>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<SurveyList>, Problem> {
    let now = app.clock.now();
    let page = app.db.surveys(query.cursor.as_deref(), PAGE, now).await?;
    let open = page.items.iter().filter(|survey| survey.is_open(now));
    Ok(Json(SurveyList {
        items: open.map(|survey| SurveyView::of(survey, now)).collect(),
        next_cursor: page.next,
    }))
}

/// Read one survey
#[utoipa::path(
    get, path = "/surveys/{id}", tag = "surveys",
    params(("id" = String, Path, description = "The survey's id")),
    responses(
        (status = 200, body = SurveyView), (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn show(
    State(app): State<App>,
    PathId(id): PathId<SurveyId>,
) -> Result<Json<SurveyView>, Problem> {
    let now = app.clock.now();
    let survey = find(&app, id, now).await?;
    Ok(Json(SurveyView::of(&survey, now)))
}

/// Answer an anonymous survey
///
/// Without a session. Only the counters of the choices are kept.
#[utoipa::path(
    post, path = "/surveys/{id}/answers", tag = "surveys", request_body = AnswerBody,
    params(("id" = String, Path, description = "The survey's id")),
    responses(
        (status = 204, description = "It is counted"),
        (status = 400, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, description = "The survey is closed, or a named one", body = ProblemDocument),
        (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = 429, headers(("Retry-After" = u32, description = "Seconds to wait")), body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn answer(
    State(app): State<App>,
    PathId(id): PathId<SurveyId>,
    client: ClientInfo,
    JsonBody { value: body, .. }: JsonBody<AnswerBody>,
) -> Result<StatusCode, Problem> {
    let now = app.clock.now();
    app.count(FROM_ONE_NETWORK, &client, now).await?;
    let survey = to_answer(&app, id, Kind::Anonymous, now).await?;
    let choices = survey.form.choices(&body.answers).map_err(unfit)?;
    let counted = app.db.answer_anonymously(&survey, &choices, now).await;
    counted.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}
