//! Sign-up with consent, confirmation of the address, policy documents.
//!
//! No answer tells whether an address has an account: a sign-up is always
//! hashed, sealed and stored alike, and the letter, which goes to the address's
//! owner, says the rest.

mod api;
mod app;
mod confirm;
mod policies;
mod register;

pub use app::App;

use axum::Router;
use platform::http::edge;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// AWS calls of each route; none of them is authenticated.
pub const BUDGETS: &[(&str, u32)] = &[
    // one key generation, one transaction
    ("POST /signup", 2),
    // link, sign-up, the person opened (three calls), one transaction; a second
    // one when there was a trial before
    ("POST /signup/verify", 7),
    ("GET /policies", 0),
    ("GET /policies/feed", 0),
    ("GET /policies/{document}", 0),
    ("GET /policies/{document}/diff", 0),
    ("GET /policies/{document}/versions", 0),
    ("GET /policies/{document}/versions/{version}", 0),
    ("GET /confirm", 0),
];

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register::sign_up))
        .routes(routes!(register::verify))
        .routes(routes!(policies::list))
        .routes(routes!(policies::feed::feed))
        .routes(routes!(policies::current))
        .routes(routes!(policies::diff::diff))
        .routes(routes!(policies::versions))
        .routes(routes!(policies::version))
        .routes(routes!(confirm::page))
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
