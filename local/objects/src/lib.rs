//! S3 on one machine: a durable, versioned object store behind the S3 protocol of `s3s`.
//!
//! What it promises:
//! - **Durable.** An acknowledged change survives `kill -9` and power loss: contents are synced
//!   files, metadata is SQLite with `synchronous = FULL`.
//! - **All or nothing.** Lengths and checksums are verified before anything is replaced; a refused
//!   upload changes nothing.
//! - **Contained.** A key never becomes a path: contents are files named by their SHA-256.
//! - **Erasable.** When the last version that holds some content is removed, its file is deleted at
//!   once and its metadata is overwritten (`secure_delete`, write-ahead log truncated).
//! - **Notifying.** Every change calls the subscribers after its commit; what a crash kept from
//!   them is repeated at the next start.
//!
//! What it does not do: encryption at rest (`x-amz-server-side-encryption` is accepted and ignored,
//! customer-provided keys are refused), storage classes, access control lists and lifecycle rules.
//! An operation or option outside its scope answers `NotImplemented`, never a made-up success.

mod bucket;
mod catalog;
mod change;
mod checksum;
mod contents;
mod cors;
mod error;
mod event;
mod intake;
mod listing;
mod retention;
mod s3;
mod server;
mod store;
mod uploads;
mod version;

pub use bucket::BucketOptions;
pub use error::Error;
pub use event::ObjectEvent;
pub use store::{ObjectStore, StoreOptions};
pub use version::VersionInfo;
