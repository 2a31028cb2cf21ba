//! The people table without its sealed content: who exists, how they sign in,
//! what they consented to, what they ask for.
//!
//! Everything of a person stands in one partition, `SUBJ#{id}`, so that an
//! erasure is one walk and nothing can be forgotten. Outside of it there are
//! only keyed hashes: `LOGIN#{hash}` and `LIMIT#…`.

mod consent;
mod link;
mod login;
mod record;
mod request;
mod session;

pub use consent::{Consent, consent_history};
pub use link::{Link, LinkPurpose, link_key};
pub use login::{Login, login_key};
pub use record::{PendingSignUp, PersonRecord, PersonState, pending_key, person_key};
pub use request::{
    CONFIRMATION_LENGTH, EXPORT_LENGTH, ExportCopy, Reasons, Request, Slot, request_key,
};
pub use session::{SESSION_LENGTH, Session, session_key};

use domain::ids::SubjectId;

/// The partition of everything that belongs to a person.
#[must_use]
pub fn partition(subject: SubjectId) -> String {
    format!("SUBJ#{subject}")
}
