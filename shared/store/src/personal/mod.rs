//! The gate to personal data (invariants 4 and 5).
//!
//! Sealed attributes are made and opened by a [`Person`], and a [`Person`] comes
//! only from [`Gate::open`] (which checks purpose, consent and restriction, and
//! leaves an entry in the ledger) or from [`Gate::enrol`]. No other code holds a
//! data key.

mod gate;
mod key;
mod profile;

pub use gate::{Access, Gate, GateError, Person};
pub use key::{Sealed, WrappedKey, wrapped_key};
pub use profile::{SealedProfile, profile_key};
