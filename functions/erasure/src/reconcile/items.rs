//! Items whose owner is not there.

use std::collections::BTreeSet;

use domain::{
    ids::{AssetId, SubjectId, WorkspaceId},
    time::{Timestamp, days},
};
use store::{
    Entity, Key, Table,
    catalog::{Asset, Workspace, asset::asset_key, workspace::workspace_key},
    erasure::{Cursor, RUN_PREFIX, Round, Seen},
    people::{PersonRecord, person_key},
    personal::{WrappedKey, wrapped_key},
};

use super::orphan::Orphan;
use crate::{App, Error};

/// How many pages of 500 items one night reads.
const PAGES: usize = 200;

/// Reads on from where the last night ended, once around at most.
pub(super) async fn look(
    app: &App,
    round: &mut Round,
    now: Timestamp,
) -> Result<BTreeSet<Orphan>, Error> {
    let mut orphans = BTreeSet::new();
    for _ in 0..PAGES {
        let Some((table, sheet)) = app.census.walk(&round.items).await? else {
            round.items = Cursor::default();
            break;
        };
        match table {
            Table::People => people(app, &sheet.rows, now, &mut orphans).await?,
            Table::Catalog => catalog(app, &sheet.rows, &mut orphans).await?,
            Table::Keys => keys(app, &sheet.rows, &mut orphans).await?,
            Table::Ledger => {}
        }
        round.items.turn(sheet.next);
    }
    Ok(orphans)
}

/// The first identifier of this kind that an item names.
fn named<T: std::str::FromStr>(row: &Seen) -> Option<T> {
    row.names.iter().find_map(|name| name.parse().ok())
}

fn after<T: std::str::FromStr>(prefix: &str, key: &Key) -> Option<T> {
    key.pk.strip_prefix(prefix)?.parse().ok()
}

async fn people(
    app: &App,
    rows: &[Seen],
    now: Timestamp,
    orphans: &mut BTreeSet<Orphan>,
) -> Result<(), Error> {
    let mut owned = Vec::new();
    let mut persons = Vec::new();
    for row in rows {
        if let Some(subject) = after::<SubjectId>("SUBJ#", &row.key) {
            owned.push((subject, Orphan::Person(subject)));
            if row.key == person_key(subject) {
                persons.push(subject);
            }
        } else if row.key.pk.starts_with("LOGIN#") {
            let subject = named::<SubjectId>(row);
            owned.extend(subject.map(|s| (s, Orphan::Login(row.key.clone(), s))));
        } else if let Some(subject) = after::<SubjectId>(RUN_PREFIX, &row.key)
            && stands_still(app, subject, now).await?
        {
            orphans.insert(Orphan::Erasure(subject));
        }
    }
    orphans.extend(without_person(app, owned).await?);
    let keys = persons.iter().map(|subject| wrapped_key(*subject));
    let missing = missing::<WrappedKey>(app, keys.collect()).await?;
    let keyless = persons
        .into_iter()
        .filter(|subject| missing.contains(&wrapped_key(*subject)));
    for subject in keyless {
        // while an erasure is under way the key is the first to go
        if app.db.erasure_run(subject).await?.is_none() {
            orphans.insert(Orphan::Keyless(subject));
        }
    }
    Ok(())
}

async fn stands_still(app: &App, subject: SubjectId, now: Timestamp) -> Result<bool, Error> {
    let Some(run) = app.db.erasure_run(subject).await? else {
        return Ok(false);
    };
    let case = app.db.erasure_case(run.case).await?;
    Ok(case.is_none_or(|case| now.duration_since(*case.began_at) >= days(1)))
}

async fn catalog(app: &App, rows: &[Seen], orphans: &mut BTreeSet<Orphan>) -> Result<(), Error> {
    let mut owned = Vec::new();
    let mut workspaces = BTreeSet::new();
    let mut labels = Vec::new();
    for row in rows {
        if let Some(subject) = after::<SubjectId>("OUT#", &row.key) {
            owned.push((subject, Orphan::Letters(subject)));
        }
        let Some(workspace) = after::<WorkspaceId>("WSP#", &row.key) else {
            continue;
        };
        workspaces.insert(workspace);
        let names = row.names.iter();
        let subjects = names.filter_map(|name| name.parse::<SubjectId>().ok());
        owned.extend(subjects.map(|s| (s, Orphan::Reference(workspace, s))));
        if row.key.sk.starts_with("LABEL#") {
            let asset = named::<AssetId>(row);
            labels.extend(asset.map(|asset| (asset_key(workspace, asset), row.key.clone())));
        }
    }
    let keys = workspaces.iter().map(|workspace| workspace_key(*workspace));
    let gone = missing::<Workspace>(app, keys.collect()).await?;
    let is_gone = |workspace: &WorkspaceId| gone.contains(&workspace_key(*workspace));
    orphans.extend(
        workspaces
            .iter()
            .filter(|workspace| is_gone(workspace))
            .map(|workspace| Orphan::Workspace(*workspace)),
    );
    let lonely = without_person(app, owned).await?;
    orphans.extend(lonely.into_iter().filter(|orphan| match orphan {
        // it goes with its workspace
        Orphan::Reference(workspace, _) => !is_gone(workspace),
        _ => true,
    }));
    let assets = labels.iter().map(|(asset, _)| asset.clone()).collect();
    let missing = missing::<Asset>(app, assets).await?;
    let lost = labels
        .into_iter()
        .filter(|(asset, label)| missing.contains(asset) && !gone.contains(&meta_of(label)));
    orphans.extend(lost.map(|(_, label)| Orphan::Label(label)));
    Ok(())
}

/// Where the workspace of an item in its partition stands.
fn meta_of(item: &Key) -> Key {
    Key::new(&item.pk, "META")
}

async fn keys(app: &App, rows: &[Seen], orphans: &mut BTreeSet<Orphan>) -> Result<(), Error> {
    let subjects = rows.iter().filter_map(|row| after("SUBJ#", &row.key));
    let owned = subjects.map(|subject| (subject, Orphan::DataKey(subject)));
    orphans.extend(without_person(app, owned.collect()).await?);
    Ok(())
}

/// Those among them whose person is not there.
pub(super) async fn without_person(
    app: &App,
    owned: Vec<(SubjectId, Orphan)>,
) -> Result<Vec<Orphan>, Error> {
    let keys = owned.iter().map(|(subject, _)| person_key(*subject));
    let missing = missing::<PersonRecord>(app, keys.collect()).await?;
    let lonely = owned
        .into_iter()
        .filter(|(subject, _)| missing.contains(&person_key(*subject)));
    Ok(lonely.map(|(_, orphan)| orphan).collect())
}

/// The keys at which nothing stands. What can't be read is there.
async fn missing<E: Entity>(app: &App, keys: BTreeSet<Key>) -> Result<BTreeSet<Key>, Error> {
    let wanted: Vec<_> = keys.into_iter().map(|key| (E::TABLE, key)).collect();
    let mut missing = BTreeSet::new();
    for chunk in wanted.chunks(100) {
        let mut found = app.db.get_many(chunk).await?;
        for (_, key) in chunk {
            if matches!(found.take::<E>(key), Ok(None)) {
                missing.insert(key.clone());
            }
        }
    }
    Ok(missing)
}
