//! Legal holds: what they name is copied for them before the rest is destroyed (clause 5.8).

use domain::{
    certificate::Kept,
    compliance::hold::HOLDABLE,
    ids::SubjectId,
    processing::{Actor, Operation, Purpose},
    time::Timestamp,
};
use serde_json::{Map, Value};
use store::{
    erasure::{Hold, HoldPart},
    personal::{Access, GateError, Person},
};

use crate::{App, Error, export};

/// For what the holds name.
const HOLD: Access = Access {
    purpose: Purpose::Feedback,
    operation: Operation::Extract,
    actor: Actor::System,
    categories: &HOLDABLE,
    clause: "5.8",
};

/// The holds on a person's data, with what each of them keeps: sealed under its own key and
/// stored, before the erasure is committed that refers to it.
pub(super) async fn filled(
    app: &App,
    subject: SubjectId,
    now: Timestamp,
) -> Result<Vec<Hold>, Error> {
    let active = app.db.holds_on(subject, now).await?;
    if active.is_empty() {
        return Ok(active);
    }
    let person = match app.gate.open(subject, HOLD, now).await {
        // nothing is left that could be kept
        Err(GateError::Unknown) => return Ok(Vec::new()),
        other => other?,
    };
    let mut holds = Vec::with_capacity(active.len());
    for hold in active {
        let text = serde_json::to_string(&held(app, &person, &hold, now).await?)?;
        let (open, _) = hold
            .open(&app.gate, Operation::Record, Actor::System, now)
            .await?;
        let parts = HoldPart::of(&hold, &open, &text)?;
        for part in &parts {
            app.db.put(part).await?;
        }
        let progress = hold.progress.clone().keep(parts.len(), now);
        holds.push(hold.with(progress));
    }
    Ok(holds)
}

async fn held(app: &App, person: &Person, hold: &Hold, now: Timestamp) -> Result<Value, Error> {
    let mut kept = Map::new();
    for category in hold.progress.categories() {
        let content = export::of_category(app, person, *category, now).await?;
        kept.insert(category.as_str().to_owned(), content);
    }
    Ok(Value::Object(kept))
}

/// What the holds keep, as the certificate says it.
pub(super) fn kept(holds: &[Hold]) -> impl Iterator<Item = Kept> {
    holds.iter().map(|hold| {
        let progress = &hold.progress;
        let names = progress.categories().iter().map(|one| one.as_str());
        let names: Vec<_> = names.collect();
        Kept {
            category: format!("legal hold: {}", names.join(", ")),
            store: "people table, sealed under a key of its own".to_owned(),
            ground: format!("clause 5.8; {}", progress.law().as_str()),
            until: Some(progress.until()),
        }
    })
}
