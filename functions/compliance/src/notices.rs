//! Notices to whoever was given a person's data: that it was corrected, or must be
//! destroyed (clauses 5.2b, 5.6, 6.3b). They follow from corrections and erasures
//! by themselves; the staff note the receipt.

use axum::{Json, extract::State};
use domain::{
    compliance::{
        StaffRole,
        notice::{IllegalMove, Matter, Recipient},
    },
    ids::NoticeId,
    processing::Actor,
    time::Timestamp,
};
use platform::http::{JsonBody, PathId, Problem, ProblemDocument, QueryOf, Staff};
use serde::{Deserialize, Serialize};
use store::{Tx, compliance::Notice};
use utoipa::ToSchema;

use crate::{
    App,
    desk::{self, ListQuery, PAGE, illegal, text},
};

/// A notice. It names nobody.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoticeView {
    /// The notice.
    #[schema(example = "ntc_0193a1b2c3d47e8f90a1b2c3d4e5f607")]
    pub id: String,
    /// The processor that is told, or else it goes to whom `disclosure` names.
    pub processor: Option<String>,
    /// The disclosure whose recipient is told, by the staff.
    pub disclosure: Option<String>,
    /// `correction` or `destruction`.
    #[schema(value_type = String, example = "destruction")]
    pub matter: Matter,
    /// As what the processor knows the person, until it has answered.
    pub references: Vec<String>,
    /// The erasure that it follows from.
    pub case: Option<String>,
    /// Since when.
    pub asked_at: String,
    /// By when the receipt must be there.
    pub due_at: String,
    /// When the letter went; absent where the staff have to write.
    pub written_at: Option<String>,
    /// When the recipient confirmed it.
    pub answered_at: Option<String>,
    /// SHA-256 of the confirmation.
    pub receipt_sha256: Option<String>,
    /// It was confirmed too late, or is not though its time is over.
    pub late: bool,
}

impl NoticeView {
    fn of(notice: &Notice, now: Timestamp) -> Self {
        let progress = &notice.progress;
        let (processor, disclosure) = match progress.to() {
            Recipient::Processor(processor) => (Some(processor.as_str().to_owned()), None),
            Recipient::Disclosure(id) => (None, Some(id.to_string())),
        };
        Self {
            id: notice.id.to_string(),
            processor,
            disclosure,
            matter: progress.matter(),
            references: notice.references.clone(),
            case: notice.case.map(|case| case.to_string()),
            asked_at: progress.asked_at().to_string(),
            due_at: progress.due_at().to_string(),
            written_at: text(progress.written_at()),
            answered_at: text(progress.answered_at()),
            receipt_sha256: progress.receipt().map(|hash| hash.to_string()),
            late: progress.is_late(now),
        }
    }
}

/// Notices.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoticeList {
    /// The newest first, or the nearest deadline first.
    pub items: Vec<NoticeView>,
    /// Where the next page begins.
    pub next_cursor: Option<String>,
}

/// A confirmation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReceiptBody {
    /// SHA-256 of what the recipient wrote, hexadecimal; the document itself is kept
    /// with the contract.
    pub receipt_sha256: String,
    /// When they confirmed it.
    #[schema(example = "2026-11-23T09:00:00Z")]
    pub answered_at: String,
}

/// The register of notices to whoever was given data
#[utoipa::path(
    get, path = "/compliance/notices", tag = "compliance",
    params(ListQuery),
    responses(
        (status = 200, body = NoticeList), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    staff: Staff,
    QueryOf(query): QueryOf<ListQuery>,
) -> Result<Json<NoticeList>, Problem> {
    staff.must_be(StaffRole::Privacy)?;
    let (notices, next_cursor) = if query.open {
        (app.db.open_notices().await?, None)
    } else {
        let page = app.db.notices(query.cursor.as_deref(), PAGE).await?;
        (page.items, page.next)
    };
    let now = staff.0.now;
    let items = notices.iter().map(|notice| NoticeView::of(notice, now));
    Ok(Json(NoticeList {
        items: items.collect(),
        next_cursor,
    }))
}

/// Note that a recipient has confirmed a notice
///
/// Once. What the recipient knew the person as is forgotten with it.
#[utoipa::path(
    post, path = "/compliance/notices/{id}/receipt", tag = "compliance",
    params(("id" = String, Path, description = "The notice's id")),
    request_body = ReceiptBody,
    responses(
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument), (status = 415, body = ProblemDocument),
        (status = 200, body = NoticeView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn receipt(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<NoticeId>,
    JsonBody { value: body, .. }: JsonBody<ReceiptBody>,
) -> Result<Json<NoticeView>, Problem> {
    staff.must_be(StaffRole::Privacy)?;
    let now = staff.0.now;
    let receipt = desk::sha256("receipt_sha256", &body.receipt_sha256)?;
    let at = desk::instant("answered_at", &body.answered_at)?;
    let notice = app.db.notice(id).await?.ok_or_else(Problem::not_found)?;
    let progress = notice.progress.clone().answered(receipt, at, now);
    let notice = notice.with(progress.map_err(refused)?);
    let mut tx = Tx::new();
    tx.change_notice(&notice)?;
    let entry = notice.entry(Actor::Staff, "notice.answered", now);
    let late = notice.progress.is_late(now);
    tx.record(entry.with_fact("receipt", receipt).with_fact("late", late));
    app.db.commit(tx).await?;
    Ok(Json(NoticeView::of(&notice, now)))
}

fn refused(reason: IllegalMove) -> Problem {
    match reason {
        IllegalMove::Answered => illegal("notice_answered", reason),
        IllegalMove::NotThen => Problem::field("answered_at", reason),
    }
}
