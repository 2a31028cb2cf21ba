//! What the staff write into fields. What can't be read becomes a problem that
//! names the field.

use domain::{
    compliance::Words, contact::EmailAddress, ids::SubjectId, ledger::Hash, time::Timestamp,
};
use store::{Db, lookup::LookupKey, people::find_login};

use super::Problem;

/// A text of a register.
///
/// # Errors
/// 422 for a text that is empty, too long, or holds control characters.
pub fn words(field: &str, text: &str) -> Result<Words, Problem> {
    Words::new(text).map_err(|reason| Problem::field(field, reason))
}

/// A time as in RFC 3339.
///
/// # Errors
/// 422 for what is none.
pub fn instant(field: &str, text: &str) -> Result<Timestamp, Problem> {
    text.parse().map_err(|_| {
        Problem::field(
            field,
            "write a time as in RFC 3339, such as 2026-11-23T09:00:00Z",
        )
    })
}

/// A document's SHA-256, hexadecimal.
///
/// # Errors
/// 422 for what is none.
pub fn sha256(field: &str, hexadecimal: &str) -> Result<Hash, Problem> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(hexadecimal, &mut bytes).map_err(|_| {
        Problem::field(
            field,
            "give the document's SHA-256 as 64 hexadecimal digits",
        )
    })?;
    Ok(Hash(bytes))
}

/// Whose address on file this is, for the field `person`, which takes an id as well.
///
/// # Errors
/// 422 for what is no address, and [`nobody`]; the store's.
pub async fn person_at(db: &Db, lookup: &LookupKey, address: &str) -> Result<SubjectId, Problem> {
    let address = EmailAddress::new(address).map_err(|reason| Problem::field("person", reason))?;
    let login = find_login(db, &lookup.email(&address)).await?;
    Ok(login.ok_or_else(nobody)?.subject)
}

/// 422 for a `person` whom the service doesn't know.
#[must_use]
pub fn nobody() -> Problem {
    Problem::field("person", "there is no account with this id or address")
}
