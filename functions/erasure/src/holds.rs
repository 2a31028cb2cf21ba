//! Legal holds: what they name is copied for them when they are placed, when it is replaced, once
//! a day while they stand, and before an erasure destroys the rest (clause 5.8).

use domain::{
    compliance::hold::HOLDABLE,
    contact::Profile,
    ids::SubjectId,
    processing::{Actor, Category, Operation, Purpose},
    time::Timestamp,
};
use serde_json::Value;
use store::{
    Entity, Key, Table, Tx,
    erasure::{Copied, Hold},
    personal::{Access, FormerProfile, GateError},
};

use crate::{App, Error, export};

/// For what the holds name.
pub(crate) const HOLD: Access = Access {
    purpose: Purpose::Feedback,
    operation: Operation::Extract,
    actor: Actor::System,
    categories: &HOLDABLE,
    clause: "5.8",
};

/// Copies what the holds on a person's data do not have yet.
pub(crate) async fn fill(app: &App, subject: SubjectId) -> Result<(), Error> {
    let now = app.clock.now();
    // in this order: whatever is placed or replaced meanwhile is left to its own job
    let held = app.db.held(subject).await?;
    let formers = app.db.former_profiles(subject).await?;
    let active = app.db.holds_on(subject, now).await?;
    if let Some(held) = held.filter(|_| active.is_empty()) {
        app.db.end_holding(&held).await?;
    }
    for (hold, parts) in copied(app, subject, active, &formers, now).await? {
        let progress = hold.progress.clone().keep(parts, now);
        if progress != hold.progress {
            let mut tx = Tx::new();
            tx.change_case(&hold.with(progress))?;
            app.db.commit(tx).await?;
        }
    }
    let formers: Vec<Key> = formers.iter().map(Entity::key).collect();
    Ok(app.db.delete_all(Table::People, &formers).await?)
}

/// The active holds on a person's data as they are when an erasure destroys what was not copied
/// for them; none when nothing is left that could be.
pub(crate) async fn outliving(
    app: &App,
    subject: SubjectId,
    active: Vec<Hold>,
    now: Timestamp,
) -> Result<Vec<Hold>, Error> {
    if active.is_empty() {
        return Ok(active);
    }
    let formers = app.db.former_profiles(subject).await?;
    let copied = copied(app, subject, active, &formers, now).await?;
    let outliving = copied.into_iter().map(|(hold, parts)| {
        let progress = hold.progress.clone().keep(parts, now).outlive(now);
        hold.with(progress)
    });
    Ok(outliving.collect())
}

/// The holds, after what they name was added to what they keep: in how many parts it lies.
async fn copied(
    app: &App,
    subject: SubjectId,
    active: Vec<Hold>,
    formers: &[FormerProfile],
    now: Timestamp,
) -> Result<Vec<(Hold, usize)>, Error> {
    if active.is_empty() {
        return Ok(Vec::new());
    }
    let person = match app.gate.open(subject, HOLD, now).await {
        // nothing is left that could be kept
        Err(GateError::Unknown) => return Ok(Vec::new()),
        other => other?,
    };
    let formers = formers.iter().map(|former| person.open_former(former));
    let formers: Vec<Profile> = formers.collect::<Result<_, _>>()?;
    let mut holds = Vec::with_capacity(active.len());
    for hold in active {
        let (open, _) = hold
            .open(&app.gate, Operation::Record, Actor::System, now)
            .await?;
        let mut found = Vec::new();
        for category in hold.progress.categories() {
            let mut contents = replaced(&formers, *category);
            contents.extend(export::of_category(app, &person, *category, now).await?);
            found.extend(contents.into_iter().map(|content| Copied {
                category: *category,
                copied_at: now,
                content,
            }));
        }
        let parts = app.db.keep_for_hold(&hold, &open, &found).await?;
        holds.push((hold, parts));
    }
    Ok(holds)
}

/// What the profiles that were replaced had of one category.
fn replaced(formers: &[Profile], category: Category) -> Vec<Value> {
    let contents = formers
        .iter()
        .map(|former| export::of_profile(former, category));
    contents.filter(|content| !content.is_null()).collect()
}
