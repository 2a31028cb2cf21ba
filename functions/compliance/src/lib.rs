//! Disclosures (clauses 2.4, 5.5 to 5.8), transfers of the business (5.6c),
//! incidents (5.9), claims (8.1, 8.2), the register of processors (5.6) and the
//! notices to whoever was given data (5.2b, 6.3b): what the staff answer for
//! beside the requests of data subjects, each step in the ledger.

mod acts;
mod app;
mod claims;
mod desk;
mod disclosures;
mod holds;
mod incidents;
mod notices;
mod processors;
mod transfers;

pub use app::App;

use axum::Router;
use platform::http::edge;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// AWS calls of each route after authentication's one BatchGetItem. Opening a
/// case is three of them: its key, the key service, the ledger's entry; so is
/// opening a person's data.
pub const BUDGETS: &[(&str, u32)] = &[
    ("GET /compliance/acts", 1),
    ("GET /compliance/acts/{id}", 4),
    ("GET /compliance/disclosures", 2),
    // the person, a new key, one transaction
    ("POST /compliance/disclosures", 3),
    ("GET /compliance/disclosures/{id}", 4),
    ("POST /compliance/disclosures/{id}/approve", 2),
    // the file, and the package with its versions
    ("POST /compliance/disclosures/{id}/decline", 7),
    ("POST /compliance/disclosures/{id}/forbid", 6),
    // the file, the person, consents, requests, sessions, the object, one transaction
    ("POST /compliance/disclosures/{id}/release", 12),
    ("GET /compliance/disclosures/{id}/package", 6),
    ("POST /compliance/disclosures/{id}/hand-over", 8),
    ("GET /compliance/business-transfers", 2),
    // a new key, one transaction
    ("POST /compliance/business-transfers", 2),
    ("GET /compliance/business-transfers/{id}", 4),
    ("POST /compliance/business-transfers/{id}/approve", 2),
    ("POST /compliance/business-transfers/{id}/cancel", 5),
    // the person, the announcement, the case, the person's data, one transaction
    ("POST /compliance/business-transfers/{id}/objections", 7),
    // a new key, one transaction
    ("POST /compliance/business-transfers/{id}/package", 3),
    ("GET /compliance/business-transfers/{id}/manifest", 2),
    // the page, the file, its people, the packages' key, the object, one transaction
    ("GET /compliance/business-transfers/{id}/package", 11),
    // the packages, the file, one transaction
    ("POST /compliance/business-transfers/{id}/hand-over", 6),
    ("GET /compliance/holds", 2),
    // the person, a new key, one transaction
    ("POST /compliance/holds", 3),
    // the file, and a part of what it keeps
    ("GET /compliance/holds/{id}", 5),
    ("POST /compliance/holds/{id}/review", 2),
    ("POST /compliance/holds/{id}/lift", 2),
    ("GET /compliance/incidents", 2),
    ("POST /compliance/incidents", 2),
    ("GET /compliance/incidents/{id}", 4),
    ("POST /compliance/incidents/{id}/report", 5),
    ("POST /compliance/incidents/{id}/waive", 5),
    ("POST /compliance/incidents/{id}/findings", 5),
    ("POST /compliance/incidents/{id}/close", 2),
    ("GET /compliance/claims", 2),
    // the person, a new key, the person's pseudonym, one transaction
    ("POST /compliance/claims", 5),
    ("GET /compliance/claims/{id}", 4),
    ("POST /compliance/claims/{id}/answer", 6),
    // a limit, a new key, the person's pseudonym, one transaction
    ("POST /claims", 5),
    ("GET /claims", 2),
    ("GET /claims/{id}", 5),
    ("GET /compliance/notices", 2),
    ("POST /compliance/notices/{id}/receipt", 2),
    ("GET /compliance/processors", 0),
];

/// The routes whose calls grow with what they read: with the ledger's entries of
/// a period, and with the persons of a page.
pub const UNBOUNDED: &[&str] = &[
    "POST /compliance/incidents/{id}/affected",
    "POST /compliance/incidents/{id}/notify",
    "GET /compliance/processors/{processor}/transfers",
];

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(acts::list))
        .routes(routes!(acts::show))
        .routes(routes!(holds::list, holds::place))
        .routes(routes!(holds::show))
        .routes(routes!(holds::review))
        .routes(routes!(holds::lift))
        .routes(routes!(disclosures::list, disclosures::open))
        .routes(routes!(disclosures::show))
        .routes(routes!(disclosures::approve))
        .routes(routes!(disclosures::decline))
        .routes(routes!(disclosures::forbid))
        .routes(routes!(disclosures::out::release))
        .routes(routes!(disclosures::out::package))
        .routes(routes!(disclosures::out::hand_over))
        .routes(routes!(transfers::list, transfers::propose))
        .routes(routes!(transfers::show))
        .routes(routes!(transfers::approve))
        .routes(routes!(transfers::cancel))
        .routes(routes!(transfers::object))
        .routes(routes!(
            transfers::packages::order,
            transfers::packages::fetch
        ))
        .routes(routes!(transfers::packages::manifest))
        .routes(routes!(transfers::packages::hand_over))
        .routes(routes!(incidents::list, incidents::register))
        .routes(routes!(incidents::show))
        .routes(routes!(incidents::report))
        .routes(routes!(incidents::waive))
        .routes(routes!(incidents::findings))
        .routes(routes!(incidents::affected::affected))
        .routes(routes!(incidents::affected::notify))
        .routes(routes!(incidents::close))
        .routes(routes!(claims::list, claims::register))
        .routes(routes!(claims::show))
        .routes(routes!(claims::answer))
        .routes(routes!(claims::own::list, claims::own::claim))
        .routes(routes!(claims::own::show))
        .routes(routes!(notices::list))
        .routes(routes!(notices::receipt))
        .routes(routes!(processors::list))
        .routes(routes!(processors::transfers))
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
