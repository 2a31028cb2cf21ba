//! The register of processors, and what was passed to each (clause 5.6).

use axum::{Json, extract::State};
use domain::{
    compliance::{
        StaffRole,
        processor::{Processor, Registered, passed_to},
    },
    ledger::Entry,
    processing::{Category, Purpose},
};
use platform::{
    deadline,
    http::{PathId, Problem, ProblemDocument, QueryOf, Staff},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{App, desk::PeriodBody};

/// A processor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProcessorView {
    /// Who, in paths.
    pub id: String,
    /// The service.
    pub name: String,
    /// Who answers for it.
    pub legal_name: String,
    /// Their address.
    pub address: String,
    /// ISO 3166-1 code of their seat.
    pub country: String,
    /// Where the data is processed.
    pub region: String,
    /// What it is passed for.
    #[schema(value_type = Vec<String>)]
    pub purposes: Vec<Purpose>,
    /// Which kinds of personal data.
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
    /// The contract on processing.
    pub contract: String,
    /// How data is destroyed there.
    pub destruction: String,
    /// It keeps data that only it can destroy: it is asked to when a person is erased.
    pub keeps: bool,
    /// Where it is asked; without one the staff write.
    pub privacy_address: Option<String>,
    /// Whether name, address and contract were compared with the operator's own.
    pub confirmed: bool,
}

impl From<Registered> for ProcessorView {
    fn from(entry: Registered) -> Self {
        Self {
            id: entry.processor.as_str().to_owned(),
            name: entry.name.to_owned(),
            legal_name: entry.legal_name.to_owned(),
            address: entry.address.to_owned(),
            country: entry.country.to_owned(),
            region: entry.region.to_owned(),
            purposes: entry.purposes.to_vec(),
            categories: entry.categories.to_vec(),
            contract: entry.contract.to_owned(),
            destruction: entry.destruction.to_owned(),
            keeps: entry.keeps,
            privacy_address: entry.privacy_address.map(str::to_owned),
            confirmed: entry.confirmed,
        }
    }
}

/// The register of processors.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProcessorList {
    /// Every processor.
    pub items: Vec<ProcessorView>,
    /// Always absent: the list is whole.
    pub next_cursor: Option<String>,
}

/// A transfer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransferView {
    /// The entry of the ledger.
    pub entry: String,
    /// What happened.
    pub event: String,
    /// When.
    pub at: String,
    /// What for.
    #[schema(value_type = Option<String>)]
    pub purpose: Option<Purpose>,
    /// Which kinds of data.
    #[schema(value_type = Vec<String>)]
    pub categories: Vec<Category>,
    /// The person's name in the ledger.
    pub person: Option<String>,
    /// The workspace.
    pub workspace: Option<String>,
}

impl From<Entry> for TransferView {
    fn from(entry: Entry) -> Self {
        Self {
            entry: entry.id.to_string(),
            event: entry.event,
            at: entry.at.to_string(),
            purpose: entry.purpose,
            categories: entry.categories,
            person: entry.person,
            workspace: entry.workspace.map(|workspace| workspace.to_string()),
        }
    }
}

/// What was passed to a processor.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransferList {
    /// In the order of time.
    pub items: Vec<TransferView>,
    /// Always absent: the list is whole.
    pub next_cursor: Option<String>,
}

/// The register of processors
#[utoipa::path(
    get, path = "/compliance/processors", tag = "compliance",
    responses(
        (status = 200, body = ProcessorList), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(staff: Staff) -> Result<Json<ProcessorList>, Problem> {
    staff.must_be(StaffRole::Privacy)?;
    let items = Processor::ALL.map(|processor| processor.registered().into());
    Ok(Json(ProcessorList {
        items: items.into(),
        next_cursor: None,
    }))
}

/// What was passed to a processor in a period
///
/// From the chains of the ledger.
#[utoipa::path(
    get, path = "/compliance/processors/{processor}/transfers", tag = "compliance",
    params(("processor" = String, Path, description = "The processor's id"), PeriodBody),
    responses(
        (status = 200, body = TransferList), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn transfers(
    State(app): State<App>,
    staff: Staff,
    PathId(processor): PathId<Processor>,
    QueryOf(period): QueryOf<PeriodBody>,
) -> Result<Json<TransferList>, Problem> {
    staff.must_be(StaffRole::Privacy)?;
    let entries = app.db.ledger_of(period.read()?, deadline::end()).await?;
    let entries = entries.ok_or_else(|| {
        Problem::conflict(
            "too_many_entries",
            "There are too many entries in this period. Ask for a shorter one.",
        )
    })?;
    let theirs = |entry: &Entry| passed_to(entry) == Some(processor);
    let items = entries.into_iter().filter(theirs).map(TransferView::from);
    Ok(Json(TransferList {
        items: items.collect(),
        next_cursor: None,
    }))
}
