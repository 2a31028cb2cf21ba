//! The end of a restriction: its verification ended with a decision (clause 6.7).

use domain::{
    processing::{Actor, Operation, Purpose},
    time::Timestamp,
};
use store::{Tx, people::Request, personal::Access};

use crate::{
    App, Error,
    carry_out::{close, completed},
};

const LIFT: Access = Access {
    purpose: Purpose::Feedback,
    operation: Operation::Block,
    actor: Actor::System,
    categories: &[],
    clause: "6.7",
};

pub(crate) async fn lift(app: &App, request: Request, now: Timestamp) -> Result<(), Error> {
    let person = app.gate.open(request.subject, LIFT, now).await?;
    let requests = app.db.requests_of(request.subject, now).await?;
    let request = completed(request, now)?;

    let mut tx = Tx::new();
    tx.end_restriction(person.record(), &request, &requests)?;
    close(&mut tx, &person, &request, "request.restriction_ended", now)?;
    app.db.commit(tx).await?;
    Ok(())
}
