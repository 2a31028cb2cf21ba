//! The same under the names of the specification's first version, OpenGDPR, which
//! the second has to honour (OpenDSR 2.0, 10.1).

use axum::{
    extract::{Path, State},
    response::Response,
};
use platform::http::ProblemDocument;

use crate::{
    App,
    answer::{Failure, OpenDsrError},
    controller::Caller,
    discovery::{OpenDsrDiscovery, offer},
    requests::{Sent, take, take_back, tell},
    submission::{Edition, OpenDsrRequest},
    view::{OpenDsrCancellation, OpenDsrReceipt, OpenDsrStatus},
};

/// What can be passed on to us, by OpenGDPR
#[utoipa::path(
    get, path = "/opengdpr/v1/discovery", tag = "opendsr",
    responses(
        (status = 200, body = OpenDsrDiscovery), (status = 404, body = OpenDsrError),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn discovery(State(app): State<App>) -> Result<Response, Failure> {
    offer(&app, Edition::OpenGdpr)
}

/// Pass a request on, by OpenGDPR
#[utoipa::path(
    post, path = "/opengdpr/v1/opengdpr_requests", tag = "opendsr",
    request_body = OpenDsrRequest,
    responses(
        (status = 201, body = OpenDsrReceipt), (status = 400, body = OpenDsrError),
        (status = 401, body = OpenDsrError), (status = 403, body = OpenDsrError),
        (status = 404, body = OpenDsrError), (status = 413, body = OpenDsrError),
        (status = 429, body = OpenDsrError), (status = "default", body = ProblemDocument),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn submit(
    State(app): State<App>,
    caller: Caller,
    body: Sent,
) -> Result<Response, Failure> {
    take(&app, &caller, body, Edition::OpenGdpr).await
}

/// Ask about a request, by OpenGDPR
#[utoipa::path(
    get, path = "/opengdpr/v1/opengdpr_requests/{id}", tag = "opendsr",
    params(("id" = String, Path, description = "The sender's id of the request")),
    responses(
        (status = 200, body = OpenDsrStatus), (status = 401, body = OpenDsrError),
        (status = 404, body = OpenDsrError), (status = "default", body = ProblemDocument),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    tell(&app, &caller, &id, Edition::OpenGdpr).await
}

/// Ask about a request, by OpenGDPR at its other address
#[utoipa::path(
    get, path = "/opengdpr/v1/status/{id}", tag = "opendsr",
    params(("id" = String, Path, description = "The sender's id of the request")),
    responses(
        (status = 200, body = OpenDsrStatus), (status = 401, body = OpenDsrError),
        (status = 404, body = OpenDsrError), (status = "default", body = ProblemDocument),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn status(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    tell(&app, &caller, &id, Edition::OpenGdpr).await
}

/// Take a request back, by OpenGDPR
#[utoipa::path(
    delete, path = "/opengdpr/v1/opengdpr_requests/{id}", tag = "opendsr",
    params(("id" = String, Path, description = "The sender's id of the request")),
    responses(
        (status = 202, body = OpenDsrCancellation), (status = 400, body = OpenDsrError),
        (status = 401, body = OpenDsrError), (status = 404, body = OpenDsrError),
        (status = "default", body = ProblemDocument),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn cancel(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    take_back(&app, &caller, &id, Edition::OpenGdpr).await
}
