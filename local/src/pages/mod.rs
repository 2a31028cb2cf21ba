//! The local pages under `/_local/`: what runs, the mailbox, letters to the service, the clock, the
//! API's description.

mod api;
mod clock;
mod guard;
mod layout;
mod letters;
mod mail;
mod policies;
mod start;
mod status;

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::StatusCode;

use crate::machine::{Shared, provider::MOUNT};

/// What the handlers share.
pub(crate) type Pages = Arc<Shared>;

/// The pages, and a redirection from `/`.
pub(crate) fn router(shared: Pages) -> Router {
    let provider = shared.provider.as_ref().map(|provider| provider.router());
    let pages = Router::new()
        .route("/_local", get(|| async { Redirect::permanent("/_local/") }))
        .route("/_local/", get(start::page))
        .route("/_local/status", get(status::json))
        .route("/_local/clock", get(clock::read).post(clock::advance))
        .route("/_local/api/", get(api::index))
        .route("/_local/api/{*path}", get(api::asset))
        .route("/_local/openapi.json", get(api::document))
        .route("/_local/policies/{document}/{locale}", get(policies::page))
        .route("/_local/mail", get(mail::list))
        .route("/_local/mail/{id}", get(mail::message))
        .route("/_local/mail/{id}/html", get(mail::html))
        .route("/_local/mail/{id}/raw", get(mail::raw))
        .route("/_local/mail/{id}/delete", post(mail::delete))
        .route("/_local/mail/{id}/report", post(mail::report))
        .route("/_local/letters", get(letters::form).post(letters::send))
        .with_state(shared);
    let pages = match provider {
        Some(provider) => pages.nest(MOUNT, provider),
        None => pages,
    };
    let pages = pages.layer(axum::middleware::from_fn(guard::only_this_computer));
    Router::new()
        .route("/", get(|| async { Redirect::to("/_local/") }))
        .merge(pages)
}

/// Something of the machine that can't be read.
struct Broken(String);

impl<E: std::error::Error> From<E> for Broken {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl IntoResponse for Broken {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.0).into_response()
    }
}
