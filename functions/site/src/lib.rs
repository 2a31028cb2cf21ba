//! What happens at the site itself: the log of visits (clause 3.4), statistics
//! without persons (2.5), surveys (3.3h), and the answer to who asks whether Global
//! Privacy Control is honoured (4.9).

mod app;
mod daily;
mod gpc;
mod statistics;
mod surveys;
mod visits;

pub use app::App;

use axum::{Router, routing::post};
use platform::http::edge;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// AWS calls of each route after authentication's one BatchGetItem, where there is
/// one. To open a day of the log takes three: its key, the key service, the ledger's
/// entry; so does opening a person's data.
pub const BUDGETS: &[(&str, u32)] = &[
    ("GET /.well-known/gpc.json", 0),
    // a limit, the visit; a process opens the day once, and the day's first visit makes
    // the key
    ("POST /visits", 5),
    ("GET /compliance/visits", 4),
    // the day's salt, one transaction; the second view of a visit is one update more,
    // and the day's first view makes the salt
    ("POST /statistics/views", 3),
    ("GET /compliance/statistics", 1),
    ("GET /surveys", 1),
    ("GET /surveys/{id}", 1),
    // a limit, the survey, one transaction
    ("POST /surveys/{id}/answers", 3),
    ("GET /me/surveys/{id}/answer", 4),
    // the survey, the person, an earlier answer, one transaction
    ("PUT /me/surveys/{id}/answer", 6),
    ("DELETE /me/surveys/{id}/answer", 1),
    ("GET /compliance/surveys", 1),
    ("POST /compliance/surveys", 1),
    // the survey and its counters
    ("GET /compliance/surveys/{id}", 2),
    ("POST /compliance/surveys/{id}/close", 2),
];

/// The route whose calls grow with what it reads: each named answer is opened by itself.
pub const UNBOUNDED: &[&str] = &["GET /compliance/surveys/{id}/answers"];

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(gpc::support))
        .routes(routes!(visits::visit))
        .routes(routes!(visits::list))
        .routes(routes!(statistics::view))
        .routes(routes!(statistics::list))
        .routes(routes!(surveys::open::list))
        .routes(routes!(surveys::open::show))
        .routes(routes!(surveys::open::answer))
        .routes(routes!(
            surveys::own::show,
            surveys::own::answer,
            surveys::own::take_back
        ))
        .routes(routes!(surveys::desk::list, surveys::desk::ask))
        .routes(routes!(surveys::desk::show))
        .routes(routes!(surveys::desk::close))
        .routes(routes!(surveys::desk::answers))
}

/// This function's routes, and the way in of its schedule, which no route of the API
/// leads to.
pub fn router(app: App) -> Router {
    let (router, _) = routes().split_for_parts();
    edge(router.route("/daily", post(daily::run)).with_state(app))
}

/// This function's part of the OpenAPI document.
#[must_use]
pub fn openapi() -> OpenApi {
    routes().split_for_parts().1
}
