//! Surveys (clause 3.3h), and anonymous answers to them, which are counters.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    ids::SurveyId,
    ledger::Entry,
    processing::Actor,
    site::survey::{Choices, Form},
    time::{Timestamp, days, shift},
};
use serde::{Deserialize, Serialize};

use crate::{
    Condition, Update,
    db::{Db, Entity, Key, Page, Range, StoreError, Table, Tx, expires},
};

const SURVEYS: &str = "SURVEYS";
pub(super) const ANSWER_PREFIX: &str = "SURVEY#";
const TALLY_PREFIX: &str = "TALLY#";
/// How long a survey is kept after it closed: as long as its answers.
const KEPT_DAYS: i64 = 365;

/// A survey.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Survey {
    /// Which.
    pub id: SurveyId,
    /// What is asked.
    pub form: Form,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Until when it is answered.
    pub closes_at: Timestamp,
    /// How many answers it has.
    pub answers: u64,
}

/// Where a survey stands.
#[must_use]
pub fn survey_key(id: SurveyId) -> Key {
    Key::new(SURVEYS, id.to_string())
}

fn kept_until(closes_at: Timestamp) -> Timestamp {
    shift(closes_at, days(KEPT_DAYS))
}

impl Entity for Survey {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        survey_key(self.id)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        vec![expires(kept_until(self.closes_at))]
    }
}

impl Survey {
    /// It is answered at `now`.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        now <= self.closes_at
    }

    pub(super) fn counting(&self, now: Timestamp) -> Result<Update, StoreError> {
        let open = Condition::item_exists().and(Condition::at_least("closes_at", now)?);
        Ok(Update::new().add("answers", 1).when(open))
    }
}

/// How often a choice was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Of which survey.
    pub survey: SurveyId,
    /// The question's number.
    pub question: usize,
    /// The choice's number.
    pub option: usize,
    /// How often.
    #[serde(default)]
    pub count: u64,
}

impl Entity for Tally {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        let Self {
            survey,
            question,
            option,
            ..
        } = self;
        Key::new(
            format!("{ANSWER_PREFIX}{survey}"),
            format!("{TALLY_PREFIX}{question:02}#{option:02}"),
        )
    }
}

impl Db {
    /// Opens a survey, with an entry in the ledger.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open_survey(&self, survey: &Survey) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        tx.create("survey", survey);
        let entry = Entry::new(survey.opened_at, Actor::Staff, "survey.opened", "3.3h");
        tx.record(entry.with_fact("survey", survey.id));
        self.commit(tx).await
    }

    /// Closes an open survey now; refused under `survey` when it is closed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn close_survey(&self, id: SurveyId, now: Timestamp) -> Result<(), StoreError> {
        // it is open until this instant, and not at it
        let closed_at = shift(now, -domain::time::SignedDuration::from_millis(1));
        let open = Condition::item_exists().and(Condition::at_least("closes_at", now)?);
        let close = Update::new()
            .set("closes_at", closed_at)?
            .set("expires_at_epoch", kept_until(closed_at).as_second())?
            .when(open);
        let mut tx = Tx::new();
        tx.update("survey", Table::People, &survey_key(id), &close);
        let entry = Entry::new(now, Actor::Staff, "survey.closed", "3.3h");
        tx.record(entry.with_fact("survey", id));
        self.commit(tx).await
    }

    /// A survey by its id; none whose time is up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn survey(&self, id: SurveyId, now: Timestamp) -> Result<Option<Survey>, StoreError> {
        let survey: Option<Survey> = self.get(&survey_key(id)).await?;
        Ok(survey.filter(|survey| now < kept_until(survey.closes_at)))
    }

    /// The surveys, the newest first, page by page.
    ///
    /// # Errors
    /// [`StoreError`]; a foreign cursor is [`StoreError::InvalidCursor`].
    pub async fn surveys(
        &self,
        cursor: Option<&str>,
        limit: i32,
        now: Timestamp,
    ) -> Result<Page<Survey>, StoreError> {
        let range = Range {
            pk: SURVEYS,
            prefix: "",
            newest_first: true,
            limit,
            cursor,
        };
        let mut page = self.list::<Survey>(&range).await?;
        page.items
            .retain(|survey| now < kept_until(survey.closes_at));
        Ok(page)
    }

    /// Counts the choices of an anonymous answer; refused under `survey` when the
    /// survey is closed. Nothing else is kept of it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn answer_anonymously(
        &self,
        survey: &Survey,
        choices: &Choices,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        let counting = survey.counting(now)?;
        tx.update("survey", Table::People, &survey.key(), &counting);
        for (question, option) in choices {
            let tally = Tally {
                survey: survey.id,
                question: *question,
                option: *option,
                count: 0,
            };
            let one_more = Update::new()
                .set("survey", survey.id)?
                .set("question", question)?
                .set("option", option)?
                .set("expires_at_epoch", kept_until(survey.closes_at).as_second())?
                .add("count", 1);
            tx.update("tally", Table::People, &tally.key(), &one_more);
        }
        self.commit(tx).await
    }

    /// How often each choice of a survey was made, those that were made only.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tallies(&self, id: SurveyId) -> Result<Vec<Tally>, StoreError> {
        self.list_all(&format!("{ANSWER_PREFIX}{id}"), TALLY_PREFIX)
            .await
    }
}
