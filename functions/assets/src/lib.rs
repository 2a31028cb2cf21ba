//! The catalogue: assets by newest and by label, what people say about them,
//! downloads by presigned addresses, and the trash.

mod api;
mod app;
mod change;
mod read;
mod trash;

pub use app::App;

use axum::Router;
use platform::http::edge;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// AWS calls of each route after authentication's one BatchGetItem.
pub const BUDGETS: &[(&str, u32)] = &[
    // one query; with a label, one batch read of the assets too
    ("GET /assets", 2),
    ("GET /trash", 1),
    ("GET /assets/{id}", 1),
    ("GET /assets/{id}/download", 1),
    ("GET /assets/{id}/preview", 1),
    ("GET /assets/{id}/thumbnail", 1),
    ("PATCH /assets/{id}", 2),
    ("DELETE /assets/{id}", 2),
    ("POST /assets/{id}/restore", 2),
    ("POST /assets/{id}/purge", 2),
];

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read::list))
        .routes(routes!(read::show, change::edit, trash::delete))
        .routes(routes!(read::download))
        .routes(routes!(read::preview))
        .routes(routes!(read::thumbnail))
        .routes(routes!(trash::list))
        .routes(routes!(trash::restore))
        .routes(routes!(trash::purge))
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
