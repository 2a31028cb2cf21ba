//! What we take, and the certificate of what we sign (OpenDSR 2.0, 6).

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::opendsr::SubjectRequestType;
use platform::http::ProblemDocument;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    App,
    answer::{Failure, OpenDsrError, signed},
    submission::Edition,
};

/// A way to name a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenDsrSupported {
    /// `email`.
    #[schema(value_type = String)]
    pub identity_type: &'static str,
    /// `raw` or `sha256`.
    #[schema(value_type = String)]
    pub identity_format: &'static str,
}

/// What we take.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenDsrDiscovery {
    /// The version of the API.
    pub api_version: String,
    /// How a person can be named.
    pub supported_identities: Vec<OpenDsrSupported>,
    /// What can be asked for.
    #[schema(value_type = Vec<String>)]
    pub supported_subject_request_types: [SubjectRequestType; 3],
    /// Where the certificate is.
    pub processor_certificate: String,
}

/// What can be passed on to us
#[utoipa::path(
    get, path = "/opendsr/v2/discovery", tag = "opendsr",
    responses(
        (status = 200, body = OpenDsrDiscovery), (status = 404, body = OpenDsrError),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn discovery(State(app): State<App>) -> Result<Response, Failure> {
    offer(&app, Edition::OpenDsr)
}

/// What we take, as this version says it.
pub(crate) fn offer(app: &App, edition: Edition) -> Result<Response, Failure> {
    let party = app.party()?;
    let offered = OpenDsrDiscovery {
        api_version: edition.api_version().to_owned(),
        supported_identities: ["raw", "sha256"]
            .map(|identity_format| OpenDsrSupported {
                identity_type: "email",
                identity_format,
            })
            .into(),
        supported_subject_request_types: SubjectRequestType::ALL,
        processor_certificate: format!("{}/opendsr/v2/certificate", party.public_url),
    };
    signed(party, StatusCode::OK, &offered)
}

/// The certificate of the key that signs answers and callbacks
///
/// X.509, in PEM.
#[utoipa::path(
    get, path = "/opendsr/v2/certificate", tag = "opendsr",
    responses(
        (status = 200, body = String, content_type = "application/x-pem-file"),
        (status = 404, body = OpenDsrError), (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn certificate(State(app): State<App>) -> Result<Response, Failure> {
    let party = app.party()?;
    let pem = (
        [(header::CONTENT_TYPE, "application/x-pem-file")],
        party.certificate.clone(),
    );
    Ok(pem.into_response())
}
