//! Rekognition on one machine: the wire protocol of AWS (JSON 1.1) answered by real models.
//!
//! Labels come from EfficientNet-Lite0 through a curated vocabulary (`data/labels.tsv`), text
//! from two PP-OCR models, moderation from open_nsfw; `model/README.md` has their origins. A
//! result is a model's result or an error, never invented: what the models can't do is refused
//! with an `AccessDeniedException` that says so.
//!
//! Signatures are not checked, and the service listens where its caller puts [`Vision::router`].

mod failure;
mod labels;
mod moderation;
mod network;
mod operations;
mod picture;
mod protocol;
mod text;
mod vocabulary;

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::post;
use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::sync::Semaphore;

use crate::labels::Labeller;
use crate::moderation::Moderator;
use crate::text::Reader;

/// Reads the object that an `S3Object` names: bucket, key and, if given, version id.
pub type Fetch = Arc<
    dyn Fn(String, String, Option<String>) -> BoxFuture<'static, Result<Bytes, FetchError>>
        + Send
        + Sync,
>;

/// Why an object could not be read; Rekognition answers both with `InvalidS3ObjectException`.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// There is no such bucket, key or version.
    #[error("the object does not exist")]
    NotFound,
    /// The store failed; the text is for the log.
    #[error("the object could not be read: {0}")]
    Store(String),
}

/// The largest request body: 5 MiB of picture as base64 and then some, so that a picture that is
/// too large gets Rekognition's answer and not a closed connection.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Pictures worked on at once. A run of the model uses every core, so more would only cost memory.
const PICTURES_AT_ONCE: usize = 2;

/// Rekognition's calls on one machine. Clones share the models, which load at their first use.
#[derive(Clone)]
pub struct Vision {
    service: Arc<Service>,
}

/// What the handlers share.
struct Service {
    fetch: Fetch,
    turns: Semaphore,
    labeller: LazyLock<Result<Labeller, String>>,
    reader: LazyLock<Result<Reader, String>>,
    moderator: LazyLock<Result<Moderator, String>>,
}

impl Vision {
    /// A service that reads `S3Object` pictures through `fetch`. Loads nothing yet, so it
    /// returns at once.
    pub fn start(fetch: Fetch) -> Self {
        let service = Service {
            fetch,
            turns: Semaphore::new(PICTURES_AT_ONCE),
            labeller: LazyLock::new(|| Labeller::load().map_err(|error| error.to_string())),
            reader: LazyLock::new(|| Reader::load().map_err(|error| error.to_string())),
            moderator: LazyLock::new(|| Moderator::load().map_err(|error| error.to_string())),
        };
        Self {
            service: Arc::new(service),
        }
    }

    /// The HTTP service: one `POST /` that reads the operation from `X-Amz-Target`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/", post(protocol::answer))
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(Arc::clone(&self.service))
    }

    /// Each operation, whether it works on one machine, and its model or the reason why not.
    pub fn features(&self) -> Vec<(&'static str, bool, String)> {
        vec![
            ("DetectLabels", true, labels::MODEL_VERSION.to_owned()),
            ("DetectText", true, text::MODEL_VERSION.to_owned()),
            (
                "DetectModerationLabels",
                true,
                format!("{}: explicit pictures only", moderation::MODEL_VERSION),
            ),
        ]
    }
}
