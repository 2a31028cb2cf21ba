//! The disclosures that a person may know of: part of the answer to an access
//! request (clauses 5.5, 6.3a). What a ban covers is left out until it ends.

use domain::{
    compliance::disclosure::{File, Progress},
    ids::{DisclosureId, SubjectId},
    processing::{Actor, Operation},
    time::Timestamp,
};

use super::Case;
use crate::{
    db::Db,
    personal::{Gate, GateError},
};

/// Each with its file: what was disclosed, to whom, on which ground.
///
/// # Errors
/// [`GateError`].
pub async fn known_disclosures(
    db: &Db,
    gate: &Gate,
    subject: SubjectId,
    now: Timestamp,
) -> Result<Vec<(Case<Progress>, File)>, GateError> {
    let mut known = Vec::new();
    for reference in db.references(subject).await? {
        let Ok(id) = reference.case.parse::<DisclosureId>() else {
            continue;
        };
        let Some(case) = db.case::<Progress>(id).await? else {
            continue;
        };
        if case.progress.may_be_known(now) {
            let (_, file) = case
                .open(gate, Operation::Extract, Actor::System, now)
                .await?;
            known.push((case, file));
        }
    }
    Ok(known)
}
