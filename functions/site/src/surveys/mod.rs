//! Surveys (clause 3.3h): asked by the staff, answered with or without a name.

pub(crate) mod desk;
pub(crate) mod open;
pub(crate) mod own;

use domain::{
    ids::SurveyId,
    site::survey::{Answered, Given, InvalidAnswer, Kind},
    time::Timestamp,
};
use platform::http::Problem;
use serde::{Deserialize, Serialize};
use store::{StoreError, site::Survey};
use utoipa::{IntoParams, ToSchema};

use crate::App;

/// How many surveys a page of the list has.
const PAGE: i32 = 50;

/// Where to go on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// Where to go on, as the page before said.
    cursor: Option<String>,
}

/// A question.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    /// What is asked.
    #[schema(
        min_length = 1,
        max_length = 300,
        example = "How do you find the search?"
    )]
    text: String,
    /// 2 to 20 choices; none for an answer in one's own words.
    #[serde(default)]
    #[schema(example = json!(["Good", "Bad"]))]
    options: Vec<String>,
}

/// A survey.
#[derive(Serialize, ToSchema)]
pub(crate) struct SurveyView {
    /// The survey.
    #[schema(example = "srv_0193a1b2c3d47e8f90a1b2c3d4e5f607")]
    id: String,
    /// `anonymous` or `named`.
    #[schema(value_type = String, example = "anonymous")]
    kind: Kind,
    /// What it is about.
    title: String,
    /// What is asked.
    questions: Vec<Question>,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
    /// Until when it is answered.
    #[schema(value_type = String, format = DateTime)]
    closes_at: Timestamp,
    /// It is answered now.
    open: bool,
}

impl SurveyView {
    fn of(survey: &Survey, now: Timestamp) -> Self {
        let questions = survey.form.questions().iter();
        Self {
            id: survey.id.to_string(),
            kind: survey.form.kind(),
            title: survey.form.title().to_owned(),
            questions: questions
                .map(|question| Question {
                    text: question.text.clone(),
                    options: question.options.clone(),
                })
                .collect(),
            opened_at: survey.opened_at,
            closes_at: survey.closes_at,
            open: survey.is_open(now),
        }
    }
}

/// Surveys.
#[derive(Serialize, ToSchema)]
pub(crate) struct SurveyList {
    /// The newest first.
    items: Vec<SurveyView>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// Answers to a survey.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerBody {
    /// One for each question, in their order: the number of a choice, from 0 on, or
    /// words where no choices are offered; `null` for none.
    #[schema(value_type = Vec<Value>, example = json!([0, null]))]
    answers: Vec<Option<Given>>,
}

/// A question with its answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnsweredView {
    /// What was asked.
    question: String,
    /// What was answered.
    answer: String,
}

impl From<Answered> for AnsweredView {
    fn from(answered: Answered) -> Self {
        Self {
            question: answered.question,
            answer: answered.answer,
        }
    }
}

async fn find(app: &App, id: SurveyId, now: Timestamp) -> Result<Survey, Problem> {
    let survey = app.db.survey(id, now).await?;
    survey.ok_or_else(Problem::not_found)
}

/// A survey that is answered now, in this way.
async fn to_answer(app: &App, id: SurveyId, kind: Kind, now: Timestamp) -> Result<Survey, Problem> {
    let survey = find(app, id, now).await?;
    if survey.form.kind() != kind {
        return Err(Problem::conflict(
            "other_kind_of_survey",
            "An anonymous survey is answered by POST /surveys/{id}/answers without a session, a named one by PUT /me/surveys/{id}/answer.",
        ));
    }
    if !survey.is_open(now) {
        return Err(closed());
    }
    Ok(survey)
}

fn closed() -> Problem {
    Problem::conflict("survey_closed", "This survey takes no answers any more.")
}

fn unfit(reason: InvalidAnswer) -> Problem {
    Problem::field("answers", reason)
}

/// The problem of a commit that found the survey closed or full.
fn refused(error: StoreError) -> Problem {
    if error.refused("survey") {
        return closed();
    }
    error.into()
}
