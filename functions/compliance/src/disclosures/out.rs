//! What leaves: the package is made under a grant, fetched while it holds, and
//! handed over once.

use axum::{Json, extract::State};
use bytes::Bytes;
use domain::{
    compliance::{
        StaffRole,
        disclosure::{Package, Progress},
    },
    data_map::Field,
    ids::DisclosureId,
    ledger::Hash,
    processing::Operation,
};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, Staff};
use store::{
    Tx,
    compliance::{Case, compile, disclosure_object, disclosure_package_key},
    personal::Sealed,
};

use super::{
    Disclosure,
    api::{DisclosureView, HandOver},
    decide, destroy, entry, read, refused,
};
use crate::{
    App,
    desk::{self, Attachment, as_registered, attachment, erasing, find},
};

/// Make the package
///
/// What the scope names is read under the grant of the approvals, and sealed.
#[utoipa::path(
    post, path = "/compliance/disclosures/{id}/release", tag = "compliance",
    params(("id" = String, Path, description = "The disclosure's id")),
    responses(
        (status = 200, body = DisclosureView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn release(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<DisclosureId>,
) -> Result<Json<DisclosureView>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let now = staff.0.now;
    let case: Disclosure = find(&app, id).await?;
    let (open, file) = read(&app, &case, Operation::Record, now).await?;
    let grant = case.progress.grant(id, &file, now).map_err(refused)?;
    let disclosed = app.gate.disclose(grant, now).await?;
    let content = compile(&app.db, &disclosed, now).await?;
    let text = format!("{content:#}");
    let package = Package {
        sha256: Hash::of(text.as_bytes()),
        bytes: text.len() as u64,
        made_at: now,
    };
    let progress = case
        .progress
        .clone()
        .packed(package, now)
        .map_err(refused)?;
    let key = disclosure_package_key(id);
    let sealed = open.seal::<Case<Progress>>(Field::DisclosurePackage, &key, &text)?;
    let bytes = Bytes::copy_from_slice(sealed.as_bytes());
    let object = disclosure_object(id);
    app.exports
        .put(&object, "application/octet-stream", bytes)
        .await?;
    let case = case.with(progress);
    let mut tx = Tx::new();
    tx.change_case(&case)?;
    tx.record(
        entry(&case, &staff, "disclosure.released")
            .with_person(disclosed.pseudonym())
            .with_fact("package_sha256", package.sha256),
    );
    app.db.commit(tx).await?;
    Ok(Json(DisclosureView::of(&case)))
}

/// Fetch the package, to hand it over
///
/// Only after a fresh sign-in, and while the approval holds.
#[utoipa::path(
    get, path = "/compliance/disclosures/{id}/package", tag = "compliance",
    params(("id" = String, Path, description = "The disclosure's id")),
    responses(
        (status = 200, description = "The data within the scope.", body = Object, content_type = "application/json"),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn package(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<DisclosureId>,
) -> Result<Attachment, Problem> {
    staff.must_be(StaffRole::Legal)?;
    staff.0.must_be_fresh()?;
    let now = staff.0.now;
    let case: Disclosure = find(&app, id).await?;
    let package = case.progress.may_be_fetched(now).map_err(refused)?;
    let (open, _) = read(&app, &case, Operation::Extract, now).await?;
    let sealed = app.exports.get(&disclosure_object(id)).await?.to_vec();
    let (key, sealed) = (disclosure_package_key(id), Sealed::from_bytes(sealed));
    let text: String = open.unseal::<Case<Progress>, _>(Field::DisclosurePackage, &key, &sealed)?;
    let text = as_registered(text, package.sha256)?;
    let fetched = entry(&case, &staff, "disclosure.package_fetched")
        .with_fact("package_sha256", package.sha256);
    app.db.record(fetched).await?;
    Ok(attachment(&id.to_string(), text))
}

/// Note that the recipient has the package
///
/// The package is destroyed here. The person is told with it, unless a ban holds.
#[utoipa::path(
    post, path = "/compliance/disclosures/{id}/hand-over", tag = "compliance",
    params(("id" = String, Path, description = "The disclosure's id")),
    request_body = HandOver,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 200, body = DisclosureView), (status = 401, body = ProblemDocument),
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
    JsonBody { value: body, .. }: JsonBody<HandOver>,
) -> Result<Json<DisclosureView>, Problem> {
    staff.must_be(StaffRole::Legal)?;
    let now = staff.0.now;
    let channel = desk::words("channel", &body.channel)?;
    let case: Disclosure = find(&app, id).await?;
    let progress = case.progress.clone().hand_over(now).map_err(refused)?;
    let (open, mut file) = read(&app, &case, Operation::Record, now).await?;
    file.channel = Some(channel);
    let subject = file.subject;
    let can_be_told = app.db.can_be_told(subject).await?;
    let progress = match progress.clone().told(now) {
        Ok(told) if can_be_told => told,
        _ => progress,
    };
    let case = case.with(progress).written(&open, &file)?;
    let view = if can_be_told {
        let mut tx = Tx::new();
        tx.change_case(&case)?;
        tx.refer(subject, &case, now);
        tx.record(entry(&case, &staff, "disclosure.handed_over"));
        app.db.commit(tx).await.map_err(erasing)?;
        Json(DisclosureView::of(&case))
    } else {
        // whoever was erased is told nothing; the register is kept all the same
        decide(&app, case, &staff, "disclosure.handed_over").await?
    };
    destroy(&app, id).await?;
    Ok(view)
}
