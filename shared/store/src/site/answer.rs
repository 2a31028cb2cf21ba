//! Named answers to surveys (clause 3.3h): each stands sealed in the partition of who
//! gave it, and goes with them.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    consent::ConsentPurpose,
    data_map::{Field, retention},
    ids::{SubjectId, SurveyId},
    processing::{Actor, Category, Operation, Purpose},
    site::survey::{Answered, MOST_NAMED},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::survey::{ANSWER_PREFIX, Survey, survey_key};
use crate::{
    Condition, Update,
    db::{Db, Entity, Key, Page, StoreError, Table, Tx, expires},
    people::partition,
    personal::{Access, Gate, GateError, Person, Sealed},
};

/// Over how many queues the named answers of a survey are spread, so that each can be
/// read whole: [`MOST_NAMED`] over 16 leaves each far below the 100 that one read gives.
const QUEUES: u8 = 16;

/// A named answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SurveyAnswer {
    /// Whose.
    pub subject: SubjectId,
    /// To which survey.
    pub survey: SurveyId,
    /// When.
    pub answered_at: Timestamp,
    /// The answers with their questions ([`Field::SurveyAnswer`]).
    pub content: Sealed,
}

fn answer_key(subject: SubjectId, survey: SurveyId) -> Key {
    Key::new(partition(subject), format!("{ANSWER_PREFIX}{survey}"))
}

fn queue(survey: SurveyId, number: u8) -> String {
    format!("{ANSWER_PREFIX}{survey}#{number:02}")
}

impl Entity for SurveyAnswer {
    const TABLE: Table = Table::People;

    fn key(&self) -> Key {
        answer_key(self.subject, self.survey)
    }

    fn index(&self) -> Vec<(&'static str, AttributeValue)> {
        let number = self.subject.as_bytes()[15] % QUEUES;
        let text = |value: String| AttributeValue::S(value);
        vec![
            ("queue", text(queue(self.survey, number))),
            ("queue_due", text(self.answered_at.to_string())),
            expires(retention(Category::Survey).end(self.answered_at)),
        ]
    }
}

impl SurveyAnswer {
    fn is_kept(&self, now: Timestamp) -> bool {
        now < retention(Category::Survey).end(self.answered_at)
    }

    /// What was answered; the access must reach surveys.
    ///
    /// # Errors
    /// As [`Person::unseal`].
    pub fn open(&self, person: &Person) -> Result<Vec<Answered>, GateError> {
        let text = person.unseal::<Self>(Field::SurveyAnswer, &self.key(), &self.content)?;
        serde_json::from_str(&text).map_err(|_| GateError::Tampered("content"))
    }
}

const fn access(operation: Operation, actor: Actor) -> Access {
    Access {
        purpose: Purpose::Feedback,
        operation,
        actor,
        categories: &[Category::Survey],
        clause: "3.3h",
    }
}

/// Stores a person's answer in place of an earlier one. Refused under `survey` when
/// the survey is closed or full, under `answer` when the same person answered
/// meanwhile, under `person` when an erasure has begun.
///
/// # Errors
/// [`GateError`].
pub async fn answer_named(
    db: &Db,
    gate: &Gate,
    subject: SubjectId,
    survey: &Survey,
    answered: &[Answered],
    now: Timestamp,
) -> Result<(), GateError> {
    let record = access(Operation::Record, Actor::Subject);
    let person = gate.open(subject, record, now).await?;
    let key = answer_key(subject, survey.id);
    let earlier: Option<SurveyAnswer> = db.get(&key).await?;
    // the error may quote what was written
    let text = serde_json::to_string(answered)
        .map_err(|_| StoreError::Rejected("a text that is no JSON".to_owned()))?;
    let answer = SurveyAnswer {
        subject,
        survey: survey.id,
        answered_at: now,
        content: person.seal::<SurveyAnswer>(Field::SurveyAnswer, &key, &text)?,
    };
    let mut tx = Tx::new();
    tx.alive(subject);
    if earlier.is_some() {
        let there = Condition::item_exists();
        tx.put_if("answer", &answer, Some(&there));
        let open = Condition::item_exists().and(Condition::at_least("closes_at", now)?);
        tx.check("survey", Table::People, &survey.key(), &open);
    } else {
        tx.create("answer", &answer);
        let room = Condition::below("answers", MOST_NAMED)?;
        let counting = survey.counting(now)?.when(room);
        tx.update("survey", Table::People, &survey.key(), &counting);
    }
    Ok(db.commit(tx).await?)
}

/// A person's own answer, with when it was given.
///
/// # Errors
/// [`GateError`].
pub async fn own_answer(
    db: &Db,
    gate: &Gate,
    subject: SubjectId,
    survey: SurveyId,
    now: Timestamp,
) -> Result<Option<(Timestamp, Vec<Answered>)>, GateError> {
    let answer: Option<SurveyAnswer> = db.get(&answer_key(subject, survey)).await?;
    let Some(answer) = answer.filter(|answer| answer.is_kept(now)) else {
        return Ok(None);
    };
    let read = access(Operation::Extract, Actor::Subject);
    let person = gate.open(subject, read, now).await?;
    Ok(Some((answer.answered_at, answer.open(&person)?)))
}

/// Every answer of a person, sealed; the answer to an access request opens them.
///
/// # Errors
/// [`StoreError`].
pub async fn answers_of(db: &Db, subject: SubjectId) -> Result<Vec<SurveyAnswer>, StoreError> {
    db.list_all(&partition(subject), ANSWER_PREFIX).await
}

/// A named answer as the staff read it.
#[derive(Debug)]
pub struct NamedAnswer {
    /// Who answered.
    pub subject: SubjectId,
    /// When.
    pub answered_at: Timestamp,
    /// The questions that were answered.
    pub answers: Vec<Answered>,
}

/// A part of a survey's named answers, read by the staff; each opening is in the
/// ledger. Those of people who restrict the processing of their data, have withdrawn
/// their consent to it or are being erased are left out. There are 16 parts, and any
/// of them may be empty.
///
/// # Errors
/// [`GateError`]; a foreign cursor is [`StoreError::InvalidCursor`].
pub async fn named_answers(
    db: &Db,
    gate: &Gate,
    survey: SurveyId,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<Page<NamedAnswer>, GateError> {
    let part = cursor.map_or(Ok(0), str::parse::<u8>);
    let part = part.ok().filter(|part| *part < QUEUES);
    let part = part.ok_or(StoreError::InvalidCursor)?;
    let mut items = Vec::new();
    for answer in db.queued_answers(&queue(survey, part), now).await? {
        items.extend(read_by_staff(gate, &answer, now).await?);
    }
    let next = Some(part + 1).filter(|next| *next < QUEUES);
    Ok(Page {
        items,
        next: next.map(|next| next.to_string()),
    })
}

async fn read_by_staff(
    gate: &Gate,
    answer: &SurveyAnswer,
    now: Timestamp,
) -> Result<Option<NamedAnswer>, GateError> {
    let by_staff = access(Operation::Extract, Actor::Staff);
    let person = match gate.open(answer.subject, by_staff, now).await {
        Err(GateError::Unknown | GateError::Refused(_)) => return Ok(None),
        other => other?,
    };
    let record = person.record();
    let agrees = record.has_consented(ConsentPurpose::Processing);
    if !agrees || record.is_restricted(now) || record.erasing_since.is_some() {
        return Ok(None);
    }
    Ok(Some(NamedAnswer {
        subject: answer.subject,
        answered_at: answer.answered_at,
        answers: answer.open(&person)?,
    }))
}

impl Db {
    /// Takes a person's own answer back; refused under `answer` when there is none,
    /// and under `person` when an erasure has begun.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_answer_back(
        &self,
        subject: SubjectId,
        survey: SurveyId,
    ) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        tx.alive(subject);
        let there = Condition::item_exists();
        let key = answer_key(subject, survey);
        tx.delete("answer", Table::People, &key, Some(&there));
        let one_less = Update::new().add("answers", -1).when(there);
        tx.update("survey", Table::People, &survey_key(survey), &one_less);
        self.commit(tx).await
    }

    /// The answers of one queue, sealed, without those whose time is up.
    async fn queued_answers(
        &self,
        queue: &str,
        now: Timestamp,
    ) -> Result<Vec<SurveyAnswer>, StoreError> {
        let mut answers = self.queued::<SurveyAnswer>(queue).await?;
        answers.retain(|answer| answer.is_kept(now));
        Ok(answers)
    }
}
