//! Rectification: the confirmed values replace those on file (clauses 5.3, 6.3b).

use domain::{
    processing::{Actor, Category, Operation, Purpose},
    time::Timestamp,
};
use store::{Condition, Tx, people::Request, personal::Access};

use crate::{
    App, Error,
    carry_out::{READ_REQUEST, close, completed},
};

const CLARIFY: Access = Access {
    purpose: Purpose::Accuracy,
    operation: Operation::Clarify,
    actor: Actor::System,
    categories: &[Category::Identity, Category::Contact, Category::Employment],
    clause: "6.3b",
};

pub(crate) async fn apply(app: &App, request: Request, now: Timestamp) -> Result<(), Error> {
    let reader = app.gate.open(request.subject, READ_REQUEST, now).await?;
    let correction = request.open_details(&reader)?.fields.unwrap_or_default();
    let person = app.gate.open(request.subject, CLARIFY, now).await?;
    let corrected = correction.apply(person.profile()?);
    let sealed = person.seal_profile(&corrected)?;
    let unchanged = Condition::equals("revision", person.profile_revision())?;
    let request = completed(request, now)?;

    let mut tx = Tx::new();
    tx.alive(request.subject);
    tx.put_if("profile", &sealed, Some(&unchanged));
    close(&mut tx, &person, &request, "request.corrected", now)?;
    app.db.commit(tx).await?;
    Ok(())
}
