//! The steps. Each destroys what it finds and returns how much is left.

use std::time::Duration;

use domain::{certificate::Step, time::SignedDuration};
use store::{
    Condition, Entity, Key, Table, Tx, catalog,
    erasure::Run,
    outbox::Owner,
    people::{Link, Session, exports_prefix, find_login, letters_prefix, login_key, partition},
    personal::{WrappedKey, wrapped_key},
};

use super::{destroy_items, found, leave};
use crate::{App, Error, objects as bucket};

/// How long letters to the person are waited for before they are dropped.
const LETTERS_WAIT: SignedDuration = SignedDuration::from_mins(10);
/// How often and how long one attempt looks whether they have gone.
const LOOKS: u32 = 20;
const LOOK_PAUSE: Duration = Duration::from_millis(250);

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}

/// Deletes every item of a partition.
async fn empty(app: &App, run: &Run, step: Step, table: Table, pk: &str) -> Result<u64, Error> {
    destroy_items(app, table, pk, |batch| found(app, run, step, batch)).await
}

pub(super) async fn sessions(app: &App, run: &Run) -> Result<u64, Error> {
    let pk = partition(run.subject);
    let sessions: Vec<Session> = app.db.list_all(&pk, "SESSION#").await?;
    let links: Vec<Link> = app.db.list_all(&pk, "LINK#").await?;
    let keys: Vec<Key> = sessions
        .iter()
        .map(Entity::key)
        .chain(links.iter().map(Entity::key))
        .collect();
    if !keys.is_empty() {
        let names = keys.iter().map(|key| key.sk.clone()).collect();
        found(app, run, Step::Sessions, names).await?;
        app.db.delete_all(Table::People, &keys).await?;
    }
    Ok(0)
}

/// The last letter tells the person where the certificate will be: it is
/// waited for, within bounds, before its address is destroyed.
pub(super) async fn outbox(app: &App, run: &Run) -> Result<u64, Error> {
    let pk = Owner::Subject(run.subject).partition();
    let began_at = app.db.erasure_case(run.case).await?.map(|c| c.began_at);
    let now = app.clock.now();
    let waited = began_at.is_none_or(|began| now.duration_since(*began) >= LETTERS_WAIT);
    if !waited && !letters_gone(app, &pk).await? {
        return Err(Error::LettersWaiting);
    }
    empty(app, run, Step::Outbox, Table::Catalog, &pk).await
}

async fn letters_gone(app: &App, pk: &str) -> Result<bool, Error> {
    for _ in 0..LOOKS {
        if app.db.keys(Table::Catalog, pk, 1).await?.is_empty() {
            return Ok(true);
        }
        tokio::time::sleep(LOOK_PAUSE).await;
    }
    Ok(false)
}

pub(super) async fn objects(app: &App, run: &Run) -> Result<u64, Error> {
    for workspace in &run.destroyed {
        for prefix in bucket::prefixes(*workspace) {
            bucket::destroy(&app.assets, &prefix, |batch| {
                found(app, run, Step::Objects, batch)
            })
            .await?;
        }
    }
    Ok(0)
}

pub(super) async fn workspaces(app: &App, run: &Run) -> Result<u64, Error> {
    let mut left = 0;
    for workspace in &run.destroyed {
        let outbox = Owner::Workspace(*workspace).partition();
        left += empty(app, run, Step::Workspaces, Table::Catalog, &outbox).await?;
        let pk = catalog::partition(*workspace);
        left += empty(app, run, Step::Workspaces, Table::Catalog, &pk).await?;
    }
    for workspace in &run.left {
        leave(app, *workspace, run.subject, |batch| {
            found(app, run, Step::Workspaces, batch)
        })
        .await?;
    }
    Ok(left)
}

/// The key goes before any item does: at this moment every sealed value of the
/// person becomes noise, in every copy and backup.
pub(super) async fn key(app: &App, run: &Run) -> Result<u64, Error> {
    let key = wrapped_key(run.subject);
    if let Some(wrapped) = app.db.get::<WrappedKey>(&key).await? {
        app.db.note_key(run.case, &wrapped.fingerprint()).await?;
        found(app, run, Step::Key, vec![wrapped.fingerprint()]).await?;
        app.db
            .delete_all(Table::Keys, std::slice::from_ref(&key))
            .await?;
    }
    Ok(0)
}

pub(super) async fn login(app: &App, run: &Run) -> Result<u64, Error> {
    let Some(login) = find_login(&app.db, &run.login).await? else {
        return Ok(0);
    };
    if login.subject != run.subject {
        return Ok(0);
    }
    found(app, run, Step::Login, vec![run.login.to_string()]).await?;
    let theirs = Condition::equals("subject", run.subject)?;
    let mut tx = Tx::new();
    tx.delete(
        "login",
        Table::People,
        &login_key(&run.login),
        Some(&theirs),
    );
    match app.db.commit(tx).await {
        // meanwhile it became somebody else's, or went
        Err(error) if error.refused("login") => Ok(0),
        other => Ok(other.map(|()| 0)?),
    }
}

pub(super) async fn exports(app: &App, run: &Run) -> Result<u64, Error> {
    let prefix = exports_prefix(run.subject);
    bucket::destroy(&app.exports, &prefix, |batch| {
        found(app, run, Step::Exports, batch)
    })
    .await?;
    Ok(0)
}

/// The letters as they came, those among them that only name the person as their sender.
pub(super) async fn letters(app: &App, run: &Run) -> Result<u64, Error> {
    for letter in app.db.unproven_letters(run.subject).await? {
        bucket::destroy_object(&app.letters, &letter.object, |batch| {
            found(app, run, Step::Letters, batch)
        })
        .await?;
    }
    let prefix = letters_prefix(run.subject);
    bucket::destroy_versions(&app.letters, &prefix, |batch| {
        found(app, run, Step::Letters, batch)
    })
    .await?;
    Ok(0)
}

pub(super) async fn records(app: &App, run: &Run) -> Result<u64, Error> {
    let pk = partition(run.subject);
    empty(app, run, Step::Records, Table::People, &pk).await
}

/// Looks everywhere once more, strongly consistent.
///
/// # Errors
/// [`Error::Left`]: the next attempt walks through every step again.
pub(super) async fn probe(app: &App, run: &Run) -> Result<(), Error> {
    let subject = partition(run.subject);
    let mut partitions = vec![
        (Table::People, subject.clone(), "people"),
        (Table::Keys, subject, "keys"),
        (
            Table::Catalog,
            Owner::Subject(run.subject).partition(),
            "outbox",
        ),
    ];
    for workspace in &run.destroyed {
        let outbox = Owner::Workspace(*workspace).partition();
        partitions.push((Table::Catalog, catalog::partition(*workspace), "catalog"));
        partitions.push((Table::Catalog, outbox, "outbox"));
    }
    for (table, pk, name) in partitions {
        let left = app.db.keys(table, &pk, 1).await?;
        nothing(count(left.len()), name)?;
    }
    let login = find_login(&app.db, &run.login).await?;
    let theirs = login.filter(|login| login.subject == run.subject);
    nothing(u64::from(theirs.is_some()), "login")?;
    for workspace in &run.destroyed {
        nothing(
            u64::from(bucket::any_left(app, *workspace).await?),
            "assets",
        )?;
    }
    let copies = app.exports.versions(&exports_prefix(run.subject)).await?;
    nothing(count(copies.len()), "exports")?;
    let letters = app.letters.versions(&letters_prefix(run.subject)).await?;
    nothing(count(letters.len()), "letters")
}

fn nothing(left: u64, store: &'static str) -> Result<(), Error> {
    if left == 0 {
        Ok(())
    } else {
        Err(Error::Left(store))
    }
}
