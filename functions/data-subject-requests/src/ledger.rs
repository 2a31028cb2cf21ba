//! What the ledger says about a person while a request is open: every access,
//! and what happened before the request took effect (5.10, 6.7).

use axum::{Json, extract::State};
use domain::{compliance::Period, ids::RequestId, request::Progress, time::Timestamp};
use platform::{
    deadline,
    http::{PathId, Problem, ProblemDocument, QueryOf, Staff},
};

use crate::{
    App,
    api::text,
    compliance::{ROLE, find, open},
    desk::{EntryView, LedgerQuery, LedgerView},
};

/// Read what happened to the data while a request was open
///
/// From the chains of the ledger: accesses with purpose and operation, letters
/// and steps, from the receipt to the end. With `window=true` only what happened
/// between the receipt and the moment when the request took effect, which a
/// restriction that is dated back has to answer for.
#[utoipa::path(
    get, path = "/compliance/requests/{id}/ledger", tag = "compliance",
    params(("id" = String, Path, description = "The request's id"), LedgerQuery),
    responses(
        (status = 200, body = LedgerView), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn ledger(
    State(app): State<App>,
    staff: Staff,
    PathId(id): PathId<RequestId>,
    QueryOf(query): QueryOf<LedgerQuery>,
) -> Result<Json<LedgerView>, Problem> {
    staff.must_be(ROLE)?;
    let now = staff.0.now;
    let request = find(&app, id, now).await?;
    let person = open(&app, &request, now).await?;
    let pseudonym = person.pseudonym();
    let period = period(&request.progress, query.window, now);
    let entries = app.db.ledger_of(period, deadline::end()).await?;
    let entries = entries.ok_or_else(|| {
        Problem::conflict(
            "too_many_accesses",
            "There are too many accesses in this period for one list. Ask for the window only.",
        )
    })?;
    let took_effect_at = request.progress.confirmed_at();
    let theirs = entries
        .into_iter()
        .filter(|entry| entry.person.as_ref() == Some(&pseudonym));
    let mut items: Vec<_> = theirs
        .map(|entry| EntryView::of(entry, took_effect_at))
        .collect();
    items.retain(|entry| entry.in_window || !query.window);
    Ok(Json(LedgerView {
        from: period.from.to_string(),
        to: period.to.to_string(),
        took_effect_at: text(took_effect_at),
        items,
        next_cursor: None,
    }))
}

/// From the receipt to the moment of effect, or to the end.
fn period(progress: &Progress, window: bool, now: Timestamp) -> Period {
    let effect = progress.confirmed_at().filter(|_| window);
    Period {
        from: progress.received_at(),
        to: effect.or(progress.closed_at()).unwrap_or(now),
    }
}
