//! A person's own answer to a named survey: personal data, sealed under their key.

use axum::{Json, extract::State, http::StatusCode};
use domain::{ids::SurveyId, site::survey::Kind, time::Timestamp};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, SignedIn};
use serde::Serialize;
use store::{
    personal::GateError,
    site::{answer_named, own_answer},
};
use utoipa::ToSchema;

use super::{AnswerBody, AnsweredView, refused, to_answer, unfit};
use crate::App;

/// One's own answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct OwnAnswer {
    /// When it was given.
    #[schema(value_type = String, format = DateTime)]
    answered_at: Timestamp,
    /// The questions that were answered.
    answers: Vec<AnsweredView>,
}

/// Read one's own answer to a survey
#[utoipa::path(
    get, path = "/me/surveys/{id}/answer", tag = "surveys",
    params(("id" = String, Path, description = "The survey's id")),
    responses(
        (status = 200, body = OwnAnswer), (status = 401, body = ProblemDocument),
        (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<SurveyId>,
) -> Result<Json<OwnAnswer>, Problem> {
    let (subject, now) = (signed_in.subject(), signed_in.now);
    let answer = own_answer(&app.db, &app.gate, subject, id, now).await?;
    let (answered_at, answers) = answer.ok_or_else(Problem::not_found)?;
    Ok(Json(OwnAnswer {
        answered_at,
        answers: answers.into_iter().map(AnsweredView::from).collect(),
    }))
}

/// Answer a named survey
///
/// Takes the place of an earlier answer. Part of your personal data: in the copy of
/// it, and destroyed with it.
#[utoipa::path(
    put, path = "/me/surveys/{id}/answer", tag = "surveys", request_body = AnswerBody,
    params(("id" = String, Path, description = "The survey's id")),
    responses(
        (status = 204, description = "It is stored"),
        (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 403, description = "A cookie from another site's page, or a document in force is declined", body = ProblemDocument),
        (status = 404, body = ProblemDocument),
        (status = 409, description = "The survey is closed, full, or an anonymous one, or the account is being erased", body = ProblemDocument),
        (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn answer(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<SurveyId>,
    JsonBody { value: body, .. }: JsonBody<AnswerBody>,
) -> Result<StatusCode, Problem> {
    signed_in.may_agree()?;
    let (subject, now) = (signed_in.subject(), signed_in.now);
    let survey = to_answer(&app, id, Kind::Named, now).await?;
    let answered = survey.form.in_words(&body.answers).map_err(unfit)?;
    let stored = answer_named(&app.db, &app.gate, subject, &survey, &answered, now).await;
    match stored {
        Err(GateError::Store(error)) => Err(refused(error)),
        other => Ok(other.map(|()| StatusCode::NO_CONTENT)?),
    }
}

/// Take one's own answer back
#[utoipa::path(
    delete, path = "/me/surveys/{id}/answer", tag = "surveys",
    params(("id" = String, Path, description = "The survey's id")),
    responses(
        (status = 204, description = "It is destroyed"), (status = 401, body = ProblemDocument),
        (status = 403, description = "A cookie from another site's page", body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn take_back(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<SurveyId>,
) -> Result<StatusCode, Problem> {
    match app.db.take_answer_back(signed_in.subject(), id).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(error) if error.refused("answer") || error.refused("survey") => {
            Err(Problem::not_found())
        }
        Err(error) => Err(error.into()),
    }
}
