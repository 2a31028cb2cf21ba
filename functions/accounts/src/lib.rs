//! Sessions, passwords, the profile, consents and preferences, and the
//! workspace's settings.
//!
//! Nothing here tells whether an address has an account: signing in and asking
//! for a new password do the same work and answer alike for unknown addresses.

mod address;
mod app;
mod consents;
mod passwords;
mod policies;
mod preferences;
mod profile;
mod sessions;
mod transfers;
mod unsubscribe;
mod workspace;

pub use app::App;

use axum::Router;
use platform::http::{Problem, edge};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// AWS calls of each route after authentication's one BatchGetItem, where
/// there is one. To open a person's data takes three: the items, the key, the
/// ledger's entry. Sessions end in the transaction of what ends them. A browser
/// that sends Global Privacy Control costs a sign-in, `/me` and the consents one
/// read more, and the first time five calls.
pub const BUDGETS: &[(&str, u32)] = &[
    // two limits, the account, one transaction
    ("POST /sessions", 4),
    ("GET /sessions", 1),
    // the account, one transaction
    ("DELETE /sessions", 2),
    ("DELETE /sessions/current", 1),
    // the account, the person, one transaction
    ("POST /password-resets", 5),
    // link, person, account, one transaction
    ("POST /password-resets/confirm", 6),
    // two limits, account, person, account, one transaction
    ("PUT /me/password", 8),
    ("GET /me", 3),
    ("PATCH /me", 4),
    ("POST /me/email-change", 4),
    // links, person, account, suppression, one transaction
    ("POST /me/email-change/confirm", 7),
    ("GET /me/consents", 2),
    ("GET /me/consents/{purpose}", 2),
    // record and history, person, one transaction
    ("PUT /me/consents/{purpose}", 6),
    ("GET /me/preferences", 2),
    ("GET /me/policies", 2),
    // person, history, one transaction
    ("PUT /me/policies/{document}", 5),
    // the announcements, and each one's transfer
    ("GET /me/business-transfers", 2),
    // announcement and transfer, person, one transaction, the transfer
    ("PUT /me/business-transfers/{id}/objection", 7),
    ("GET /unsubscribe/{token}", 0),
    // link, person, history, one transaction
    ("POST /unsubscribe/{token}", 6),
    ("GET /workspace", 0),
    ("PATCH /workspace", 1),
];

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            sessions::sign_in,
            sessions::list,
            sessions::sign_out_everywhere
        ))
        .routes(routes!(sessions::sign_out))
        .routes(routes!(passwords::ask_reset))
        .routes(routes!(passwords::reset))
        .routes(routes!(passwords::change))
        .routes(routes!(profile::show, profile::change))
        .routes(routes!(address::ask))
        .routes(routes!(address::confirm))
        .routes(routes!(consents::list))
        .routes(routes!(consents::show, consents::change))
        .routes(routes!(preferences::show))
        .routes(routes!(policies::list))
        .routes(routes!(policies::change))
        .routes(routes!(transfers::list))
        .routes(routes!(transfers::object))
        .routes(routes!(unsubscribe::page, unsubscribe::unsubscribe))
        .routes(routes!(workspace::show, workspace::change))
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

fn link_over() -> Problem {
    Problem::new(
        axum::http::StatusCode::GONE,
        "link_used_or_over",
        "This link was used already, or its time is over. Ask for a new one.",
    )
}
