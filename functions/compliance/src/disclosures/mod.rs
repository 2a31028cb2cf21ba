//! Disclosures: opened, approved, made ready, handed over, told (2.4, 5.5 to 5.8).

mod api;
pub(crate) mod out;

use axum::{Json, extract::State, http::StatusCode};
use domain::{
    compliance::{
        StaffRole,
        disclosure::{Approver, Ban, File, IllegalMove, Progress, Scope},
    },
    ids::DisclosureId,
    ledger::Entry,
    processing::{Actor, Operation},
    time::Timestamp,
};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, QueryOf, Staff};
use store::{
    Tx,
    compliance::{Case, Reference, disclosure_object, reference_key},
};

use crate::{
    App,
    desk::{self, ListQuery, erasing, find, illegal},
};
use api::{
    DeclineDisclosure, DisclosureFile, DisclosureList, DisclosureView, ForbidTelling,
    OpenDisclosure,
};

type Disclosure = Case<Progress>;

fn refused(reason: IllegalMove) -> Problem {
    let code = match reason {
        IllegalMove::State(_) => "disclosure_state",
        IllegalMove::SamePerson | IllegalMove::OwnCase => "somebody_else",
        IllegalMove::Over => "approval_over",
        IllegalMove::BanOver => "ban_over",
        IllegalMove::NotToBeTold => "not_to_be_told",
    };
    illegal(code, reason)
}

fn entry(case: &Disclosure, staff: &Staff, event: &str) -> Entry {
    let by = Approver::new(case.id, staff.0.subject());
    let progress = &case.progress;
    case.entry(Actor::Staff, event, progress.kind().clause(), staff.0.now)
        .with_fact("ground", progress.kind().as_str())
        .with_fact("by", by.as_str())
}

/// The register of disclosures
#[utoipa::path(
    get, path = "/compliance/disclosures", tag = "compliance",
    params(ListQuery),
    responses(
        (status = 200, body = DisclosureList), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    staff: Staff,
    QueryOf(query): QueryOf<ListQuery>,
) -> Result<Json<DisclosureList>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let (cases, next_cursor) = desk::list::<Progress>(&app, &query).await?;
    Ok(Json(DisclosureList {
        items: cases.iter().map(DisclosureView::of).collect(),
        next_cursor,
    }))
}

/// Open a disclosure
///
/// With its ground and what proves it, the scope, and why the scope is no wider.
/// Nothing is read and nothing leaves before others have approved it.
#[utoipa::path(
    post, path = "/compliance/disclosures", tag = "compliance",
    request_body = OpenDisclosure,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 201, body = DisclosureView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn open(
    State(app): State<App>,
    staff: Staff,
    JsonBody { value: body, .. }: JsonBody<OpenDisclosure>,
) -> Result<(StatusCode, Json<DisclosureView>), Problem> {
    staff.must_be(StaffRole::Legal)?;
    let now = staff.0.now;
    let scope = Scope::new(body.categories.clone(), body.period.read()?)
        .map_err(|reason| Problem::field("categories", reason))?;
    let file = File {
        subject: desk::person(&app, &body.person).await?,
        grounds: body.grounds.read()?,
        requested: desk::words("requested", &body.requested)?,
        minimisation: desk::words("minimisation", &body.minimisation)?,
        channel: None,
        declined: None,
    };
    let id = DisclosureId::new(now);
    let by = Approver::new(id, staff.0.subject());
    let mut progress = Progress::open(&file.grounds, scope, by, now);
    if let Some(ban) = &body.ban {
        progress = progress.forbid(ban.read()?, now).map_err(refused)?;
    }
    let (case, key) = Case::new(&app.gate, id, progress, &file, Actor::Staff, now).await?;
    let mut tx = Tx::new();
    tx.alive(file.subject);
    tx.open_case(&case, &key);
    tx.record(
        entry(&case, &staff, "disclosure.opened")
            .with_fact("scope", names(case.progress.scope()))
            .with_fact("law", file.grounds.law().as_str()),
    );
    app.db.commit(tx).await.map_err(erasing)?;
    Ok((StatusCode::CREATED, Json(DisclosureView::of(&case))))
}

fn names(scope: &Scope) -> String {
    let names: Vec<_> = scope.categories().iter().map(|c| c.as_str()).collect();
    names.join(",")
}

/// Read one disclosure
///
/// With its file: whose data, for whom, on which ground.
#[utoipa::path(
    get, path = "/compliance/disclosures/{id}", tag = "compliance",
    params(("id" = String, Path, description = "The disclosure's id")),
    responses(
        (status = 200, body = DisclosureFile), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<DisclosureId>,
) -> Result<Json<DisclosureFile>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let case: Disclosure = find(&app, id).await?;
    let (_, file) = read(&app, &case, Operation::Extract, staff.0.now).await?;
    Ok(Json(DisclosureFile::of(&case, file)))
}

async fn read(
    app: &App,
    case: &Disclosure,
    operation: Operation,
    now: Timestamp,
) -> Result<(store::personal::CaseFile, File), Problem> {
    Ok(case.open(&app.gate, operation, Actor::Staff, now).await?)
}

/// Commits the next state of a case, with its entry in the ledger.
async fn decide(
    app: &App,
    case: Disclosure,
    staff: &Staff,
    event: &str,
) -> Result<Json<DisclosureView>, Problem> {
    let mut tx = Tx::new();
    tx.change_case(&case)?;
    tx.record(entry(&case, staff, event));
    app.db.commit(tx).await?;
    Ok(Json(DisclosureView::of(&case)))
}

/// Approve a disclosure
///
/// An authority's demand needs two different people; the others need one who did
/// not open it. An approval holds for seven days.
#[utoipa::path(
    post, path = "/compliance/disclosures/{id}/approve", tag = "compliance",
    params(("id" = String, Path, description = "The disclosure's id")),
    responses(
        (status = 200, body = DisclosureView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn approve(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<DisclosureId>,
) -> Result<Json<DisclosureView>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let case: Disclosure = find(&app, id).await?;
    let by = Approver::new(id, staff.0.subject());
    let progress = case.progress.clone().approve(by, staff.0.now);
    let case = case.with(progress.map_err(refused)?);
    decide(&app, case, &staff, "disclosure.approved").await
}

/// Decline a disclosure
///
/// Until it is handed over. A package that was made is destroyed.
#[utoipa::path(
    post, path = "/compliance/disclosures/{id}/decline", tag = "compliance",
    params(("id" = String, Path, description = "The disclosure's id")),
    request_body = DeclineDisclosure,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 200, body = DisclosureView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn decline(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<DisclosureId>,
    JsonBody { value: body, .. }: JsonBody<DeclineDisclosure>,
) -> Result<Json<DisclosureView>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let now = staff.0.now;
    let reason = desk::words("reason", &body.reason)?;
    let case: Disclosure = find(&app, id).await?;
    let progress = case.progress.clone().decline(now).map_err(refused)?;
    let (open, mut file) = read(&app, &case, Operation::Record, now).await?;
    file.declined = Some(reason);
    let case = case.with(progress).written(&open, &file)?;
    let view = decide(&app, case, &staff, "disclosure.declined").await?;
    destroy(&app, id).await?;
    Ok(view)
}

/// A package is not kept once it is not needed; what fails here, the bucket's
/// own expiry does within seven days.
async fn destroy(app: &App, id: DisclosureId) -> Result<(), Problem> {
    let versions = app.exports.versions(&disclosure_object(id)).await?;
    Ok(app.exports.destroy(&versions).await?)
}

/// Forbid to tell the person
///
/// With the provision and an end; a later ban replaces an earlier one. When it
/// ends the person is told.
#[utoipa::path(
    post, path = "/compliance/disclosures/{id}/forbid", tag = "compliance",
    params(("id" = String, Path, description = "The disclosure's id")),
    request_body = ForbidTelling,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 200, body = DisclosureView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn forbid(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<DisclosureId>,
    JsonBody { value: body, .. }: JsonBody<ForbidTelling>,
) -> Result<Json<DisclosureView>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let now = staff.0.now;
    let ban: Ban = body.read()?;
    let case: Disclosure = find(&app, id).await?;
    let progress = case.progress.clone().forbid(ban, now).map_err(refused)?;
    let case = case.with(progress);
    let mut tx = Tx::new();
    tx.change_case(&case)?;
    if let Some(tell_at) = case.progress.tell_at() {
        let (_, file) = read(&app, &case, Operation::Extract, now).await?;
        let key = reference_key(file.subject, &id.to_string());
        // a person who was erased meanwhile is told nothing
        if let Some(reference) = app.db.get::<Reference>(&key).await? {
            tx.tell_later(&reference, tell_at)?;
        }
    }
    tx.record(entry(&case, &staff, "disclosure.telling_forbidden"));
    app.db.commit(tx).await?;
    Ok(Json(DisclosureView::of(&case)))
}
