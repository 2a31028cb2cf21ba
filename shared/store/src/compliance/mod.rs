//! The registers of disclosures, transfers, incidents and claims (clauses 5.5 to 5.9, 8.2), and
//! of what whoever was given data has to be told ([`Notice`]); what was passed to
//! processors ([`Passed`]), and how the deadlines of all of these stand ([`Standing`]).
//! Legal holds and acts of destruction are cases of the same form, beside the erasure
//! that fills them.
//!
//! A case stands in its register's partition and names no person: whom it is
//! about is sealed in its file, under the case's own key ([`crate::personal`]).
//! From the person's side, a [`Reference`] in their partition leads to it, which
//! is erased with the person; the case goes on to its own end.

mod accesses;
mod case;
mod disclosure;
mod known;
mod notice;
mod package;
mod passed;
mod recipients;
mod reference;
mod transfer;

pub use accesses::MAX_ACCESSES;
pub use case::{Case, Filed, Standing, file_access};
pub use disclosure::{disclosure_object, disclosure_package_key};
pub use known::known_disclosures;
pub use notice::{TellError, tell_due};
pub use package::compile;
pub use passed::Passed;
pub use recipients::{Notice, notice_key, notices_of_correction, notices_of_erasure};
pub use reference::{Reference, reference_key};
pub use transfer::{
    Announcement, BusinessTransfer, Candidate, Objection, PEOPLE_OF_PAGE, PackedPage, PageContent,
    TransferPage, object_to_transfer, transfer_object, transfer_package_case, transfer_package_key,
};
