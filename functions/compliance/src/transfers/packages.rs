//! The packages of a transfer: ordered, listed, fetched, handed over.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, header},
};
use domain::{
    compliance::{
        StaffRole,
        transfer::{Packing, Progress},
    },
    data_map::Field,
    ids::DisclosureId,
    ledger::Hash,
    processing::{Actor, Operation},
    time::Timestamp,
};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, QueryOf, Staff};
use store::{
    StoreError, Tx,
    compliance::{
        BusinessTransfer, Candidate, PackedPage, TransferPage, file_access, transfer_object,
        transfer_package_case, transfer_package_key,
    },
    personal::Sealed,
};

use super::{
    api::{
        BusinessTransferView, HandOverTransfer, ManifestQuery, PackageEntry, PackageManifest,
        PageQuery,
    },
    entry, refused,
};
use crate::{
    App,
    desk::{self, find},
};

/// Order the packages
///
/// Once the time to object is over; again, when they are over or somebody's stance has changed.
/// Each person is looked at anew: who was erased, has withdrawn, has restricted the processing or
/// objects is left out.
#[utoipa::path(
    post, path = "/compliance/business-transfers/{id}/package", tag = "compliance",
    params(("id" = String, Path, description = "The transfer's id")),
    responses(
        (status = 200, body = BusinessTransferView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn order(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<DisclosureId>,
) -> Result<Json<BusinessTransferView>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let now = staff.0.now;
    let case: BusinessTransfer = find(&app, id).await?;
    let before = case.progress.clone();
    let progress = before.clone().order_packing(now).map_err(refused)?;
    let case = case.with(progress);
    let run = case.progress.packing().map_or(0, |packing| packing.run);
    let access = file_access::<Progress>(Operation::Record, Actor::Staff);
    let name = transfer_package_case(id, run);
    let (_, key) = app.gate.new_case(&name, access, now).await?;
    let mut tx = Tx::new();
    tx.order_packing(&before, &case, key)?;
    tx.pass_on(&case, now);
    tx.record(entry(&case, &staff, "business_transfer.packing_ordered").with_fact("run", run));
    app.db.commit(tx).await?;
    Ok(Json(BusinessTransferView::of(&case)))
}

/// The manifest of the packages
///
/// Up to 500 pages of people at a time.
#[utoipa::path(
    get, path = "/compliance/business-transfers/{id}/manifest", tag = "compliance",
    params(("id" = String, Path, description = "The transfer's id"), ManifestQuery),
    responses(
        (status = 200, body = PackageManifest), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn manifest(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<DisclosureId>,
    QueryOf(query): QueryOf<ManifestQuery>,
) -> Result<Json<PackageManifest>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let case: BusinessTransfer = find(&app, id).await?;
    let packing = case.progress.packing();
    let made = packing.and_then(|packing| Some((packing.run, packing.root?)));
    let Some((run, root)) = made else {
        return Err(Problem::conflict(
            "transfer_state",
            "The packages are not made yet.",
        ));
    };
    let page = app.db.transfer_pages(id, query.cursor.as_deref()).await?;
    let entry = |page: &TransferPage| Some(PackageEntry::of(page.number, page.packed_in(run)?));
    Ok(Json(PackageManifest {
        items: page.items.iter().filter_map(entry).collect(),
        merkle_root: root.to_string(),
        next_cursor: page.next,
    }))
}

/// Fetch a package, to hand it over
///
/// Only after a fresh sign-in, and within seven days of the order. The people in it are looked at
/// once more: when one of them may not be passed on any more, the packages have to be ordered anew.
#[utoipa::path(
    get, path = "/compliance/business-transfers/{id}/package", tag = "compliance",
    params(("id" = String, Path, description = "The transfer's id"), PageQuery),
    responses(
        (status = 200, description = "The data of the people in it.", body = Object, content_type = "application/json"),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn fetch(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<DisclosureId>,
    QueryOf(query): QueryOf<PageQuery>,
) -> Result<([(HeaderName, String); 2], String), Problem> {
    staff.must_be(StaffRole::Legal)?;
    staff.0.must_be_fresh()?;
    let now = staff.0.now;
    let case: BusinessTransfer = find(&app, id).await?;
    let packing = case.progress.may_be_fetched(now).map_err(refused)?;
    let page = app.db.transfer_page(id, query.page).await?;
    let page = page.ok_or_else(Problem::not_found)?;
    let packed = page.packed_in(packing.run);
    let packed = packed.ok_or_else(Problem::not_found)?;
    still_stand(&app, &case, &page, packed, now).await?;
    let text = read(&app, &case, packing, page.number, now).await?;
    if Hash::of(text.as_bytes()) != packed.sha256 {
        let error = StoreError::Rejected("a package is not the one that was registered".to_owned());
        return Err(Problem::internal(&error));
    }
    let fetched = entry(&case, &staff, "business_transfer.package_fetched")
        .with_fact("page", page.number)
        .with_fact("package_sha256", packed.sha256);
    app.db.record(fetched).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{id}-{}.json\"", page.number),
        ),
    ];
    Ok((headers, text))
}

/// Nobody in the package has stopped it since it was made.
async fn still_stand(
    app: &App,
    case: &BusinessTransfer,
    page: &TransferPage,
    packed: PackedPage,
    now: Timestamp,
) -> Result<(), Problem> {
    let (open, _) = case
        .open(&app.gate, Operation::Extract, Actor::Staff, now)
        .await?;
    let people = page.open(&open)?.people;
    let standing = app.db.transfer_standing(case, &people, now).await?;
    // who was erased is not among those who are packed any more, so they are counted
    let stands = |one: &&Candidate| one.is_packed && one.left_out.is_none();
    if standing.iter().filter(stands).count() as u64 == packed.people {
        return Ok(());
    }
    Err(Problem::conflict(
        "stance_changed",
        "Somebody in this package was erased, objects, or has stopped the processing since it was made. Order the packages anew.",
    ))
}

async fn read(
    app: &App,
    case: &BusinessTransfer,
    packing: Packing,
    number: u32,
    now: Timestamp,
) -> Result<String, Problem> {
    let access = file_access::<Progress>(Operation::Extract, Actor::Staff);
    let name = transfer_package_case(case.id, packing.run);
    let open = app.gate.open_case(&name, access, now).await?;
    let object = transfer_object(case.id, packing.run, number);
    let sealed = Sealed::from_bytes(app.exports.get(&object).await?.to_vec());
    let key = transfer_package_key(case.id, packing.run, number);
    Ok(open.unseal::<BusinessTransfer, _>(Field::DisclosurePackage, &key, &sealed)?)
}

/// Note that the acquirer has the packages
///
/// Their key is destroyed here, and with it what lies of them.
#[utoipa::path(
    post, path = "/compliance/business-transfers/{id}/hand-over", tag = "compliance",
    params(("id" = String, Path, description = "The transfer's id")),
    request_body = HandOverTransfer,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 200, body = BusinessTransferView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn hand_over(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<DisclosureId>,
    JsonBody { value: body, .. }: JsonBody<HandOverTransfer>,
) -> Result<Json<BusinessTransferView>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let now = staff.0.now;
    let channel = desk::words("channel", &body.channel)?;
    let case: BusinessTransfer = find(&app, id).await?;
    let progress = case.progress.clone().hand_over(now).map_err(refused)?;
    let (open, mut file) = case
        .open(&app.gate, Operation::Record, Actor::Staff, now)
        .await?;
    file.channel = Some(channel);
    let case = case.with(progress).written(&open, &file)?;
    let mut tx = Tx::new();
    tx.change_case(&case)?;
    tx.end_packages(case.id, &case.progress);
    tx.record(entry(&case, &staff, "business_transfer.handed_over"));
    app.db.commit(tx).await?;
    Ok(Json(BusinessTransferView::of(&case)))
}
