//! Incidents with their clocks, and whom they affect (clause 5.9).

pub(crate) mod affected;
mod api;

use axum::{Json, extract::State, http::StatusCode};
use domain::{
    compliance::{
        StaffRole,
        incident::{Accesses, File, IllegalMove, Progress},
    },
    ids::IncidentId,
    ledger::Entry,
    processing::{Actor, Operation},
    regime::{Duty, Regime},
};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, QueryOf, Staff};
use store::{Tx, compliance::Case};

use crate::{
    App,
    desk::{self, ListQuery, find, illegal},
};
use api::{Findings, IncidentFile, IncidentList, IncidentView, RegisterIncident, StopClock};

type Incident = Case<Progress>;

const CLAUSE: &str = "5.9";

fn refused(reason: IllegalMove) -> Problem {
    let code = match reason {
        IllegalMove::Closed => "incident_closed",
        IllegalMove::NoClock => "no_clock",
        IllegalMove::NoException => "no_exception",
        IllegalMove::ClockRuns => "clock_runs",
        IllegalMove::NotYetKnown => return Problem::field("known_at", reason),
    };
    illegal(code, reason)
}

fn entry(case: &Incident, staff: &Staff, event: &str) -> Entry {
    case.entry(Actor::Staff, event, CLAUSE, staff.0.now)
}

/// The register of incidents
#[utoipa::path(
    get, path = "/compliance/incidents", tag = "compliance",
    params(ListQuery),
    responses(
        (status = 200, body = IncidentList), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    staff: Staff,
    QueryOf(query): QueryOf<ListQuery>,
) -> Result<Json<IncidentList>, Problem> {
    staff.must_be(StaffRole::Security)?;
    let (cases, next_cursor) = desk::list::<Progress>(&app, &query).await?;
    let now = staff.0.now;
    Ok(Json(IncidentList {
        items: cases
            .iter()
            .map(|case| IncidentView::of(case, now))
            .collect(),
        next_cursor,
    }))
}

/// Register an incident
///
/// The clocks run from when it became known: 24 hours to tell Roskomnadzor, 72
/// to tell what was found; those of further laws where people whom they protect
/// are concerned. The accesses say who is affected.
#[utoipa::path(
    post, path = "/compliance/incidents", tag = "compliance",
    request_body = RegisterIncident,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 201, body = IncidentView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn register(
    State(app): State<App>,
    staff: Staff,
    JsonBody { value: body, .. }: JsonBody<RegisterIncident>,
) -> Result<(StatusCode, Json<IncidentView>), Problem> {
    staff.must_be(StaffRole::Security)?;
    let now = staff.0.now;
    let known_at = desk::instant("known_at", &body.known_at)?;
    let accesses = Accesses {
        period: body.period.read()?,
        purpose: body.purpose,
        actor: body.actor,
        operation: body.operation,
    };
    let file = File {
        description: desk::words("description", &body.description)?,
        findings: None,
        remarks: Vec::new(),
    };
    let progress = Progress::register(known_at, &body.regimes, accesses, now).map_err(refused)?;
    let id = IncidentId::new(now);
    let (case, key) = Case::new(&app.gate, id, progress, &file, Actor::Staff, now).await?;
    let mut tx = Tx::new();
    tx.open_case(&case, &key);
    tx.record(entry(&case, &staff, "incident.registered").with_fact("known_at", known_at));
    app.db.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(IncidentView::of(&case, now))))
}

/// Read one incident
#[utoipa::path(
    get, path = "/compliance/incidents/{id}", tag = "compliance",
    params(("id" = String, Path, description = "The incident's id")),
    responses(
        (status = 200, body = IncidentFile), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<IncidentId>,
) -> Result<Json<IncidentFile>, Problem> {
    staff.must_be(StaffRole::Security)?;
    let now = staff.0.now;
    let case: Incident = find(&app, id).await?;
    let (_, file) = case
        .open(&app.gate, Operation::Extract, Actor::Staff, now)
        .await?;
    Ok(Json(IncidentFile::of(&case, file, now)))
}

async fn decide(
    app: &App,
    case: Incident,
    staff: &Staff,
    told: Entry,
) -> Result<Json<IncidentView>, Problem> {
    let mut tx = Tx::new();
    tx.change_case(&case)?;
    tx.record(told);
    app.db.commit(tx).await?;
    Ok(Json(IncidentView::of(&case, staff.0.now)))
}

/// Stops a clock, with a remark in the file.
async fn stop(
    app: &App,
    staff: &Staff,
    id: IncidentId,
    body: &StopClock,
    (event, step): (&str, Step),
) -> Result<Json<IncidentView>, Problem> {
    staff.must_be(StaffRole::Security)?;
    let now = staff.0.now;
    let remark = desk::words("remark", &body.remark)?;
    let case: Incident = find(app, id).await?;
    let clock = (body.regime, body.duty.into());
    let progress = step(case.progress.clone(), clock, now).map_err(refused)?;
    let (open, mut file) = case
        .open(&app.gate, Operation::Record, Actor::Staff, now)
        .await?;
    file.remarks.push(remark);
    let case = case.with(progress).written(&open, &file)?;
    let mut stopped = case.progress.clocks().iter();
    let late = stopped.any(|c| (c.regime(), c.duty()) == clock && c.is_late(now));
    let told = entry(&case, staff, event)
        .with_fact("regime", body.regime.as_str())
        .with_fact("duty", body.duty.as_str())
        .with_fact("late", late);
    decide(app, case, staff, told).await
}

type Step = fn(Progress, (Regime, Duty), domain::time::Timestamp) -> Result<Progress, IllegalMove>;

/// Note that an authority was told
///
/// With its reference. This stops the clock.
#[utoipa::path(
    post, path = "/compliance/incidents/{id}/report", tag = "compliance",
    params(("id" = String, Path, description = "The incident's id")),
    request_body = StopClock,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 200, body = IncidentView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn report(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<IncidentId>,
    JsonBody { value: body, .. }: JsonBody<StopClock>,
) -> Result<Json<IncidentView>, Problem> {
    let step = ("incident.reported", Progress::report as Step);
    stop(&app, &staff, id, &body, step).await
}

/// Decide that a law does not ask for a report here
///
/// With the reasons (GDPR art. 33(1): unlikely to result in a risk). 152-FZ knows
/// no such exception.
#[utoipa::path(
    post, path = "/compliance/incidents/{id}/waive", tag = "compliance",
    params(("id" = String, Path, description = "The incident's id")),
    request_body = StopClock,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 200, body = IncidentView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn waive(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<IncidentId>,
    JsonBody { value: body, .. }: JsonBody<StopClock>,
) -> Result<Json<IncidentView>, Problem> {
    let step = ("incident.waived", Progress::waive as Step);
    stop(&app, &staff, id, &body, step).await
}

/// Write down what the internal investigation found
#[utoipa::path(
    post, path = "/compliance/incidents/{id}/findings", tag = "compliance",
    params(("id" = String, Path, description = "The incident's id")),
    request_body = Findings,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 200, body = IncidentView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn findings(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<IncidentId>,
    JsonBody { value: body, .. }: JsonBody<Findings>,
) -> Result<Json<IncidentView>, Problem> {
    staff.must_be(StaffRole::Security)?;
    let now = staff.0.now;
    let found = desk::words("findings", &body.findings)?;
    let case: Incident = find(&app, id).await?;
    if case.progress.closed_at().is_some() {
        return Err(refused(IllegalMove::Closed));
    }
    let (open, mut file) = case
        .open(&app.gate, Operation::Record, Actor::Staff, now)
        .await?;
    file.findings = Some(found);
    let progress = case.progress.clone();
    let case = case.with(progress).written(&open, &file)?;
    let told = entry(&case, &staff, "incident.findings");
    decide(&app, case, &staff, told).await
}

/// Close an incident
///
/// When every authority was told.
#[utoipa::path(
    post, path = "/compliance/incidents/{id}/close", tag = "compliance",
    params(("id" = String, Path, description = "The incident's id")),
    responses(
        (status = 200, body = IncidentView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn close(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<IncidentId>,
) -> Result<Json<IncidentView>, Problem> {
    staff.must_be(StaffRole::Security)?;
    let case: Incident = find(&app, id).await?;
    let progress = case.progress.clone().close(staff.0.now).map_err(refused)?;
    let case = case.with(progress);
    let told = entry(&case, &staff, "incident.closed");
    decide(&app, case, &staff, told).await
}
