//! Uploads: bytes go from the browser to S3 by presigned addresses, and never
//! through this function. A single PUT binds content type, exact length and
//! SHA-256; from 100 MiB on an upload is made in parts.
//!
//! An upload ends in an asset when its bytes have arrived: by `complete` here,
//! or by the bucket's event in `renditions`, whichever is first.

mod api;
mod app;
mod begin;
mod finish;
mod progress;

pub use app::App;

use axum::Router;
use platform::http::edge;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// AWS calls of each route after authentication's one BatchGetItem.
pub const BUDGETS: &[(&str, u32)] = &[
    // one transaction; an upload in parts is begun at S3 too
    ("POST /uploads", 2),
    // the item; the parts that have arrived
    ("GET /uploads/{id}", 2),
    ("POST /uploads/{id}/parts", 1),
    // the item, the parts or the object's head, the joining, one transaction; when the bucket's
    // event is faster with a single PUT, the item once more in place of the joining
    ("POST /uploads/{id}/complete", 4),
    // the item, one transaction, the parts given up, what had arrived listed and destroyed
    ("DELETE /uploads/{id}", 5),
];

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(begin::begin))
        .routes(routes!(progress::show, finish::give_up))
        .routes(routes!(progress::addresses))
        .routes(routes!(finish::complete))
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
