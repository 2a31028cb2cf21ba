//! What the staff see and say.

use std::collections::BTreeMap;

use domain::{
    ledger::Entry,
    processing::{Actor, Category, Operation, Purpose},
    regime::Stage,
    request::{Applicant, Event, Progress, Term},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use store::people::{Reasons, Request};
use utoipa::{IntoParams, ToSchema};

use crate::api::{Fields, RequestView, text};

/// A request as the staff see it in the queue: without personal data.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaseView {
    /// The request.
    #[serde(flatten)]
    pub request: RequestView,
    /// How sure we are of the person: `l1` a proven letter, `l2` the mailed
    /// link, `l3` a session or a document.
    pub level: String,
    /// The deadline has passed.
    pub overdue: bool,
    /// How the deadline stands: `running`, `reminded` from seven days before it,
    /// `alarm` when somebody must act now, `overdue`; nothing once it is closed,
    /// or where the request took effect with its receipt.
    pub stage: Option<String>,
    /// The law gives an extension, and it was not used.
    pub may_be_extended: bool,
    /// By when the person must have been told that it arrived, where a law asks
    /// for that (CCPA). The letter goes out with the receipt.
    pub acknowledge_by: Option<String>,
}

impl CaseView {
    pub fn of(request: &Request, view: RequestView, now: Timestamp) -> Self {
        let progress = &request.progress;
        let at_once = progress.rule().term == Term::AtOnce;
        Self {
            request: view,
            level: format!("{:?}", progress.level()).to_lowercase(),
            // what takes effect with its receipt is never late
            overdue: !at_once && !progress.state().is_closed() && now > progress.due_at(),
            stage: (!at_once && !progress.state().is_closed())
                .then(|| named(progress.watch().stage(now)).to_owned()),
            may_be_extended: progress.clone().extend(now).is_ok(),
            acknowledge_by: text(progress.acknowledge_by().map(|due| due.at)),
        }
    }
}

fn named(stage: Stage) -> &'static str {
    match stage {
        Stage::Running => "running",
        Stage::Reminded => "reminded",
        Stage::Alarm => "alarm",
        Stage::Overdue => "overdue",
    }
}

/// A step of a request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StepView {
    /// What happened.
    #[schema(example = "approved")]
    pub event: String,
    /// When.
    pub at: String,
    /// Who did it: `subject`, `representative`, `authority`, `staff` or `system`.
    pub by: String,
    /// Which member of the staff: the same one has the same name within a request.
    pub officer: Option<String>,
    /// Why, in the words of the staff.
    pub reason: Option<String>,
}

/// Every step, oldest first, with the reason that was given.
pub(crate) fn history(progress: &Progress, reasons: &Reasons) -> Vec<StepView> {
    let why = |event| match event {
        Event::Verified => reasons.verification.clone(),
        Event::Extended => reasons.extension.clone(),
        Event::Approved => reasons.approval.clone(),
        Event::Refused => reasons.refusal.clone(),
        Event::Received
        | Event::Entered
        | Event::Confirmed
        | Event::Completed
        | Event::Cancelled => None,
    };
    let steps = progress.steps().iter();
    let views = steps.map(|step| StepView {
        event: step.event.as_str().to_owned(),
        at: step.at.to_string(),
        by: step.by.as_str().to_owned(),
        officer: step.officer.as_ref().map(|o| o.as_str().to_owned()),
        reason: why(step.event),
    });
    views.collect()
}

/// One request with everything that a decision needs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaseFile {
    /// The request.
    #[serde(flatten)]
    pub case: CaseView,
    /// For a rectification: what stands now, for comparison.
    pub current: Option<Fields>,
    /// Every step, oldest first.
    pub history: Vec<StepView>,
}

/// The staff's queue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CaseList {
    /// At most 100 requests, the nearest deadline first.
    pub items: Vec<CaseView>,
    /// Always absent: what is closed makes room.
    pub next_cursor: Option<String>,
}

/// A decision.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Decide {
    /// Why, or how it was established; it stays in the request's file.
    pub reason: String,
}

/// Why the answer takes longer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extend {
    /// The reason, which the person reads.
    pub reason: String,
}

/// Why a request is refused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refuse {
    /// The law and the article.
    #[schema(example = "152-FZ art. 14(8)")]
    pub ground: String,
    /// The reason, which the person reads.
    pub reason: String,
}

/// Who asks for somebody.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ApplicantBody {
    /// A legal representative, by a mandate.
    Representative,
    /// An authorised body, such as Roskomnadzor.
    Authority,
}

impl From<ApplicantBody> for Applicant {
    fn from(applicant: ApplicantBody) -> Self {
        match applicant {
            ApplicantBody::Representative => Self::Representative,
            ApplicantBody::Authority => Self::Authority,
        }
    }
}

/// A restriction that somebody else than the person asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Enter {
    /// Whose data: the person's id, or the address on file.
    pub person: String,
    /// Who asks.
    pub applicant: ApplicantBody,
    /// Their name.
    #[schema(example = "Roskomnadzor")]
    pub name: String,
    /// The reference of the mandate or of the authority's letter.
    #[schema(example = "No. 08-1234 of 20 November 2026")]
    pub reference: String,
    /// SHA-256 of that document, hexadecimal.
    pub document_sha256: String,
    /// When it was received: the restriction counts from then.
    #[schema(example = "2026-11-20T09:00:00Z")]
    pub received_at: String,
}

/// Which part of the ledger.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LedgerQuery {
    /// Only what happened between the receipt and the moment when the request
    /// took effect.
    #[serde(default)]
    pub window: bool,
}

/// What was done with a person's data, as an entry of the ledger tells it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntryView {
    /// When.
    pub at: String,
    /// What, such as `personal_data.accessed` or `letter.sent`.
    pub event: String,
    /// By whom.
    #[schema(value_type = String)]
    pub actor: Actor,
    /// What for.
    #[schema(value_type = Option<String>)]
    pub purpose: Option<Purpose>,
    /// What was done.
    #[schema(value_type = Option<String>)]
    pub operation: Option<Operation>,
    /// With which kinds of data.
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
    /// Further facts without personal data.
    pub facts: BTreeMap<String, String>,
    /// It happened after the receipt and before the request took effect.
    pub in_window: bool,
}

impl EntryView {
    pub fn of(entry: Entry, took_effect_at: Option<Timestamp>) -> Self {
        Self {
            in_window: took_effect_at.is_none_or(|effect| entry.at < effect),
            at: entry.at.to_string(),
            event: entry.event,
            actor: entry.actor,
            purpose: entry.purpose,
            operation: entry.operation,
            categories: entry.categories,
            facts: entry.facts,
        }
    }
}

/// What the ledger says about a person while a request of theirs is open.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LedgerView {
    /// When the request was received.
    pub from: String,
    /// The last instant that was looked at.
    pub to: String,
    /// When the request took effect; what it stops counts as stopped from its
    /// receipt on.
    pub took_effect_at: Option<String>,
    /// What happened, in the order of time. Entries of the last seconds may not
    /// be chained yet: they are missing until they are.
    pub items: Vec<EntryView>,
    /// Always absent: the list is whole.
    pub next_cursor: Option<String>,
}
