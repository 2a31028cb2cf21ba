//! OpenDSR 2.0: requests of data subjects that a controller passes on to us as its
//! processor (clauses 6.3, 5.2b).
//!
//! - `discovery`: what we take, and the certificate of what we sign.
//! - `requests`: a request comes in, is asked about, is taken back.
//! - `opengdpr`: the same under the routes of the specification's first version.
//! - `work`: word of requests is taken in, controllers are called back.
//!
//! Who a request is about is found out by a job, whose link goes to the address on
//! file only: nothing here depends on whether anybody is known by an address.

mod answer;
mod app;
mod callback;
mod controller;
mod discovery;
mod opengdpr;
mod party;
mod requests;
pub mod signature;
mod submission;
mod view;
mod work;

pub use app::App;

use axum::{Router, routing::post};
use platform::http::edge;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// AWS calls of each route. An exchange is two of them: itself, and word of its
/// request that is on its way.
pub const BUDGETS: &[(&str, u32)] = &[
    ("GET /opendsr/v2/discovery", 0),
    ("GET /opendsr/v2/certificate", 0),
    // the exchange, two limits, one transaction; one that comes twice at once is read
    ("POST /opendsr/v2/requests", 6),
    ("GET /opendsr/v2/requests/{id}", 2),
    ("DELETE /opendsr/v2/requests/{id}", 3),
    ("GET /opendsr/v2/status/{id}", 2),
    ("GET /opengdpr/v1/discovery", 0),
    ("POST /opengdpr/v1/opengdpr_requests", 6),
    ("GET /opengdpr/v1/opengdpr_requests/{id}", 2),
    ("DELETE /opengdpr/v1/opengdpr_requests/{id}", 3),
    ("GET /opengdpr/v1/status/{id}", 2),
];

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(discovery::discovery))
        .routes(routes!(discovery::certificate))
        .routes(routes!(requests::submit))
        .routes(routes!(requests::show, requests::cancel))
        .routes(routes!(requests::status))
        .routes(routes!(opengdpr::discovery))
        .routes(routes!(opengdpr::submit))
        .routes(routes!(opengdpr::show, opengdpr::cancel))
        .routes(routes!(opengdpr::status))
}

/// This function's routes, and the way in of its schedule, which no route of the
/// API leads to.
pub fn router(app: App) -> Router {
    let (router, _) = routes().split_for_parts();
    edge(router.route("/exchanges", post(work::run)).with_state(app))
}

/// This function's part of the OpenAPI document.
#[must_use]
pub fn openapi() -> OpenApi {
    routes().split_for_parts().1
}
