//! The gate to personal data (invariants 4 and 5).
//!
//! Sealed attributes are made and opened by a [`Person`], and a [`Person`] comes
//! only from [`Gate::open`] (which checks purpose, consent and restriction, and
//! leaves an entry in the ledger) or from [`Gate::enrol`]. What is handed to
//! others is read through [`Gate::disclose`], with a grant; the registers of
//! disclosures, incidents and claims have keys of their own ([`CaseFile`]). No
//! other code holds a data key.

mod gate;
mod key;
mod profile;

pub(crate) use gate::EndingKey;
pub use gate::{Access, CaseFile, CaseKey, Disclosed, Gate, GateError, Person, case_key};
pub use key::{Sealed, WrappedKey, wrapped_key};
pub use profile::{FormerProfile, SealedProfile, profile_key};
