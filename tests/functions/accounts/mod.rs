//! Sessions, passwords, address, consents and workspace.

mod address;
mod consents;
mod passwords;
mod sessions;
mod signals;
