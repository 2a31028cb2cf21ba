//! What anybody may check: certificates and the ledger's public key.

use axum::{
    Json,
    extract::State,
    http::{HeaderName, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use domain::{certificate, ids::CaseId};
use platform::http::{PathId, Problem, ProblemDocument};
use sha2::{Digest, Sha256};

use crate::{App, api::LedgerKey};

/// The certificate of an erasure
///
/// Found by its random case id. It says nothing about the person.
#[utoipa::path(
    get, path = "/certificates/{case}", tag = "proofs",
    params(("case" = String, Path, description = "The case, as the letter named it")),
    responses(
        (status = 200, description = "The certificate's text with its signature.", body = Object, content_type = "application/json"),
        (status = 404, body = ProblemDocument),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn certificate(
    State(app): State<App>,
    PathId(case): PathId<CaseId>,
) -> Result<([(HeaderName, &'static str); 1], Bytes), Problem> {
    let file = app.proofs.get(&certificate::object_key(case)).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], file))
}

/// The public key of the ledger
///
/// It checks certificates and the roots of the ledger.
#[utoipa::path(
    get, path = "/ledger/key", tag = "proofs",
    responses(
        (status = 200, body = LedgerKey),
        (status = "default", body = ProblemDocument),
    ),
)]
pub(crate) async fn ledger_key(State(app): State<App>) -> Result<Json<LedgerKey>, Problem> {
    let key = app.signer.public_key().await.map_err(|error| {
        tracing::warn!(%error, "the public key can't be read");
        Problem::busy()
    })?;
    Ok(Json(LedgerKey {
        algorithm: "Ed25519".to_owned(),
        public_key: STANDARD.encode(&key),
        sha256: hex::encode(Sha256::digest(&key)),
    }))
}
