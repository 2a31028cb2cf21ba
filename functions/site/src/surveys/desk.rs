//! What the staff do with surveys.

use axum::{Json, extract::State, http::StatusCode};
use domain::{
    compliance::StaffRole,
    ids::SurveyId,
    site::survey::{self, FEWEST, Form, InvalidSurvey, Kind},
    time::Timestamp,
};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, QueryOf, Staff, field};
use serde::{Deserialize, Serialize};
use store::site::{Survey, Tally, named_answers};
use utoipa::ToSchema;

use super::{
    AnsweredView, PAGE, PageQuery, Question, SurveyList, SurveyView, closed, find, refused,
};
use crate::App;

/// What is asked, of whom, until when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskBody {
    /// `anonymous`, with choices only, or `named`.
    #[schema(value_type = String, example = "anonymous")]
    kind: Kind,
    /// What it is about.
    #[schema(min_length = 1, max_length = 300)]
    title: String,
    /// 1 to 20 questions.
    #[serde(deserialize_with = "platform::http::objects")]
    questions: Vec<Question>,
    /// Until when it is answered: 180 days from now at most.
    #[schema(example = "2026-12-23T09:00:00Z")]
    closes_at: String,
}

/// How often each choice of a question was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct QuestionResult {
    /// What is asked.
    question: String,
    /// Each choice with how often it was made.
    choices: Vec<ChoiceResult>,
}

/// A choice.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChoiceResult {
    /// The choice.
    option: String,
    /// How often it was made.
    count: u64,
}

/// A survey with what came of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct SurveyResult {
    /// The survey.
    #[serde(flatten)]
    survey: SurveyView,
    /// How many answers it has.
    answers: u64,
    /// The choices, of an anonymous survey only, and only once it is closed and has at
    /// least five answers: before, they could be somebody's.
    results: Option<Vec<QuestionResult>>,
}

fn results(survey: &Survey, tallies: &[Tally]) -> Vec<QuestionResult> {
    let count = |question: usize, option: usize| {
        let made = |tally: &&Tally| (tally.question, tally.option) == (question, option);
        tallies.iter().find(made).map_or(0, |tally| tally.count)
    };
    let questions = survey.form.questions().iter().enumerate();
    questions
        .map(|(at, question)| QuestionResult {
            question: question.text.clone(),
            choices: question
                .options
                .iter()
                .enumerate()
                .map(|(option, text)| ChoiceResult {
                    option: text.clone(),
                    count: count(at, option),
                })
                .collect(),
        })
        .collect()
}

fn may_be_told(survey: &Survey, now: Timestamp) -> bool {
    survey.form.kind() == Kind::Anonymous && !survey.is_open(now) && survey.answers >= FEWEST
}

fn unfit(reason: InvalidSurvey) -> Problem {
    let field = match reason {
        InvalidSurvey::End => "closes_at",
        _ => "questions",
    };
    Problem::field(field, reason)
}

/// List all surveys
#[utoipa::path(
    get, path = "/compliance/surveys", tag = "compliance",
    params(PageQuery),
    responses(
        (status = 200, body = SurveyList), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    staff: Staff,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<SurveyList>, Problem> {
    staff.must_be(StaffRole::Privacy)?;
    let now = staff.0.now;
    let page = app.db.surveys(query.cursor.as_deref(), PAGE, now).await?;
    let views = page.items.iter().map(|survey| SurveyView::of(survey, now));
    Ok(Json(SurveyList {
        items: views.collect(),
        next_cursor: page.next,
    }))
}

/// Open a survey
#[utoipa::path(
    post, path = "/compliance/surveys", tag = "compliance", request_body = AskBody,
    responses(
        (status = 201, body = SurveyView),
        (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 413, body = ProblemDocument),
        (status = 415, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn ask(
    State(app): State<App>,
    staff: Staff,
    JsonBody { value: body, .. }: JsonBody<AskBody>,
) -> Result<(StatusCode, Json<SurveyView>), Problem> {
    staff.must_be(StaffRole::Privacy)?;
    let now = staff.0.now;
    let closes_at = field::instant("closes_at", &body.closes_at)?;
    let questions = body.questions.into_iter().map(|asked| survey::Question {
        text: asked.text,
        options: asked.options,
    });
    let questions: Vec<_> = questions.collect();
    let form = Form::new(body.kind, &body.title, &questions, closes_at, now).map_err(unfit)?;
    let survey = Survey {
        id: SurveyId::new(now),
        form,
        opened_at: now,
        closes_at,
        answers: 0,
    };
    app.db.open_survey(&survey).await?;
    Ok((StatusCode::CREATED, Json(SurveyView::of(&survey, now))))
}

/// Read one survey with its results
#[utoipa::path(
    get, path = "/compliance/surveys/{id}", tag = "compliance",
    params(("id" = String, Path, description = "The survey's id")),
    responses(
        (status = 200, body = SurveyResult), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<SurveyId>,
) -> Result<Json<SurveyResult>, Problem> {
    staff.must_be(StaffRole::Privacy)?;
    let now = staff.0.now;
    let survey = find(&app, id, now).await?;
    let told = match may_be_told(&survey, now) {
        true => Some(results(&survey, &app.db.tallies(id).await?)),
        false => None,
    };
    Ok(Json(SurveyResult {
        survey: SurveyView::of(&survey, now),
        answers: survey.answers,
        results: told,
    }))
}

/// Close a survey before its time
#[utoipa::path(
    post, path = "/compliance/surveys/{id}/close", tag = "compliance",
    params(("id" = String, Path, description = "The survey's id")),
    responses(
        (status = 204, description = "It takes no answers any more"),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn close(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<SurveyId>,
) -> Result<StatusCode, Problem> {
    staff.must_be(StaffRole::Privacy)?;
    let now = staff.0.now;
    if !find(&app, id, now).await?.is_open(now) {
        return Err(closed());
    }
    app.db.close_survey(id, now).await.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}

/// A named answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct NamedAnswer {
    /// Who answered.
    #[schema(example = "usr_01890a5d8c3e7b6f9d2c4a1b0e8f7d6c")]
    person: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    answered_at: Timestamp,
    /// The questions that were answered.
    answers: Vec<AnsweredView>,
}

impl From<store::site::NamedAnswer> for NamedAnswer {
    fn from(read: store::site::NamedAnswer) -> Self {
        Self {
            person: read.subject.to_string(),
            answered_at: read.answered_at,
            answers: read.answers.into_iter().map(AnsweredView::from).collect(),
        }
    }
}

/// Named answers.
#[derive(Serialize, ToSchema)]
pub(crate) struct NamedAnswerList {
    /// In no order.
    items: Vec<NamedAnswer>,
    /// Where the next page begins. A page may be empty.
    next_cursor: Option<String>,
}

/// The answers to a named survey
///
/// Each is opened by itself, with an entry in the ledger. Those of people who restrict
/// the processing of their data are left out.
#[utoipa::path(
    get, path = "/compliance/surveys/{id}/answers", tag = "compliance",
    params(("id" = String, Path, description = "The survey's id"), PageQuery),
    responses(
        (status = 200, body = NamedAnswerList), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn answers(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<SurveyId>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<Json<NamedAnswerList>, Problem> {
    staff.must_be(StaffRole::Privacy)?;
    let now = staff.0.now;
    find(&app, id, now).await?;
    let cursor = query.cursor.as_deref();
    let page = named_answers(&app.db, &app.gate, id, cursor, now).await?;
    Ok(Json(NamedAnswerList {
        items: page.items.into_iter().map(NamedAnswer::from).collect(),
        next_cursor: page.next,
    }))
}
