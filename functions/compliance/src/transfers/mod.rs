//! Transfers of personal data with a sale of the business (clause 5.6c): proposed, approved by
//! somebody else, announced to everybody, packed, passed.

mod api;
pub(crate) mod packages;

use axum::{Json, extract::State, http::StatusCode};
use domain::{
    compliance::{
        StaffRole,
        disclosure::Approver,
        transfer::{CLAUSE, IllegalMove, InvalidTerms, Progress},
    },
    ids::DisclosureId,
    ledger::Entry,
    processing::{Actor, Operation},
};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, QueryOf, Staff};
use store::{
    Tx,
    compliance::{BusinessTransfer, Objection, object_to_transfer},
};

use crate::{
    App,
    desk::{self, ListQuery, find, illegal},
};
use api::{
    BusinessTransferFile, BusinessTransferList, BusinessTransferView, CancelTransfer,
    EnterObjection, ObjectionView, ProposeTransfer,
};

fn refused(reason: IllegalMove) -> Problem {
    let code = match reason {
        IllegalMove::State(_) => "transfer_state",
        IllegalMove::OwnCase => "somebody_else",
        IllegalMove::Early => "objections_possible",
        IllegalMove::Over => "packages_over",
    };
    illegal(code, reason)
}

fn entry(case: &BusinessTransfer, staff: &Staff, event: &str) -> Entry {
    let by = Approver::new(case.id, staff.0.subject());
    case.entry(Actor::Staff, event, CLAUSE, staff.0.now)
        .with_fact("by", by.as_str())
}

/// The register of transfers of the business
#[utoipa::path(
    get, path = "/compliance/business-transfers", tag = "compliance",
    params(ListQuery),
    responses(
        (status = 200, body = BusinessTransferList), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    staff: Staff,
    QueryOf(query): QueryOf<ListQuery>,
) -> Result<Json<BusinessTransferList>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let (cases, next_cursor) = desk::list::<Progress>(&app, &query).await?;
    Ok(Json(BusinessTransferList {
        items: cases.iter().map(BusinessTransferView::of).collect(),
        next_cursor,
    }))
}

/// Propose a transfer of the business
///
/// With the acquirer, the ground, and what is passed on. Nobody is told of it before somebody
/// else has approved it.
#[utoipa::path(
    post, path = "/compliance/business-transfers", tag = "compliance",
    request_body = ProposeTransfer,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 201, body = BusinessTransferView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn propose(
    State(app): State<App>,
    staff: Staff,
    JsonBody { value: body, .. }: JsonBody<ProposeTransfer>,
) -> Result<(StatusCode, Json<BusinessTransferView>), Problem> {
    staff.must_be(StaffRole::Legal)?;
    let now = staff.0.now;
    let id = DisclosureId::new(now);
    let by = Approver::new(id, staff.0.subject());
    let progress = Progress::propose(body.terms()?, body.window(), by, now);
    let progress = progress.map_err(|reason| match reason {
        InvalidTerms::Scope(_) | InvalidTerms::Unbounded(_) => Problem::field("categories", reason),
        InvalidTerms::Window => Problem::field("objection_days", reason),
    })?;
    let file = body.file()?;
    let (case, key) =
        BusinessTransfer::new(&app.gate, id, progress, &file, Actor::Staff, now).await?;
    let mut tx = Tx::new();
    tx.open_case(&case, &key);
    tx.record(
        entry(&case, &staff, "business_transfer.proposed")
            .with_fact("law", case.progress.terms().law.as_str()),
    );
    app.db.commit(tx).await?;
    Ok((StatusCode::CREATED, Json(BusinessTransferView::of(&case))))
}

/// Read one transfer of the business
#[utoipa::path(
    get, path = "/compliance/business-transfers/{id}", tag = "compliance",
    params(("id" = String, Path, description = "The transfer's id")),
    responses(
        (status = 200, body = BusinessTransferFile), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<DisclosureId>,
) -> Result<Json<BusinessTransferFile>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let case: BusinessTransfer = find(&app, id).await?;
    let (_, file) = case
        .open(&app.gate, Operation::Extract, Actor::Staff, staff.0.now)
        .await?;
    Ok(Json(BusinessTransferFile::of(&case, file)))
}

/// Approve a transfer of the business
///
/// By somebody else than who proposed it. Every account is told by letter, and may object from
/// then on.
#[utoipa::path(
    post, path = "/compliance/business-transfers/{id}/approve", tag = "compliance",
    params(("id" = String, Path, description = "The transfer's id")),
    responses(
        (status = 200, body = BusinessTransferView), (status = 401, body = ProblemDocument),
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
) -> Result<Json<BusinessTransferView>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let now = staff.0.now;
    let case: BusinessTransfer = find(&app, id).await?;
    let by = Approver::new(id, staff.0.subject());
    let progress = case.progress.clone().approve(&by, now);
    let case = case.with(progress.map_err(refused)?);
    let mut tx = Tx::new();
    tx.change_case(&case)?;
    tx.pass_on(&case, now);
    tx.record(entry(&case, &staff, "business_transfer.approved"));
    app.db.commit(tx).await?;
    Ok(Json(BusinessTransferView::of(&case)))
}

/// Cancel a transfer of the business
///
/// Until it is handed over. Packages that were made can't be read any more.
#[utoipa::path(
    post, path = "/compliance/business-transfers/{id}/cancel", tag = "compliance",
    params(("id" = String, Path, description = "The transfer's id")),
    request_body = CancelTransfer,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 200, body = BusinessTransferView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn cancel(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<DisclosureId>,
    JsonBody { value: body, .. }: JsonBody<CancelTransfer>,
) -> Result<Json<BusinessTransferView>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let now = staff.0.now;
    let reason = desk::words("reason", &body.reason)?;
    let case: BusinessTransfer = find(&app, id).await?;
    let progress = case.progress.clone().cancel(now).map_err(refused)?;
    let (open, mut file) = case
        .open(&app.gate, Operation::Record, Actor::Staff, now)
        .await?;
    file.cancelled = Some(reason);
    let case = case.with(progress).written(&open, &file)?;
    let mut tx = Tx::new();
    tx.change_case(&case)?;
    tx.end_packages(case.id, &case.progress);
    tx.record(entry(&case, &staff, "business_transfer.cancelled"));
    app.db.commit(tx).await?;
    Ok(Json(BusinessTransferView::of(&case)))
}

/// Enter an objection that came by letter
///
/// Of somebody who was told of the transfer. Repeating it changes nothing.
#[utoipa::path(
    post, path = "/compliance/business-transfers/{id}/objections", tag = "compliance",
    params(("id" = String, Path, description = "The transfer's id")),
    request_body = EnterObjection,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 200, body = ObjectionView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn object(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<DisclosureId>,
    JsonBody { value: body, .. }: JsonBody<EnterObjection>,
) -> Result<Json<ObjectionView>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let now = staff.0.now;
    let person = desk::person(&app, &body.person).await?;
    match object_to_transfer(&app.db, &app.gate, person, id, Actor::Staff, now).await? {
        Objection::Stands(announcement) => Ok(Json(ObjectionView {
            objected_at: desk::text(announcement.objected_at),
        })),
        Objection::NotTold => Err(Problem::not_found()),
        Objection::Closed => Err(Problem::conflict(
            "transfer_state",
            "The transfer is over; nothing can be objected to any more.",
        )),
    }
}
