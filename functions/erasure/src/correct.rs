//! Rectification: the confirmed values replace those on file, and whoever was
//! given the old ones is told (clauses 5.3, 6.3b).

use domain::{
    compliance::notice::changed,
    contact::Profile,
    processing::{Actor, Category, Operation, Purpose},
    regime::{self, Regimes},
    time::Timestamp,
};
use store::{
    Table, Tx, Update,
    compliance::notices_of_correction,
    people::{Request, person_key},
    personal::{Access, Person},
};

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
    let before = person.profile()?;
    let corrected = correction.apply(before.clone());
    let changed = changed(&before, &corrected);
    let notices = notices_of_correction(&app.db, request.subject, &changed, now).await?;
    let request = completed(request, now)?;

    let mut tx = Tx::new();
    let (key, alive) = (person_key(request.subject), person.record().alive_as_read());
    match laws(&person, &before, &corrected) {
        Some(laws) => {
            let update = Update::new().set("regimes", laws)?.when(alive);
            tx.update("person", Table::People, &key, &update);
        }
        None => tx.check("person", Table::People, &key, &alive),
    }
    tx.replace_profile(&person, &corrected, now)?;
    for notice in &notices {
        tx.notify(notice, now);
    }
    close(&mut tx, &person, &request, "request.corrected", now)?;
    app.db.commit(tx).await?;
    Ok(())
}

/// The laws that protect the person with the new number, where it says anything:
/// a residence that was declared says more (clause 2.1).
fn laws(person: &Person, before: &Profile, after: &Profile) -> Option<Regimes> {
    let known = &person.record().regimes;
    if before.phone == after.phone || known.are_declared() {
        return None;
    }
    Some(regime::resolve(None, Some(&after.phone)))
}
