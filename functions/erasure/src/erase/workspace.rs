//! Workspaces: destroyed with their last member, or left by one of several.

use domain::{
    asset::ObjectKind,
    ids::{SubjectId, WorkspaceId},
    workspace::Role,
};
use store::{
    Condition, Entity, Key, StoreError, Table, Tx, Update,
    catalog::{
        self, Asset, Member, Upload, UploadState, Workspace,
        asset::{LIVE_PREFIX, TRASH_PREFIX},
        workspace::{member_key, workspace_key},
    },
    db::Range,
    outbox::Owner,
};

use crate::{App, Error, objects as bucket};

/// How many items are read at once.
const PAGE: i32 = 1000;
/// How many items one call deletes.
const BATCH: usize = 25;

/// Deletes every item of a partition, 25 a call. `found` hears of every batch
/// before it is deleted. Returns what is left: nothing.
pub(crate) async fn destroy_items<F, Fut>(
    app: &App,
    table: Table,
    pk: &str,
    found: F,
) -> Result<u64, Error>
where
    F: Fn(Vec<String>) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    loop {
        let keys = app.db.keys(table, pk, PAGE).await?;
        if keys.is_empty() {
            return Ok(0);
        }
        // what is counted goes in one call: an attempt that fails between two batches counts
        // none of them twice
        for batch in keys.chunks(BATCH) {
            found(batch.iter().map(|key| key.sk.clone()).collect()).await?;
            app.db.delete_all(table, batch).await?;
        }
    }
}

/// Deletes every item of this key's partition but the one at the key.
pub(crate) async fn destroy_all_but(app: &App, table: Table, kept: &Key) -> Result<(), Error> {
    loop {
        let mut keys = app.db.keys(table, &kept.pk, PAGE).await?;
        keys.retain(|key| key != kept);
        if keys.is_empty() {
            return Ok(());
        }
        app.db.delete_all(table, &keys).await?;
    }
}

/// Destroys everything of a workspace: objects first, the items that lead to
/// them last. `found` hears of every batch before it is destroyed.
pub(crate) async fn destroy_workspace<F, Fut>(
    app: &App,
    workspace: WorkspaceId,
    found: F,
) -> Result<(), Error>
where
    F: Fn(Vec<String>) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    for prefix in bucket::prefixes(workspace) {
        bucket::destroy(&app.assets, &prefix, &found).await?;
    }
    let outbox = Owner::Workspace(workspace).partition();
    for pk in [outbox, catalog::partition(workspace)] {
        destroy_items(app, Table::Catalog, &pk, &found).await?;
    }
    Ok(())
}

/// Takes a person out of a workspace that lives on: their assets stay the
/// company's and forget who uploaded them (clause 1.4).
pub(crate) async fn leave<F, Fut>(
    app: &App,
    workspace: WorkspaceId,
    subject: SubjectId,
    found: F,
) -> Result<(), Error>
where
    F: Fn(Vec<String>) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    let pk = catalog::partition(workspace);
    for prefix in [LIVE_PREFIX, TRASH_PREFIX] {
        forget_uploader(app, &pk, prefix, subject, &found).await?;
    }
    let uploads: Vec<Upload> = app.db.list_all(&pk, "UPLOAD#").await?;
    let theirs: Vec<Upload> = uploads
        .into_iter()
        .filter(|upload| upload.uploaded_by == subject)
        .collect();
    if !theirs.is_empty() {
        found(theirs.iter().map(|upload| upload.key().sk).collect()).await?;
        for upload in &theirs {
            end_upload(app, upload).await?;
        }
    }
    hand_over(app, workspace, subject).await?;
    let member = member_key(workspace, subject);
    if app.db.get::<Member>(&member).await?.is_some() {
        found(vec![member.sk.clone()]).await?;
        app.db.delete_all(Table::Catalog, &[member]).await?;
    }
    Ok(())
}

async fn forget_uploader<F, Fut>(
    app: &App,
    pk: &str,
    prefix: &str,
    subject: SubjectId,
    found: &F,
) -> Result<(), Error>
where
    F: Fn(Vec<String>) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    let mut cursor: Option<String> = None;
    loop {
        let range = Range {
            pk,
            prefix,
            newest_first: false,
            limit: PAGE,
            cursor: cursor.as_deref(),
        };
        let page = app.db.list::<Asset>(&range).await?;
        let theirs: Vec<Key> = page
            .items
            .iter()
            .filter(|asset| asset.uploaded_by == Some(subject))
            .map(Entity::key)
            .collect();
        if !theirs.is_empty() {
            found(theirs.iter().map(|key| key.sk.clone()).collect()).await?;
        }
        for key in &theirs {
            // the revision makes that a writer who read the asset before reads it again
            let update = Update::new()
                .remove("uploaded_by")
                .add("revision", 1)
                .when(Condition::equals("uploaded_by", subject)?);
            gone_is_fine(app.db.update::<Asset>("asset", key, &update).await)?;
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

fn gone_is_fine<T>(outcome: Result<T, StoreError>) -> Result<(), Error> {
    match outcome {
        Ok(_) | Err(StoreError::Refused(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn end_upload(app: &App, upload: &Upload) -> Result<(), Error> {
    if upload.state == UploadState::Open {
        if let Some(id) = &upload.multipart_id {
            let original = upload.objects().key(ObjectKind::Original);
            app.assets.abort(&original, id).await?;
        }
        app.db.abort_upload(upload).await?;
    }
    app.db.delete_all(Table::Catalog, &[upload.key()]).await?;
    Ok(())
}

/// A workspace keeps an owner: the one who has been there longest, owners first.
async fn hand_over(app: &App, workspace: WorkspaceId, subject: SubjectId) -> Result<(), Error> {
    let pk = catalog::partition(workspace);
    let key = workspace_key(workspace);
    let Some(current) = app.db.get::<Workspace>(&key).await? else {
        return Ok(());
    };
    if current.owner != subject {
        return Ok(());
    }
    let members: Vec<Member> = app.db.list_all(&pk, "MEMBER#").await?;
    let heir = members
        .into_iter()
        .filter(|member| member.subject != subject)
        .min_by_key(|member| (member.role != Role::Owner, member.joined_at));
    let Some(heir) = heir else { return Ok(()) };
    let owner = Update::new()
        .set("owner", heir.subject)?
        .add("revision", 1)
        .when(Condition::equals("owner", subject)?);
    let promoted = Update::new()
        .set("role", Role::Owner)?
        .when(Condition::item_exists());
    let mut tx = Tx::new();
    tx.update("owner", Table::Catalog, &key, &owner);
    tx.update("heir", Table::Catalog, &heir.key(), &promoted);
    gone_is_fine(app.db.commit(tx).await)
}
