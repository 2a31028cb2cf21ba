//! The nightly round (clause 5.2): it looks for what nobody owns, whatever it
//! came from: items of a workspace or a person that is gone, labels and objects
//! without an asset, unfinished uploads without a reservation, data keys without
//! a person, erasures that stand still.
//!
//! A round that does not fit into one night goes on in the next. What is seen
//! in two nights is an alarm; what is seen for its whole grace is destroyed,
//! unless there is so much of it that something else must be wrong.

mod items;
mod objects;
mod orphan;

use std::collections::{BTreeMap, BTreeSet};

use domain::{
    calendar,
    ledger::Entry,
    processing::Actor,
    time::{SignedDuration, Timestamp},
};
use serde_json::{Value, json};

use crate::{App, Error};
use orphan::Orphan;

/// What is seen again after this was no passing state.
const SEEN_AGAIN: SignedDuration = SignedDuration::from_hours(20);
/// More of one kind in one night is no oversight: nothing of it is destroyed.
const TOO_MANY: usize = 100;

/// Goes on with the round. Returns how many there are of each kind since more
/// than a night, and how many were settled: `{"standing", "settled", "skipped"}`.
pub(crate) async fn run(app: &App) -> Result<Value, Error> {
    let now = app.clock.now();
    let missing = calendar::missing_ahead(now).len();
    if missing > 0 {
        platform::alarm!(
            "calendar_missing",
            missing,
            "a calendar of this year or the next is missing"
        );
    }
    let replay = app.db.replay().await?;
    if replay.is_some_and(|replay| !replay.is_finished()) {
        // what has no owner now may have one when the backup is back
        return Ok(json!({"skipped": true}));
    }
    let mut round = app.db.round().await?;
    let mut orphans = items::look(app, &mut round, now).await?;
    orphans.extend(objects::look(app, &mut round).await?);
    let night = settle(app, orphans, now).await?;
    tell(app, &night, now).await?;
    app.db.put(&round).await?;
    Ok(json!({
        "skipped": false,
        "standing": night.standing,
        "settled": night.settled,
    }))
}

/// What came of a night, by kind.
#[derive(Debug, Default)]
struct Night {
    /// Seen for longer than a night.
    standing: BTreeMap<&'static str, usize>,
    /// Destroyed, their grace being over, or set going again.
    settled: BTreeMap<&'static str, usize>,
}

async fn settle(app: &App, orphans: BTreeSet<Orphan>, now: Timestamp) -> Result<Night, Error> {
    let mut kinds: BTreeMap<&'static str, usize> = BTreeMap::new();
    for orphan in &orphans {
        *kinds.entry(orphan.kind()).or_default() += 1;
    }
    let mut night = Night::default();
    for orphan in &orphans {
        let kind = orphan.kind();
        let finding = app.db.note_finding(&orphan.name(), now).await?;
        let age = now.duration_since(*finding.first_seen);
        if age < SEEN_AGAIN && !orphan.is_old() {
            continue;
        }
        *night.standing.entry(kind).or_default() += 1;
        let is_over = orphan.grace().is_some_and(|grace| age >= grace);
        let are_few = kinds.get(kind).is_some_and(|count| *count <= TOO_MANY);
        if is_over && are_few {
            orphan.settle(app).await?;
            *night.settled.entry(kind).or_default() += 1;
        }
    }
    Ok(night)
}

/// Alarms by kind, and one entry of the ledger with the counts.
async fn tell(app: &App, night: &Night, now: Timestamp) -> Result<(), Error> {
    if night.standing.is_empty() {
        return Ok(());
    }
    let mut entry = Entry::new(now, Actor::System, "reconcile.found", "5.2a");
    for (&kind, &count) in &night.standing {
        let settled = night.settled.get(kind).copied().unwrap_or_default();
        platform::alarm!(
            "unowned_data",
            kind,
            count,
            settled,
            "data without an owner"
        );
        entry = entry
            .with_fact(&format!("{kind}.found"), count)
            .with_fact(&format!("{kind}.settled"), settled);
    }
    Ok(app.db.record(entry).await?)
}
