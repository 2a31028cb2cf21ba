//! What goes in and out.

use std::collections::BTreeSet;

use domain::{
    compliance::incident::{Clock, File, Outcome, Progress, Summary},
    processing::{Actor, Operation, Purpose},
    regime::{Duty, Regime, Stage},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use store::compliance::Case;
use utoipa::ToSchema;

use crate::desk::{PeriodBody, text};

/// Registers an incident.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterIncident {
    /// When it became known: the clocks run from here.
    pub known_at: String,
    /// What happened.
    pub description: String,
    /// Laws whose clocks run beside those of 152-FZ: `gdpr`, `ccpa`.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["gdpr"]))]
    pub regimes: BTreeSet<Regime>,
    /// When data was reached wrongly.
    #[serde(deserialize_with = "platform::http::object")]
    pub period: PeriodBody,
    /// For which purpose the access log has those accesses; any unless said.
    #[schema(value_type = Option<String>)]
    pub purpose: Option<Purpose>,
    /// By whom: `subject`, `staff` or `system`; anybody unless said.
    #[schema(value_type = Option<String>)]
    pub actor: Option<Actor>,
    /// What was done; anything unless said.
    #[schema(value_type = Option<String>)]
    pub operation: Option<Operation>,
}

/// What an authority is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DutyBody {
    /// That it happened.
    IncidentNotice,
    /// What the internal investigation found.
    IncidentFindings,
}

impl DutyBody {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::IncidentNotice => "incident_notice",
            Self::IncidentFindings => "incident_findings",
        }
    }
}

impl From<DutyBody> for Duty {
    fn from(duty: DutyBody) -> Self {
        match duty {
            DutyBody::IncidentNotice => Self::IncidentNotice,
            DutyBody::IncidentFindings => Self::IncidentFindings,
        }
    }
}

/// Stops a clock.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopClock {
    /// Under which law: `ru152`, `gdpr` or `ccpa`.
    #[schema(value_type = String)]
    pub regime: Regime,
    /// Which duty.
    pub duty: DutyBody,
    /// The authority's reference, or the reasons.
    pub remark: String,
}

/// What was found.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Findings {
    /// Causes, consequences, what was done.
    pub findings: String,
}

/// How a clock was stopped.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutcomeView {
    /// The authority was told.
    Reported,
    /// The law does not ask for it here.
    Waived,
}

/// How a running clock stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StageView {
    /// There is time.
    Running,
    /// Somebody must act now.
    Alarm,
    /// Its time is over.
    Overdue,
}

impl From<Stage> for StageView {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Running | Stage::Reminded => Self::Running,
            Stage::Alarm => Self::Alarm,
            Stage::Overdue => Self::Overdue,
        }
    }
}

/// The clock of one duty.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClockView {
    /// Under which law.
    #[schema(value_type = String)]
    pub regime: Regime,
    /// What must be said.
    #[schema(value_type = String)]
    pub duty: Duty,
    /// The provision.
    pub article: String,
    /// By when.
    pub due_at: String,
    /// How it stands while it runs.
    pub stage: Option<StageView>,
    /// How it was stopped.
    pub outcome: Option<OutcomeView>,
    /// When it was stopped.
    pub stopped_at: Option<String>,
    /// It was stopped after its end, or runs on after it.
    pub late: bool,
}

impl ClockView {
    fn of(clock: &Clock, now: Timestamp) -> Self {
        let stopped = clock.stopped();
        Self {
            regime: clock.regime(),
            duty: clock.duty(),
            article: clock.rule().article.to_owned(),
            due_at: clock.due_at().to_string(),
            stage: clock.stage(now).map(StageView::from),
            outcome: stopped.map(|(outcome, _)| match outcome {
                Outcome::Reported => OutcomeView::Reported,
                Outcome::Waived => OutcomeView::Waived,
            }),
            stopped_at: text(stopped.map(|(_, at)| at)),
            late: clock.is_late(now),
        }
    }
}

/// Who is affected, in short.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SummaryView {
    /// How many persons.
    pub persons: usize,
    /// How many accesses.
    pub accesses: usize,
    /// SHA-256 over the pseudonyms in order, one a line: whoever makes the list
    /// again gets the same.
    pub sha256: String,
    /// When the list was made.
    pub at: String,
}

impl From<Summary> for SummaryView {
    fn from(summary: Summary) -> Self {
        Self {
            persons: summary.persons,
            accesses: summary.accesses,
            sha256: summary.sha256.to_string(),
            at: summary.at.to_string(),
        }
    }
}

/// The list of who is affected.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AffectedView {
    /// In short.
    #[serde(flatten)]
    pub summary: SummaryView,
    /// Their names in the ledger, in order.
    pub pseudonyms: Vec<String>,
}

/// Tells those who are affected.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notify {
    /// Where to go on, as the answer before said.
    pub cursor: Option<String>,
}

/// What one step of telling did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Notified {
    /// How many were told now.
    pub told: u64,
    /// How many had been told before.
    pub told_before: u64,
    /// Where to go on; nothing once everybody was looked at.
    pub next_cursor: Option<String>,
}

/// An incident as the register shows it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentView {
    /// The incident.
    #[schema(example = "inc_0193a1b2c3d47e8f90a1b2c3d4e5f607")]
    pub id: String,
    /// When it became known.
    pub known_at: String,
    /// When it was registered.
    pub registered_at: String,
    /// When data was reached wrongly.
    pub period: PeriodBody,
    /// For which purpose.
    #[schema(value_type = Option<String>)]
    pub purpose: Option<Purpose>,
    /// By whom.
    #[schema(value_type = Option<String>)]
    pub actor: Option<Actor>,
    /// What was done.
    #[schema(value_type = Option<String>)]
    pub operation: Option<Operation>,
    /// The clocks.
    pub clocks: Vec<ClockView>,
    /// The next end of a clock that runs.
    pub due_at: Option<String>,
    /// Who is affected, once the list was made.
    pub affected: Option<SummaryView>,
    /// How many of them were told.
    pub told: u64,
    /// When it ended.
    pub closed_at: Option<String>,
}

impl IncidentView {
    pub fn of(case: &Case<Progress>, now: Timestamp) -> Self {
        let progress = &case.progress;
        let accesses = progress.accesses();
        let clocks = progress.clocks().iter();
        Self {
            id: case.id.to_string(),
            known_at: progress.known_at().to_string(),
            registered_at: progress.registered_at().to_string(),
            period: accesses.period.into(),
            purpose: accesses.purpose,
            actor: accesses.actor,
            operation: accesses.operation,
            clocks: clocks.map(|clock| ClockView::of(clock, now)).collect(),
            due_at: text(progress.due_at()),
            affected: progress.affected().map(SummaryView::from),
            told: progress.told(),
            closed_at: text(progress.closed_at()),
        }
    }
}

/// An incident with its file.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentFile {
    /// The incident.
    #[serde(flatten)]
    pub incident: IncidentView,
    /// What happened.
    pub description: String,
    /// What was found.
    pub findings: Option<String>,
    /// References and reasons, in order.
    pub remarks: Vec<String>,
}

impl IncidentFile {
    pub fn of(case: &Case<Progress>, file: File, now: Timestamp) -> Self {
        Self {
            incident: IncidentView::of(case, now),
            description: file.description.into(),
            findings: file.findings.map(String::from),
            remarks: file.remarks.into_iter().map(String::from).collect(),
        }
    }
}

/// The register of incidents.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentList {
    /// The newest first; of the open ones the nearest deadline first.
    pub items: Vec<IncidentView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}
