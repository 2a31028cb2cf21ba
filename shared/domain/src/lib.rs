//! Types and rules of Assetbox, without I/O and without async.
//!
//! Everything that can be decided without asking the outside world is decided
//! here: what an id looks like, which purpose may read which category of
//! personal data, when a trial ends, how the ledger's chain is hashed.

pub mod asset;
pub mod billing;
pub mod calendar;
pub mod certificate;
pub mod compliance;
pub mod consent;
pub mod consequence;
pub mod contact;
pub mod data_map;
pub mod ids;
pub mod ledger;
pub mod opendsr;
pub mod password;
pub mod policy;
pub mod processing;
pub mod regime;
pub mod request;
pub mod site;
pub mod time;
pub mod token;
pub mod trial;
pub mod upload;
pub mod workspace;
