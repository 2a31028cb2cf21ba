//! What is destroyed because its time is up, without a request: workspaces
//! whose trial nobody paid for, assets out of the trash, sign-ups that nobody
//! confirmed (clause 5.2, 152-FZ art. 5(7), 21(4)).

use domain::{
    asset::{ObjectKeys, ObjectKind},
    billing::Status,
    ids::{AssetId, SubjectId, WorkspaceId},
    ledger::Entry,
    processing::Actor,
    time::Timestamp,
};
use store::{
    Condition, Key, StoreError, Table, Tx, Update,
    catalog::{self, Asset, Member, Workspace, asset::trash_key, workspace::workspace_key},
    outbox::Owner,
    people::{PendingSignUp, PersonRecord, PersonState, pending_key, person_key},
    personal::wrapped_key,
};

use crate::{App, Error, erase, holds, objects as bucket};

pub(crate) async fn nothing_to_count(_: Vec<String>) -> Result<(), Error> {
    Ok(())
}

/// From when on the workspace may be destroyed, if it may be.
fn due_since(workspace: &Workspace, now: Timestamp) -> Option<Timestamp> {
    let over = workspace
        .billing
        .trial
        .map(|trial| trial.destruction_at())
        .filter(|at| workspace.billing.status == Status::Trialing && *at <= now);
    workspace.closing_since.or(over)
}

/// Destroys a workspace. Members for whom it was the only one go with it: their
/// account has no purpose any more.
pub(crate) async fn workspace(app: &App, id: WorkspaceId) -> Result<(), Error> {
    let now = app.clock.now();
    let key = workspace_key(id);
    let pk = catalog::partition(id);
    if let Some(found) = app.db.get::<Workspace>(&key).await? {
        // somebody may have paid since the job was queued
        let Some(since) = due_since(&found, now) else {
            return Ok(());
        };
        close(app, &found, now).await?;
        let members: Vec<Member> = app.db.list_all(&pk, "MEMBER#").await?;
        let mut all_gone = true;
        for member in &members {
            all_gone &= release(app, id, member.subject, members.len(), since, now).await?;
        }
        if !all_gone {
            // the erasure of its last member destroys the workspace
            return Ok(());
        }
    }
    for prefix in bucket::prefixes(id) {
        bucket::destroy(&app.assets, &prefix, nothing_to_count).await?;
    }
    let outbox = Owner::Workspace(id).partition();
    erase::destroy_items(app, Table::Catalog, &outbox, nothing_to_count).await?;
    erase::destroy_all_but(app, Table::Catalog, &key).await?;
    let entry = Entry::new(now, Actor::System, "workspace.destroyed", "5.2a").with_workspace(id);
    destroy_last(app, "workspace", Table::Catalog, &key, entry).await
}

/// The last item goes with the ledger's entry of its end: an attempt that fails before leaves the
/// item, and with it the next attempt's reason to write the entry.
async fn destroy_last(
    app: &App,
    name: &'static str,
    table: Table,
    key: &Key,
    entry: Entry,
) -> Result<(), Error> {
    let mut tx = Tx::new();
    tx.delete(name, table, key, Some(&Condition::item_exists()));
    tx.record(entry);
    match app.db.commit(tx).await {
        // an earlier attempt has done so
        Err(error) if error.refused(name) => Ok(()),
        other => Ok(other?),
    }
}

async fn close(app: &App, workspace: &Workspace, now: Timestamp) -> Result<(), Error> {
    if workspace.closing_since.is_some() {
        return Ok(());
    }
    let mut tx = Tx::new();
    let unchanged = Update::new()
        .set("closing_since", now)?
        .remove("due_queue")
        .remove("due_at")
        .add("revision", 1)
        .when(Condition::equals("revision", workspace.revision)?);
    tx.update(
        "workspace",
        Table::Catalog,
        &workspace_key(workspace.id),
        &unchanged,
    );
    // a payment that came first is seen by the next attempt
    app.db.commit(tx).await?;
    Ok(())
}

/// Lets a member go: `false` when their own erasure destroys the workspace.
async fn release(
    app: &App,
    workspace: WorkspaceId,
    subject: SubjectId,
    members: usize,
    since: Timestamp,
    now: Timestamp,
) -> Result<bool, Error> {
    let Some(record) = app.db.get::<PersonRecord>(&person_key(subject)).await? else {
        return Ok(true);
    };
    let only_here = record.workspaces.iter().all(|w| *w == workspace);
    if only_here && members == 1 {
        if record.erasing_since.is_none() {
            erase::for_ended_purpose(app, &record, since, now).await?;
        }
        return Ok(false);
    }
    if only_here {
        // the workspace is destroyed here, so their erasure must not look for it
        let elsewhere = PersonRecord {
            workspaces: [].into(),
            ..record
        };
        erase::for_ended_purpose(app, &elsewhere, since, now).await?;
        return Ok(true);
    }
    let mut workspaces = record.workspaces.clone();
    workspaces.remove(&workspace);
    let update = Update::new()
        .set("workspaces", workspaces)?
        .when(Condition::equals("workspaces", &record.workspaces)?);
    app.db
        .update::<PersonRecord>("person", &person_key(subject), &update)
        .await?;
    Ok(true)
}

/// Destroys an asset that is in the trash, with every version of its objects,
/// and returns its quota. One that was restored meanwhile stays.
pub(crate) async fn asset(app: &App, workspace: WorkspaceId, id: AssetId) -> Result<(), Error> {
    if app.db.asset(workspace, id).await?.is_some() {
        return Ok(());
    }
    let trashed: Option<Asset> = app.db.get(&trash_key(workspace, id)).await?;
    if let Some(asset) = trashed {
        match drop_item(app, &asset).await {
            // the workspace is gone, and its items with it
            Err(StoreError::Refused("workspace")) => {}
            // restored or changed just now: the message comes again and looks anew
            other => other?,
        }
    }
    let keys = ObjectKeys::new(workspace, id, 1);
    for kind in ObjectKind::ALL {
        bucket::destroy(&app.assets, &keys.prefix(kind), nothing_to_count).await?;
    }
    Ok(())
}

async fn drop_item(app: &App, asset: &Asset) -> Result<(), StoreError> {
    let now = app.clock.now();
    let unchanged = Condition::equals("revision", asset.revision)?;
    let mut tx = Tx::new();
    let key = trash_key(asset.workspace, asset.id);
    tx.delete("asset", Table::Catalog, &key, Some(&unchanged));
    tx.give_back(asset.workspace, asset.size_bytes);
    tx.record(
        Entry::new(now, Actor::System, "asset.purged", "5.2a")
            .with_workspace(asset.workspace)
            .with_fact("asset", asset.id),
    );
    app.db.commit(tx).await
}

/// Destroys a sign-up whose link was not used in time: key first, then the items.
pub(crate) async fn sign_up(app: &App, subject: SubjectId) -> Result<(), Error> {
    let now = app.clock.now();
    let record: Option<PersonRecord> = app.db.get(&person_key(subject)).await?;
    let active = record
        .as_ref()
        .is_some_and(|r| r.state == PersonState::Active);
    if active || (record.is_some() && !begin_end(app, subject, now).await?) {
        return Ok(());
    }
    // only now: no hold can be placed any more
    holds::fill(app, subject).await?;
    app.db
        .delete_all(Table::Keys, &[wrapped_key(subject)])
        .await?;
    let outbox = Owner::Subject(subject).partition();
    erase::destroy_items(app, Table::Catalog, &outbox, nothing_to_count).await?;
    let key = person_key(subject);
    erase::destroy_all_but(app, Table::People, &key).await?;
    let entry = Entry::new(now, Actor::System, "sign_up.destroyed", "5.2a");
    destroy_last(app, "person", Table::People, &key, entry).await
}

/// Marks a pending person, so that their link does not work any more; `false`
/// while there is still time, or when it was used just now.
async fn begin_end(app: &App, subject: SubjectId, now: Timestamp) -> Result<bool, Error> {
    let pending: Option<PendingSignUp> = app.db.get(&pending_key(subject)).await?;
    if pending.is_some_and(|pending| now < pending.expires_at) {
        return Ok(false);
    }
    let update = Update::new()
        .set("erasing_since", now)?
        .when(Condition::equals("state", PersonState::Pending)?);
    match app
        .db
        .update::<PersonRecord>("person", &person_key(subject), &update)
        .await
    {
        Ok(_) => Ok(true),
        Err(StoreError::Refused(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
