//! Objects are destroyed: every version, every delete marker, every upload
//! that was not finished.

use domain::{asset::ObjectKind, ids::WorkspaceId};
use platform::objects::{ObjectVersion, Objects};

use crate::{App, Error};

/// Destroys whatever begins with this prefix, up to 1,000 versions a call.
/// `found` hears of every batch before it is destroyed.
pub(crate) async fn destroy<F, Fut>(bucket: &Objects, prefix: &str, found: F) -> Result<(), Error>
where
    F: Fn(Vec<String>) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    loop {
        let uploads = bucket.unfinished(prefix).await?;
        if uploads.is_empty() {
            break;
        }
        found(
            uploads
                .iter()
                .map(|(key, id)| format!("{key}@{id}"))
                .collect(),
        )
        .await?;
        for (key, upload) in &uploads {
            bucket.abort(key, upload).await?;
        }
    }
    loop {
        let versions = bucket.versions(prefix).await?;
        if versions.is_empty() {
            return Ok(());
        }
        found(versions.iter().map(name).collect()).await?;
        for batch in versions.chunks(1000) {
            bucket.destroy(batch).await?;
        }
    }
}

fn name(version: &ObjectVersion) -> String {
    format!("{}@{}", version.key, version.version)
}

/// What the keys of a workspace's objects begin with.
pub(crate) fn prefixes(workspace: WorkspaceId) -> impl Iterator<Item = String> {
    ObjectKind::ALL
        .into_iter()
        .map(move |kind| domain::asset::ObjectKeys::workspace_prefix(workspace, kind))
}

/// Whether anything of a workspace is left in the bucket.
pub(crate) async fn any_left(app: &App, workspace: WorkspaceId) -> Result<bool, Error> {
    for prefix in prefixes(workspace) {
        if !app.assets.versions(&prefix).await?.is_empty()
            || !app.assets.unfinished(&prefix).await?.is_empty()
        {
            return Ok(true);
        }
    }
    Ok(false)
}
