//! Data-subject requests: intake, proof of who asks, the staff's decisions, and
//! what the outside may check (clauses 6.3, 6.7, 5.2b, 5.3).
//!
//! What a decision leads to is done by `erasure`, from a job that the decision's
//! commit carries.

mod api;
mod app;
mod cancel;
mod compliance;
mod confirm;
mod decisions;
mod desk;
mod enter;
mod follow;
mod intake;
mod ledger;
mod proofs;
mod read;
mod stop;

pub use app::App;

use axum::Router;
use platform::http::edge;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// AWS calls of each route after authentication's one BatchGetItem. Opening a
/// person's data is three of them: their items, their key, the ledger's entry.
pub const BUDGETS: &[(&str, u32)] = &[
    // by session: a limit, open, one transaction; a duplicate reads what absorbs it
    // (three more calls at most), and a withdrawal the consents (once, or twice
    // as a duplicate). By address: two limits, one transaction.
    ("POST /data-subject-requests", 10),
    ("GET /data-subject-requests", 1),
    ("GET /data-subject-requests/{id}", 4),
    // a withdrawal reads the consents that it takes back
    ("POST /data-subject-requests/{id}/confirm", 6),
    ("POST /data-subject-requests/{id}/cancel", 5),
    ("GET /data-subject-requests/{id}/export", 6),
    ("GET /compliance/requests", 2),
    // whose address it is, open, one transaction
    ("POST /compliance/requests", 5),
    ("GET /compliance/requests/{id}", 5),
    ("POST /compliance/requests/{id}/verify", 7),
    ("POST /compliance/requests/{id}/extend", 6),
    // with one query: may the restriction be lifted?
    ("POST /compliance/requests/{id}/refuse", 7),
    ("POST /compliance/requests/{id}/approve", 6),
    ("GET /certificates/{case}", 1),
    ("GET /ledger/key", 1),
];

/// The route whose calls grow with the ledger's entries of a period.
pub const UNBOUNDED: &[&str] = &["GET /compliance/requests/{id}/ledger"];

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read::list, intake::ask))
        .routes(routes!(read::show))
        .routes(routes!(confirm::confirm))
        .routes(routes!(cancel::cancel))
        .routes(routes!(read::export))
        .routes(routes!(compliance::queue, enter::enter))
        .routes(routes!(compliance::show))
        .routes(routes!(ledger::ledger))
        .routes(routes!(compliance::verify))
        .routes(routes!(decisions::extend))
        .routes(routes!(decisions::refuse))
        .routes(routes!(decisions::approve))
        .routes(routes!(proofs::certificate))
        .routes(routes!(proofs::ledger_key))
}

/// This function's routes.
pub fn router(app: App) -> Router {
    let (router, _) = routes().split_for_parts();
    edge(router.with_state(app))
}

/// This function's part of the OpenAPI document.
#[must_use]
pub fn openapi() -> OpenApi {
    routes().split_for_parts().1
}
