//! The transfers of the business that a person was told of, and their objection (clause 5.6c).

use axum::{Json, extract::State};
use domain::{
    compliance::transfer,
    ids::DisclosureId,
    processing::{Actor, Category},
    time::Timestamp,
};
use platform::http::{PathId, Problem, ProblemDocument, SignedIn};
use serde::Serialize;
use store::compliance::{Announcement, BusinessTransfer, Objection, object_to_transfer};
use utoipa::ToSchema;

use crate::App;

/// A transfer of the business, as its people are told of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnnouncedTransfer {
    /// The transfer.
    #[schema(value_type = String, example = "dis_0193a1b2c3d47e8f90a1b2c3d4e5f607")]
    id: DisclosureId,
    /// Who acquires the business.
    counterparty: String,
    /// The acquirer's address.
    address: String,
    /// The provision that allows it.
    #[schema(example = "GDPR art. 6(1)(f)")]
    law: String,
    /// Which of your data would be passed on.
    #[schema(value_type = Vec<String>)]
    categories: Vec<Category>,
    /// It was cancelled.
    cancelled: bool,
    /// When you were told.
    #[schema(value_type = String, format = DateTime)]
    announced_at: Timestamp,
    /// Until when you may object at least.
    #[schema(value_type = String, format = DateTime)]
    object_until: Timestamp,
    /// When you objected.
    #[schema(value_type = Option<String>, format = DateTime)]
    objected_at: Option<Timestamp>,
    /// When your data was taken out to be passed on.
    #[schema(value_type = Option<String>, format = DateTime)]
    passed_at: Option<Timestamp>,
}

impl AnnouncedTransfer {
    fn of(announcement: &Announcement, case: &BusinessTransfer) -> Self {
        let progress = &case.progress;
        let terms = progress.terms();
        Self {
            id: case.id,
            counterparty: terms.counterparty.reveal().to_owned(),
            address: terms.address.reveal().to_owned(),
            law: terms.law.as_str().to_owned(),
            categories: terms.categories.iter().copied().collect(),
            cancelled: progress.state() == transfer::State::Cancelled,
            announced_at: announcement.at,
            object_until: announcement.object_until,
            objected_at: announcement.objected_at,
            passed_at: announcement.passed_at,
        }
    }
}

/// The transfers that one was told of.
#[derive(Serialize, ToSchema)]
pub(crate) struct AnnouncedTransferList {
    /// The oldest first.
    items: Vec<AnnouncedTransfer>,
    /// Always `null`: the list is short.
    next_cursor: Option<String>,
}

/// List the transfers of the business that one was told of
#[utoipa::path(
    get, path = "/me/business-transfers", tag = "consents",
    responses(
        (status = 200, body = AnnouncedTransferList), (status = 401, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    signed_in: SignedIn,
) -> Result<Json<AnnouncedTransferList>, Problem> {
    let mut items = Vec::new();
    for announcement in app.db.announcements_of(signed_in.subject()).await? {
        let case = app.db.case::<transfer::Progress>(announcement.transfer);
        // the register's term may have ended it
        let case = case.await?;
        items.extend(case.map(|case| AnnouncedTransfer::of(&announcement, &case)));
    }
    Ok(Json(AnnouncedTransferList {
        items,
        next_cursor: None,
    }))
}

/// Object to a transfer of the business
///
/// Without a reason, and once: repeating it changes nothing. Whoever objects is not passed on.
#[utoipa::path(
    put, path = "/me/business-transfers/{id}/objection", tag = "consents",
    params(("id" = String, Path, description = "The transfer's id")),
    responses(
        (status = 200, body = AnnouncedTransfer), (status = 401, body = ProblemDocument),
        (status = 403, description = "A cookie from another site's page", body = ProblemDocument),
        (status = 404, body = ProblemDocument),
        (status = 409, description = "The transfer is over", body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn object(
    State(app): State<App>,
    signed_in: SignedIn,
    PathId(id): PathId<DisclosureId>,
) -> Result<Json<AnnouncedTransfer>, Problem> {
    let (subject, now) = (signed_in.subject(), signed_in.now);
    let objected = object_to_transfer(&app.db, &app.gate, subject, id, Actor::Subject, now);
    match objected.await? {
        Objection::Stands(announcement) => {
            let case = app.db.case::<transfer::Progress>(id).await?;
            let case: BusinessTransfer = case.ok_or_else(Problem::not_found)?;
            Ok(Json(AnnouncedTransfer::of(&announcement, &case)))
        }
        Objection::NotTold => Err(Problem::not_found()),
        Objection::Closed => Err(Problem::conflict(
            "transfer_state",
            "The transfer is over; nothing can be objected to any more.",
        )),
    }
}
