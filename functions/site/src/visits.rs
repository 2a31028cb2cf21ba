//! The log of visits (clause 3.4): four fields, for security only.

use axum::{Json, extract::State, http::StatusCode};
use domain::{
    compliance::StaffRole,
    site::{Day, Visit, origin},
    time::SignedDuration,
};
use platform::http::{ClientInfo, JsonBody, Problem, ProblemDocument, QueryOf, Staff};
use serde::{Deserialize, Serialize};
use store::{
    limits::Limit,
    site::{record_visit, visits},
};
use utoipa::{IntoParams, ToSchema};

use crate::App;

/// How many visits a page of the log has.
const PAGE: i32 = 100;
/// The longest referrer that is taken, in characters.
const LONGEST_REFERRER: usize = 4096;
/// How many visits one network address may log.
const FROM_ONE_NETWORK: Limit = Limit {
    name: "visits-network",
    max: 120,
    window: SignedDuration::from_hours(1),
};

/// What the page knows of a visit; the rest the service sees by itself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VisitBody {
    /// The page before (`document.referrer`); only its origin is kept.
    #[schema(max_length = 4096, example = "https://news.example/article")]
    referrer: Option<String>,
}

/// Log a visit
///
/// Writes down the network address, the browser, the time and the origin of the page
/// before: for security only, for 90 days, and joined with no account.
#[utoipa::path(
    post, path = "/visits", tag = "site", request_body = VisitBody,
    responses(
        (status = 204, description = "It is logged"),
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument),
        (status = 415, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = 429, headers(("Retry-After" = u32, description = "Seconds to wait")), body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn visit(
    State(app): State<App>,
    client: ClientInfo,
    JsonBody { value: body, .. }: JsonBody<VisitBody>,
) -> Result<StatusCode, Problem> {
    let now = app.clock.now();
    let referrer = body.referrer.as_deref();
    if referrer.is_some_and(|text| text.chars().count() > LONGEST_REFERRER) {
        return Err(Problem::field("referrer", "send 4096 characters at most"));
    }
    app.count(FROM_ONE_NETWORK, &client, now).await?;
    let visit = Visit {
        address: client.address.map(|address| address.to_string()),
        browser: client.user_agent,
        at: now,
        origin: referrer.and_then(origin),
    };
    record_visit(&app.db, &app.gate, &app.visits, &visit).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which part of the log.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogQuery {
    /// The day in UTC.
    #[param(example = "2026-11-23")]
    day: String,
    /// Where to go on, as the page before said.
    cursor: Option<String>,
}

/// A visit.
#[derive(Serialize, ToSchema)]
pub(crate) struct VisitView {
    /// The network address.
    address: Option<String>,
    /// The browser's name for itself.
    browser: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// The origin of the page before.
    #[schema(example = "https://news.example")]
    origin: Option<String>,
}

impl From<Visit> for VisitView {
    fn from(visit: Visit) -> Self {
        Self {
            address: visit.address,
            browser: visit.browser,
            at: visit.at.to_string(),
            origin: visit.origin,
        }
    }
}

/// A day's visits.
#[derive(Serialize, ToSchema)]
pub(crate) struct VisitList {
    /// The newest first.
    items: Vec<VisitView>,
    /// Where the next page begins.
    next_cursor: Option<String>,
}

/// The log of visits of a day
///
/// For the staff who look after security. Each reading leaves an entry in the ledger.
/// Visits older than 90 days are gone.
#[utoipa::path(
    get, path = "/compliance/visits", tag = "compliance",
    params(LogQuery),
    responses(
        (status = 200, body = VisitList), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    staff: Staff,
    QueryOf(query): QueryOf<LogQuery>,
) -> Result<Json<VisitList>, Problem> {
    staff.must_be(StaffRole::Security)?;
    let day: Day = query
        .day
        .parse()
        .map_err(|invalid| Problem::field("day", invalid))?;
    let cursor = query.cursor.as_deref();
    let page = visits(&app.db, &app.gate, day, cursor, PAGE, staff.0.now).await?;
    Ok(Json(VisitList {
        items: page.items.into_iter().map(VisitView::from).collect(),
        next_cursor: page.next,
    }))
}
