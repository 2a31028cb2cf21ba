//! From an original to preview, thumbnail and labels.

mod delivery;
mod ledger;
mod renditions;
mod tagging;
