//! What can go wrong in the store, and how S3 names it.

use std::path::PathBuf;

use s3s::{S3Error, S3ErrorCode};

/// A failure of the object store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder could not be read or written.
    #[error("the object store's folder: {0}")]
    Io(#[from] std::io::Error),
    /// The metadata could not be read or written.
    #[error("the object store's metadata: {0}")]
    Database(#[from] rusqlite::Error),
    /// A record of the metadata is not what this version of the program writes.
    #[error("a record of the object store: {0}")]
    Record(#[from] serde_json::Error),
    /// Another process has the folder open.
    #[error("the folder {0} is in use by another process")]
    InUse(PathBuf),
    /// A bucket was asked for with options that S3 does not allow.
    #[error("bucket {name}: {reason}")]
    Bucket {
        /// The bucket's name.
        name: String,
        /// What is wrong with the options.
        reason: &'static str,
    },
    /// A job of the store ended early, because the process is stopping or by a defect.
    #[error("a job of the object store ended early")]
    Interrupted,
    /// The request is refused with an S3 error code.
    #[error("{0}")]
    Refused(#[from] S3Error),
}

impl From<S3ErrorCode> for Error {
    fn from(code: S3ErrorCode) -> Self {
        Self::Refused(code.into())
    }
}

impl From<Error> for S3Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal,
            failure => S3Error::internal_error(failure),
        }
    }
}
