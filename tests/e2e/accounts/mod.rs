//! Sessions, passwords, profile, consents, unsubscribing, the workspace's settings.

mod address;
mod consents;
mod passwords;
mod profile;
mod sessions;
mod unsubscribe;
mod workspace;
