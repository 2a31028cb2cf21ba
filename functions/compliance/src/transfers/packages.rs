//! The packages of a transfer: ordered, listed, fetched, handed over.

use axum::{Json, extract::State};
use domain::{
    compliance::{
        StaffRole,
        transfer::{Progress, State as Standing},
    },
    data_map::Field,
    ids::DisclosureId,
    ledger::{Hash, merkle_root},
    processing::{Actor, Operation},
    time::Timestamp,
};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, QueryOf, Staff};
use store::{
    Tx,
    compliance::{
        BusinessTransfer, PackedPage, TransferPage, file_access, transfer_object,
        transfer_package_case, transfer_package_key,
    },
    personal::Sealed,
};

use super::{
    api::{BusinessTransferView, HandOverTransfer, PackageEntry, PackageManifest, PageQuery},
    entry, refused,
};
use crate::{
    App,
    desk::{self, Attachment, as_registered, attachment, find},
};

/// Order the packages
///
/// Once the time to object is over; again, when they are over. Each person is looked at anew: who
/// was erased, has withdrawn, has restricted the processing or objects is left out.
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

/// The packages of the last making, in the order of their pages.
async fn packages(app: &App, case: &BusinessTransfer) -> Result<Vec<(u32, PackedPage)>, Problem> {
    let run = case.progress.packing().map_or(0, |packing| packing.run);
    let pages = app.db.transfer_pages(case.id).await?;
    let packed = |page: &TransferPage| Some((page.number, page.packed_in(run)?));
    Ok(pages.iter().filter_map(packed).collect())
}

fn root(packages: &[(u32, PackedPage)]) -> Hash {
    let hashes: Vec<Hash> = packages.iter().map(|(_, one)| one.sha256).collect();
    merkle_root(&hashes)
}

/// The manifest of the packages
///
/// As they are at this moment: a package that is made again changes its hash and the root, until
/// they are handed over.
#[utoipa::path(
    get, path = "/compliance/business-transfers/{id}/manifest", tag = "compliance",
    params(("id" = String, Path, description = "The transfer's id")),
    responses(
        (status = 200, body = PackageManifest), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn manifest(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<DisclosureId>,
) -> Result<Json<PackageManifest>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let case: BusinessTransfer = find(&app, id).await?;
    if !matches!(case.progress.state(), Standing::Packed | Standing::Passed) {
        return Err(Problem::conflict(
            "transfer_state",
            "There are no packages that are made and not cancelled.",
        ));
    }
    let packages = packages(&app, &case).await?;
    Ok(Json(PackageManifest {
        merkle_root: root(&packages).to_string(),
        items: packages.into_iter().map(PackageEntry::of).collect(),
        next_cursor: None,
    }))
}

/// Fetch a package, to hand it over
///
/// Only after a fresh sign-in, and within seven days of the order. With that the data of the people
/// in it counts as passed on. They are looked at once more before: when one of them may not be
/// passed on any more, the package is made again without them, to be fetched in a minute.
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
) -> Result<Attachment, Problem> {
    staff.must_be(StaffRole::Legal)?;
    staff.0.must_be_fresh()?;
    let now = staff.0.now;
    let case: BusinessTransfer = find(&app, id).await?;
    let packing = case.progress.may_be_fetched(now).map_err(refused)?;
    let page = app.db.transfer_page(id, query.page).await?;
    let page = page.ok_or_else(Problem::not_found)?;
    let packed = page.packed_in(packing.run);
    let packed = packed.ok_or_else(Problem::not_found)?;
    let (open, _) = case
        .open(&app.gate, Operation::Extract, Actor::Staff, now)
        .await?;
    let people = page.open(&open)?.packed;
    let people = app.db.transfer_standing(id, &people, now).await?;
    if people.iter().any(|one| one.left_out.is_some()) {
        return Err(made_again(&app, &case, &staff, page.number).await?);
    }
    let text = read(&app, &case, page.number, packed, now).await?;
    let mut tx = Tx::new();
    tx.fetch_page(&page, packed, &people, now)?;
    tx.record(
        entry(&case, &staff, "business_transfer.package_fetched")
            .with_fact("page", page.number)
            .with_fact("package_sha256", packed.sha256),
    );
    app.db.commit(tx).await?;
    Ok(attachment(&format!("{id}-{}", page.number), text))
}

/// Lets the package be made again without who has stopped it since; what is answered meanwhile.
async fn made_again(
    app: &App,
    case: &BusinessTransfer,
    staff: &Staff,
    page: u32,
) -> Result<Problem, Problem> {
    let mut tx = Tx::new();
    tx.pack_again(case.id, page, staff.0.now);
    tx.record(entry(case, staff, "business_transfer.packing_ordered").with_fact("page", page));
    app.db.commit(tx).await?;
    Ok(Problem::conflict(
        "stance_changed",
        "Somebody in this package was erased, objects, or has stopped the processing since it was made. It is made again without them: fetch it in a minute.",
    ))
}

async fn read(
    app: &App,
    case: &BusinessTransfer,
    number: u32,
    packed: PackedPage,
    now: Timestamp,
) -> Result<String, Problem> {
    let access = file_access::<Progress>(Operation::Extract, Actor::Staff);
    let name = transfer_package_case(case.id, packed.run);
    let open = app.gate.open_case(&name, access, now).await?;
    let object = transfer_object(case.id, number, packed);
    let sealed = Sealed::from_bytes(app.exports.get(&object).await?.to_vec());
    let key = transfer_package_key(case.id, number, packed);
    let text: String =
        open.unseal::<BusinessTransfer, _>(Field::DisclosurePackage, &key, &sealed)?;
    as_registered(text, packed.sha256)
}

/// Note that the acquirer has the packages
///
/// Once each of them was fetched. Their key is destroyed here, and with it what lies of them.
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
    let packages = packages(&app, &case).await?;
    let root = root(&packages);
    let progress = case.progress.clone().hand_over(root, now);
    let progress = progress.map_err(refused)?;
    if packages.iter().any(|(_, one)| one.fetched_at.is_none()) {
        return Err(Problem::conflict(
            "packages_not_fetched",
            "A package was not fetched, or was made again since. Fetch it first.",
        ));
    }
    let (open, mut file) = case
        .open(&app.gate, Operation::Record, Actor::Staff, now)
        .await?;
    file.channel = Some(channel);
    let case = case.with(progress).written(&open, &file)?;
    let mut tx = Tx::new();
    tx.change_case(&case)?;
    tx.end_packages(case.id, &case.progress);
    tx.record(entry(&case, &staff, "business_transfer.handed_over").with_fact("merkle_root", root));
    app.db.commit(tx).await?;
    Ok(Json(BusinessTransferView::of(&case)))
}
