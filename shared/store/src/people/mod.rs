//! The people table without its sealed content: who exists, how they sign in,
//! what they consented to, what they ask for.
//!
//! Everything of a person stands in one partition, `SUBJ#{id}`, so that an
//! erasure is one walk and nothing can be forgotten. Outside of it there are
//! only keyed hashes, `LOGIN#{hash}`, `SUPPRESS#{hash}` and `LIMIT#…`, and the
//! ids of reports about letters, `MAILREPORT#…`.

mod account;
mod address_change;
mod consent;
mod correspondence;
mod letter;
mod link;
mod login;
mod news;
mod preference;
mod reachable;
mod record;
mod request;
mod session;
mod signup;
mod stance;
mod stop;
mod uncancelled;
mod written;

pub use account::{
    NewPassword, RESET_LENGTH, ask_password_reset, change_entry, change_profile, find_link,
    find_login, set_password,
};
pub use address_change::{
    ADDRESS_CHANGE_LENGTH, AddressChange, AddressConfirmed, CHANGE_ADDRESS, address_change_key,
    ask_address_change, confirm_address_change,
};
pub use consent::{Consent, consent_history};
pub use correspondence::{
    Correspondence, Intake, LETTERS, UnprovenLetter, Words, correspondence_key, intake_key,
    letters_prefix,
};
pub use letter::MailedLink;
pub use link::{Link, LinkPurpose, link_key};
pub use login::{Login, MAX_SESSIONS, OpenedSession, login_key};
pub use preference::{
    Origin, STATE_CONSENT, Suppression, UNSUBSCRIBE_LENGTH, consent_entry, evidence, state_consent,
    suppression_key, taken_back, unsubscribe_link, withdraw_marketing,
};
pub use reachable::{
    MailReport, Undeliverable, note_complaint, note_undeliverable, undeliverable_key,
};
pub(crate) use record::alive;
pub use record::{PendingSignUp, PersonRecord, PersonState, pending_key, person_key};
pub use request::{
    CONFIRMATION_LENGTH, EXPORT_LENGTH, ExportCopy, Request, Slot, export_key, export_object,
    exports_prefix, request_key,
};
pub use session::{
    SESSION_LENGTH, Session, end_all_sessions, end_session, open_session, session_key, sessions,
};
pub use signup::{Confirmed, SIGN_UP_LENGTH, SIGN_UP_PAUSE, SignUp, confirm_sign_up, sign_up};
pub use stance::{STATE_STANCE, Stance, stances, state_stance};
pub use stop::withdrawals;
pub use written::Reasons;

use domain::ids::SubjectId;

/// The partition of everything that belongs to a person.
#[must_use]
pub fn partition(subject: SubjectId) -> String {
    format!("SUBJ#{subject}")
}
