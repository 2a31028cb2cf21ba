//! Statistics without persons (clauses 2.5 and 4.11).

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode},
};
use domain::{
    compliance::StaffRole,
    site::statistics::{Allowed, FEWEST, Page, told},
};
use platform::http::{JsonBody, Problem, ProblemDocument, QueryOf, Signals, Staff, VARY_GPC};
use serde::{Deserialize, Serialize};
use store::site::{PageViews, count_view};
use utoipa::{IntoParams, ToSchema};

use crate::App;

/// How many counters a page of the list has.
const PAGE: i32 = 100;

/// A page view, as the page's script tells it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewBody {
    /// Which page: `home`, `plans`, `sign_up`, `sign_in`, `policies`, `assets`,
    /// `upload`, `account` or `help`.
    #[schema(value_type = String, example = "home")]
    page: Page,
    /// 16 random bytes, hexadecimal, that the script made when the visit began and
    /// keeps in its memory only; nothing is stored in the browser.
    #[schema(
        min_length = 32,
        max_length = 32,
        example = "5f0c1f5a3f7d4be0a1c09c2f2a8f6b11"
    )]
    visit: String,
    /// Whether the browser keeps cookies (`navigator.cookieEnabled`).
    cookies: bool,
}

type Counted = (StatusCode, [(HeaderName, HeaderValue); 1]);

/// Count a page view
///
/// Counts only if the browser keeps cookies, runs the page's script and sends neither
/// Global Privacy Control nor Do Not Track. The answer is the same in any case.
/// Neither a network address nor an identifier is kept.
#[utoipa::path(
    post, path = "/statistics/views", tag = "site", request_body = ViewBody,
    responses(
        (status = 204, description = "It is counted, where the browser allows it", headers(("Vary" = String, description = "`Sec-GPC`"))),
        (status = 400, body = ProblemDocument), (status = 413, body = ProblemDocument),
        (status = 415, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn view(
    State(app): State<App>,
    signals: Signals,
    JsonBody { value: body, .. }: JsonBody<ViewBody>,
) -> Result<Counted, Problem> {
    let mut visit = [0; 16];
    hex::decode_to_slice(&body.visit, &mut visit)
        .map_err(|_| Problem::field("visit", "send 16 random bytes, hexadecimal"))?;
    let allowed = Allowed {
        cookies: body.cookies,
        // neither a form nor an image nor a link can send JSON: a script did
        script: true,
        refused: signals.gpc || signals.dnt,
    };
    if allowed.counts() {
        count_view(&app.db, body.page, &visit, app.clock.now()).await?;
    }
    Ok((StatusCode::NO_CONTENT, VARY_GPC))
}

/// Where to go on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CountersQuery {
    /// Where to go on, as the page before said.
    cursor: Option<String>,
}

/// How often a page was seen on a day.
#[derive(Serialize, ToSchema)]
pub(crate) struct Counter {
    /// The day in UTC.
    #[schema(example = "2026-11-23")]
    day: String,
    /// The page.
    #[schema(example = "home")]
    page: &'static str,
    /// How often it was seen; `null` where it was seen in fewer visits than `fewest`.
    views: Option<u64>,
    /// In how many visits; `null` where they are fewer than `fewest`.
    visits: Option<u64>,
}

impl From<PageViews> for Counter {
    fn from(counted: PageViews) -> Self {
        Self {
            day: counted.day.to_string(),
            page: counted.page.as_str(),
            views: told(counted.visits, counted.views),
            visits: told(counted.visits, counted.visits),
        }
    }
}

/// Counters.
#[derive(Serialize, ToSchema)]
pub(crate) struct CounterList {
    /// Of the days that are over, the newest first.
    items: Vec<Counter>,
    /// Where the next page begins.
    next_cursor: Option<String>,
    /// Fewer visits than this are not told.
    #[schema(example = 5)]
    fewest: u64,
}

/// Page views by day
#[utoipa::path(
    get, path = "/compliance/statistics", tag = "compliance",
    params(CountersQuery),
    responses(
        (status = 200, body = CounterList), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
    security(("bearer" = []), ("cookie" = [])),
)]
pub(crate) async fn list(
    State(app): State<App>,
    staff: Staff,
    QueryOf(query): QueryOf<CountersQuery>,
) -> Result<Json<CounterList>, Problem> {
    staff.must_be(StaffRole::Privacy)?;
    let cursor = query.cursor.as_deref();
    let page = app.db.page_views(cursor, PAGE, staff.0.now).await?;
    Ok(Json(CounterList {
        items: page.items.into_iter().map(Counter::from).collect(),
        next_cursor: page.next,
        fewest: FEWEST,
    }))
}
