//! Surveys (clause 3.3h): what is asked, and what is an answer.
//!
//! An anonymous survey asks for choices only and is kept as counters only: no row
//! of an answer, no time, nothing that leads to a person or from one answer to
//! another. A named one is personal data of the person who answers.

use serde::{Deserialize, Serialize};

use crate::time::{Timestamp, days, shift};

/// The most questions of a survey.
pub const MOST_QUESTIONS: usize = 20;
/// The most choices of a question.
pub const MOST_OPTIONS: usize = 20;
/// The longest that a survey is open.
pub const LONGEST_DAYS: i64 = 180;
/// The most answers of a named survey.
pub const MOST_NAMED: u64 = 1_000;
/// Choices of fewer people than this are not told: they may be somebody's. Our own
/// figure; no law names one.
pub const FEWEST: u64 = 5;
const LONGEST_TEXT: usize = 300;
const LONGEST_ANSWER: usize = 2_000;

/// Whether the answers bear a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Answered without a session; kept as counters.
    Anonymous,
    /// Answered signed in; sealed under the person's key.
    Named,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What is asked.
    pub text: String,
    /// The choices; none for an answer in one's own words.
    pub options: Vec<String>,
}

/// Why a survey can't be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSurvey {
    /// A text is empty, too long or has control characters.
    #[error("each text has 1 to 300 characters on one line")]
    Text,
    /// No questions, or too many.
    #[error("ask 1 to 20 questions")]
    Questions,
    /// One choice, or too many.
    #[error("offer 2 to 20 choices, each once, or none for an answer in words")]
    Options,
    /// Words could name who wrote them.
    #[error("an anonymous survey asks for choices only: words could tell who wrote them")]
    Words,
    /// It ends before it begins, or too late.
    #[error("let it end in the future, within 180 days")]
    End,
}

/// Why an answer can't be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAnswer {
    /// Not as many answers as questions.
    #[error("give one answer to each question, `null` where you have none")]
    Count,
    /// Nothing is answered.
    #[error("answer at least one question")]
    Empty,
    /// A choice that is not offered, or words where choices are.
    #[error("choose one of the question's choices by its number, from 0 on")]
    Choice,
    /// A number where words are asked for, or too many words.
    #[error("write 1 to 2000 characters")]
    Words,
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    kind: Kind,
    title: String,
    questions: Vec<Question>,
}

/// One answer as it comes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Given {
    /// A choice by its number.
    Option(usize),
    /// One's own words.
    Words(String),
}

/// The choices of somebody, by question: what an anonymous answer is.
pub type Choices = Vec<(usize, usize)>;

/// An answer with its question, as it is sealed and shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// What was asked.
    pub question: String,
    /// What was answered.
    pub answer: String,
}

impl std::fmt::Debug for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answered(…)")
    }
}

fn line(text: &str) -> Result<String, InvalidSurvey> {
    let fits = text.chars().count() <= LONGEST_TEXT;
    let text = text.trim();
    let sound = fits && !text.is_empty();
    match sound && !text.chars().any(char::is_control) {
        true => Ok(text.to_owned()),
        false => Err(InvalidSurvey::Text),
    }
}

impl Question {
    fn read(&self, kind: Kind) -> Result<Self, InvalidSurvey> {
        let options: Vec<_> = self
            .options
            .iter()
            .map(|text| line(text))
            .collect::<Result<_, _>>()?;
        let twice = (1..options.len()).any(|at| options[..at].contains(&options[at]));
        match options.len() {
            0 if kind == Kind::Anonymous => return Err(InvalidSurvey::Words),
            0 | 2..=MOST_OPTIONS if !twice => {}
            _ => return Err(InvalidSurvey::Options),
        }
        Ok(Self {
            text: line(&self.text)?,
            options,
        })
    }

    fn answer(&self, given: &Given) -> Result<String, InvalidAnswer> {
        match given {
            Given::Option(at) => self.options.get(*at).cloned().ok_or(InvalidAnswer::Choice),
            Given::Words(_) if !self.options.is_empty() => Err(InvalidAnswer::Choice),
            Given::Words(words) => {
                let words = words.trim();
                match (1..=LONGEST_ANSWER).contains(&words.chars().count()) {
                    true => Ok(words.to_owned()),
                    false => Err(InvalidAnswer::Words),
                }
            }
        }
    }
}

impl Form {
    /// Checks what the staff want to ask until `closes_at`.
    ///
    /// # Errors
    /// [`InvalidSurvey`].
    pub fn new(
        kind: Kind,
        title: &str,
        questions: &[Question],
        closes_at: Timestamp,
        now: Timestamp,
    ) -> Result<Self, InvalidSurvey> {
        if !(1..=MOST_QUESTIONS).contains(&questions.len()) {
            return Err(InvalidSurvey::Questions);
        }
        if closes_at <= now || closes_at > shift(now, days(LONGEST_DAYS)) {
            return Err(InvalidSurvey::End);
        }
        let questions = questions.iter().map(|question| question.read(kind));
        Ok(Self {
            kind,
            title: line(title)?,
            questions: questions.collect::<Result<_, _>>()?,
        })
    }

    /// Whether the answers bear a name.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What it is about.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What is asked.
    #[must_use]
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    fn given<'a>(
        &'a self,
        answers: &'a [Option<Given>],
    ) -> Result<impl Iterator<Item = (usize, &'a Question, &'a Given)>, InvalidAnswer> {
        if answers.len() != self.questions.len() {
            return Err(InvalidAnswer::Count);
        }
        if answers.iter().all(Option::is_none) {
            return Err(InvalidAnswer::Empty);
        }
        let pairs = self.questions.iter().zip(answers).enumerate();
        Ok(pairs.filter_map(|(at, (question, given))| Some((at, question, given.as_ref()?))))
    }

    /// The choices among the answers, to be counted.
    ///
    /// # Errors
    /// [`InvalidAnswer`].
    pub fn choices(&self, answers: &[Option<Given>]) -> Result<Choices, InvalidAnswer> {
        self.given(answers)?
            .map(|(at, question, given)| match given {
                Given::Option(option) if *option < question.options.len() => Ok((at, *option)),
                _ => Err(InvalidAnswer::Choice),
            })
            .collect()
    }

    /// The answers with their questions, in words.
    ///
    /// # Errors
    /// [`InvalidAnswer`].
    pub fn in_words(&self, answers: &[Option<Given>]) -> Result<Vec<Answered>, InvalidAnswer> {
        self.given(answers)?
            .map(|(_, question, given)| {
                Ok(Answered {
                    question: question.text.clone(),
                    answer: question.answer(given)?,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn ask(text: &str, options: &[&str]) -> Question {
        Question {
            text: text.to_owned(),
            options: options.iter().map(|&option| option.to_owned()).collect(),
        }
    }

    fn form(kind: Kind, questions: &[Question]) -> Result<Form, InvalidSurvey> {
        Form::new(kind, "How is it?", questions, shift(NOW, days(7)), NOW)
    }

    fn words(text: &str) -> Option<Given> {
        Some(Given::Words(text.to_owned()))
    }

    #[test]
    fn an_anonymous_survey_asks_for_no_words() {
        let open = ask("Why?", &[]);
        let closed = ask("Well?", &["Yes", "No"]);
        assert!(form(Kind::Named, &[open.clone(), closed.clone()]).is_ok());
        assert!(form(Kind::Anonymous, std::slice::from_ref(&closed)).is_ok());
        assert_eq!(
            form(Kind::Anonymous, &[closed, open]),
            Err(InvalidSurvey::Words)
        );
    }

    #[test]
    fn a_form_is_bounded() {
        let many = vec![ask("Well?", &["Yes", "No"]); MOST_QUESTIONS + 1];
        for (questions, reason) in [
            (&[] as &[Question], InvalidSurvey::Questions),
            (&many[..], InvalidSurvey::Questions),
            (&[ask("Well?", &["Yes"])][..], InvalidSurvey::Options),
            (&[ask("Well?", &["Yes", "Yes"])][..], InvalidSurvey::Options),
            (&[ask("", &["Yes", "No"])][..], InvalidSurvey::Text),
            (
                &[ask("Well?\n", &["a\u{7}b", "No"])][..],
                InvalidSurvey::Text,
            ),
        ] {
            assert_eq!(form(Kind::Named, questions), Err(reason), "{questions:?}");
        }
        let one = [ask("Well?", &["Yes", "No"])];
        for end in [NOW, shift(NOW, days(LONGEST_DAYS + 1))] {
            let form = Form::new(Kind::Named, "How is it?", &one, end, NOW);
            assert_eq!(form, Err(InvalidSurvey::End));
        }
    }

    #[test]
    fn answers_fit_their_questions() {
        let form = form(
            Kind::Named,
            &[ask("Well?", &["Yes", "No"]), ask("Why?", &[])],
        )
        .unwrap();
        let answered = form
            .in_words(&[Some(Given::Option(1)), words(" It is slow. ")])
            .unwrap();
        let texts: Vec<_> = answered.iter().map(|one| one.answer.as_str()).collect();
        assert_eq!(texts, ["No", "It is slow."]);
        for (answers, reason) in [
            (vec![None], InvalidAnswer::Count),
            (vec![None, None], InvalidAnswer::Empty),
            (vec![Some(Given::Option(2)), None], InvalidAnswer::Choice),
            (vec![words("Yes"), None], InvalidAnswer::Choice),
            (vec![None, words(" ")], InvalidAnswer::Words),
        ] {
            assert_eq!(form.in_words(&answers).unwrap_err(), reason);
        }
        assert!(form.in_words(&[None, Some(Given::Option(0))]).is_err());
    }

    #[test]
    fn anonymous_answers_are_choices() {
        let question = ask("Well?", &["Yes", "No"]);
        let form = form(Kind::Anonymous, &[question.clone(), question]).unwrap();
        let choices = form.choices(&[None, Some(Given::Option(1))]);
        assert_eq!(choices, Ok(vec![(1, 1)]));
        assert_eq!(
            form.choices(&[None, words("I am Ada")]),
            Err(InvalidAnswer::Choice)
        );
        assert_eq!(
            form.choices(&[None, Some(Given::Option(2))]),
            Err(InvalidAnswer::Choice)
        );
    }
}
