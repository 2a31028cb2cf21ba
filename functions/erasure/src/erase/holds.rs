//! Legal holds: what they name is copied for them before the rest is destroyed (clause 5.8).

use domain::{
    certificate::Kept,
    compliance::hold::HOLDABLE,
    ids::SubjectId,
    opendsr::{Outcome, Standing},
    processing::{Actor, Operation, Purpose},
    time::Timestamp,
};
use serde_json::{Map, Value};
use store::{
    Tx,
    erasure::{Case, Hold, HoldPart, Run},
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

/// Fills the holds that were placed while the erasure began, which its beginning has not seen, as
/// long as the key exists. None can be placed after it.
pub(super) async fn filled_late(app: &App, run: Run, mut case: Case) -> Result<Run, Error> {
    let now = app.clock.now();
    let mut unseen = app.db.holds_on(run.subject, now).await?;
    unseen.retain(|hold| hold.progress.kept().is_none());
    let holds = filled(app, run.subject, unseen, now).await?;
    if holds.is_empty() {
        return Ok(run);
    }
    case.kept.extend(kept(&holds, now));
    let run = told(&holds, run, now);
    let mut tx = Tx::new();
    for hold in &holds {
        tx.change_case(hold)?;
    }
    tx.keep_more(&run, &case)?;
    app.db.commit(tx).await?;
    Ok(run)
}

/// The active holds on a person's data, with what each of them keeps: sealed under its own key and
/// stored, before the erasure is committed that refers to it.
pub(super) async fn filled(
    app: &App,
    subject: SubjectId,
    active: Vec<Hold>,
    now: Timestamp,
) -> Result<Vec<Hold>, Error> {
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

/// Anybody may read the certificate and a controller its answer: neither tells of a hold that the
/// law keeps secret.
fn known(holds: &[Hold], now: Timestamp) -> impl Iterator<Item = &Hold> {
    let may_be_known = move |hold: &&Hold| hold.progress.may_be_known(now);
    holds.iter().filter(may_be_known)
}

/// Controllers are told that it was done in part where a legal hold keeps something.
pub(super) fn told(holds: &[Hold], mut run: Run, now: Timestamp) -> Run {
    if known(holds, now).next().is_some() {
        for (_, end) in &mut run.exchanges {
            *end = Standing::cancelled(Outcome::Partial);
        }
    }
    run
}

/// What the holds keep, as the certificate says it.
pub(super) fn kept(holds: &[Hold], now: Timestamp) -> impl Iterator<Item = Kept> {
    known(holds, now).map(|hold| {
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
