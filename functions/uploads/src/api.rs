//! What goes in and out.

use domain::upload;
use platform::objects::{Part, Presigned};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::catalog::{Upload, UploadState};
use utoipa::ToSchema;

/// What is to be uploaded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUpload {
    /// The file's name, without a path: 1 to 255 characters.
    #[schema(example = "harbour.jpg")]
    pub name: String,
    /// The file's content type.
    #[schema(example = "image/jpeg")]
    pub content_type: String,
    /// The exact size.
    #[schema(example = 482_133, minimum = 1)]
    pub size_bytes: u64,
    /// SHA-256 of the file, 64 hexadecimal digits. Required below 100 MiB,
    /// where S3 checks it before it takes the file.
    pub sha256: Option<String>,
}

/// An upload under way.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadView {
    /// The upload.
    #[schema(example = "upl_0193a1b2c3d47e8f90a1b2c3d4e5f607")]
    pub id: String,
    /// The asset that it becomes.
    #[schema(example = "ast_0193a1b2c3d47e8f90a1b2c3d4e5f607")]
    pub asset_id: String,
    /// `open`, `finished` or `aborted`.
    pub state: String,
    /// The file's name.
    pub name: String,
    /// The file's content type.
    pub content_type: String,
    /// The file's size.
    pub size_bytes: u64,
    /// Where to PUT the file, while a single PUT is awaited.
    pub put: Option<Address>,
    /// How to send it in parts, for an upload in parts.
    pub parts: Option<PartsView>,
    /// When it is cleaned up unless it is finished.
    pub expires_at: String,
}

/// A request to send as it is. The address holds for an hour; ask again for a fresh one.
#[derive(Debug, Serialize, ToSchema)]
pub struct Address {
    /// The HTTP method.
    #[schema(example = "PUT")]
    pub method: String,
    /// The address.
    pub url: String,
    /// Headers that must be sent with exactly these values.
    pub headers: BTreeMap<String, String>,
}

impl From<Presigned> for Address {
    fn from(presigned: Presigned) -> Self {
        Self {
            method: presigned.method,
            url: presigned.url,
            headers: presigned.headers.into_iter().collect(),
        }
    }
}

/// An upload in parts.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartsView {
    /// How many parts there are.
    pub count: u64,
    /// The size of every part but the last.
    pub part_size_bytes: u64,
    /// The parts that have arrived.
    pub arrived: Vec<PartView>,
}

/// A part that has arrived.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartView {
    /// Its number, from 1.
    pub number: u32,
    /// Its size.
    pub size_bytes: u64,
    /// Its entity tag.
    pub etag: String,
}

/// Which parts to get addresses for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PartsWanted {
    /// Part numbers from 1, at most 100 of them.
    #[schema(example = json!([1, 2, 3]))]
    pub numbers: Vec<u32>,
}

/// Addresses of parts.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartAddresses {
    /// One for each number that was asked for.
    pub items: Vec<PartAddress>,
}

/// Where to PUT one part.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartAddress {
    /// The part's number.
    pub number: u32,
    /// The exact size that the part must have.
    pub size_bytes: u64,
    /// The request to send.
    #[serde(flatten)]
    pub address: Address,
}

impl UploadView {
    pub(crate) fn new(upload: &Upload, put: Option<Presigned>, arrived: Vec<Part>) -> Self {
        let parts = upload.multipart_id.as_ref().map(|_| PartsView {
            count: upload::part_count(upload.size_bytes),
            part_size_bytes: upload::part_bytes(upload.size_bytes),
            arrived: arrived
                .into_iter()
                .map(|part| PartView {
                    number: part.number,
                    size_bytes: part.size_bytes,
                    etag: part.etag,
                })
                .collect(),
        });
        Self {
            id: upload.id.to_string(),
            asset_id: upload.asset().to_string(),
            state: match upload.state {
                UploadState::Open => "open",
                UploadState::Finished => "finished",
                UploadState::Aborted => "aborted",
            }
            .to_owned(),
            name: upload.name.clone(),
            content_type: upload.content_type.clone(),
            size_bytes: upload.size_bytes,
            put: put.map(Address::from),
            parts,
            expires_at: upload.expires_at.to_string(),
        }
    }
}
