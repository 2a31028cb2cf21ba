//! Sign-up with consent, confirmation of the address, policy documents.

mod confirmation;
mod consent;
mod policies;
mod secrecy;
