//! What queues and streams set off: from an original to preview, thumbnail and labels; what comes
//! back of mail, and letters to the privacy address.

mod delivery;
pub mod inbox;
mod ledger;
mod mail;
mod renditions;
mod tagging;
