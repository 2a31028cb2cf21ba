//! Objects, unfinished uploads, copies and letters whose owner is not there.

use std::collections::BTreeSet;

use domain::{
    asset::{ObjectKeys, ObjectKind},
    ids::{AssetId, SubjectId, WorkspaceId},
};
use platform::objects::ObjectVersion;
use store::{
    Table,
    catalog::{
        Asset, Upload, UploadState,
        asset::{asset_key, trash_key},
        upload::upload_key,
    },
    erasure::Round,
    people::LETTERS,
};

use super::{items::without_person, orphan::Orphan};
use crate::{App, Error, objects::Walk};

/// How many listings one night takes the names of.
const LISTINGS: usize = 300;
/// How many assets one batch read asks for: each in three places.
const ASSETS: usize = 33;

const EXPORTS: &str = "exports/";

pub(super) async fn look(app: &App, round: &mut Round) -> Result<BTreeSet<Orphan>, Error> {
    let mut orphans = assets(app, round).await?;
    orphans.extend(uploads(app).await?);
    orphans.extend(exports(app).await?);
    orphans.extend(letters(app, round).await?);
    Ok(orphans)
}

fn folder(kind: ObjectKind) -> String {
    let any = WorkspaceId::from_bytes([0; 16]);
    let prefix = ObjectKeys::workspace_prefix(any, kind);
    prefix.split_inclusive('/').take(1).collect()
}

/// Lists on from where the last night ended, once around at most.
async fn assets(app: &App, round: &mut Round) -> Result<BTreeSet<Orphan>, Error> {
    let mut orphans = BTreeSet::new();
    let mut listings = 0;
    for kind in ObjectKind::ALL {
        let shape = ["wsp_", "/ast_"];
        let mut walk = Walk::new(&app.assets, &folder(kind), &shape, &round.objects);
        while let Some(leaf) = walk.next().await? {
            judge(app, &leaf.versions, &mut orphans).await?;
            round.objects = leaf.done;
            listings += 1;
            if listings == LISTINGS {
                return Ok(orphans);
            }
        }
    }
    round.objects = String::new();
    Ok(orphans)
}

async fn judge(
    app: &App,
    versions: &[ObjectVersion],
    orphans: &mut BTreeSet<Orphan>,
) -> Result<(), Error> {
    let mut assets: BTreeSet<(WorkspaceId, AssetId)> = BTreeSet::new();
    for version in versions {
        match ObjectKeys::parse(&version.key) {
            Some((_, keys)) => {
                assets.insert((keys.workspace(), keys.asset()));
            }
            None => {
                orphans.insert(Orphan::Foreign(version.key.clone()));
            }
        }
    }
    let assets: Vec<_> = assets.into_iter().collect();
    for chunk in assets.chunks(ASSETS) {
        let keys = chunk.iter().flat_map(|&(workspace, asset)| {
            let upload = upload_key(workspace, Upload::of_asset(asset));
            [
                asset_key(workspace, asset),
                trash_key(workspace, asset),
                upload,
            ]
        });
        let keys: Vec<_> = keys.map(|key| (Table::Catalog, key)).collect();
        let mut found = app.db.get_many(&keys).await?;
        for (&(workspace, asset), places) in chunk.iter().zip(keys.chunks(3)) {
            let [live, trashed, upload] = places else {
                continue;
            };
            // what can't be read is there
            let has_asset = !matches!(found.take::<Asset>(&live.1), Ok(None))
                || !matches!(found.take::<Asset>(&trashed.1), Ok(None));
            let is_awaited = match found.take::<Upload>(&upload.1) {
                Ok(None) => false,
                Ok(Some(upload)) => upload.state == UploadState::Open,
                Err(_) => true,
            };
            if !has_asset && !is_awaited {
                orphans.insert(Orphan::Objects(workspace, asset));
            }
        }
    }
    Ok(())
}

/// The bucket's own rule ends what is older than a week, so that a listing has them all.
async fn uploads(app: &App) -> Result<Vec<Orphan>, Error> {
    let mut orphans = Vec::new();
    for (object, id) in app.assets.unfinished(&folder(ObjectKind::Original)).await? {
        let Some((_, keys)) = ObjectKeys::parse(&object) else {
            orphans.push(Orphan::Upload(object, id));
            continue;
        };
        let reserved = Upload::of_asset(keys.asset());
        let upload = app.db.upload(keys.workspace(), reserved).await?;
        let is_reserved = upload.is_some_and(|upload| {
            upload.state == UploadState::Open && upload.multipart_id.as_deref() == Some(&id)
        });
        if !is_reserved {
            orphans.push(Orphan::Upload(object, id));
        }
    }
    Ok(orphans)
}

/// The bucket's own rule ends them after a week, likewise.
async fn exports(app: &App) -> Result<Vec<Orphan>, Error> {
    let versions = app.exports.versions(EXPORTS).await?;
    let owned = owners(EXPORTS, &versions).map(|subject| (subject, Orphan::Exports(subject)));
    without_person(app, owned.collect()).await
}

/// Whose objects these are, each once.
fn owners(folder: &str, versions: &[ObjectVersion]) -> impl Iterator<Item = SubjectId> {
    let owner = |version: &ObjectVersion| {
        let rest = version.key.strip_prefix(folder)?;
        rest.split('/').next()?.parse().ok()
    };
    let owners: BTreeSet<SubjectId> = versions.iter().filter_map(owner).collect();
    owners.into_iter()
}

/// Letters that came while their writer was erased; likewise from where the last night ended.
async fn letters(app: &App, round: &mut Round) -> Result<Vec<Orphan>, Error> {
    let mut orphans = Vec::new();
    let mut walk = Walk::new(&app.letters, LETTERS, &["usr_"], &round.letters);
    for _ in 0..LISTINGS {
        let Some(leaf) = walk.next().await? else {
            round.letters = String::new();
            break;
        };
        let owned = owners(LETTERS, &leaf.versions);
        let owned = owned.map(|subject| (subject, Orphan::Correspondence(subject)));
        orphans.extend(without_person(app, owned.collect()).await?);
        round.letters = leaf.done;
    }
    Ok(orphans)
}
