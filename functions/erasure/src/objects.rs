//! Objects are destroyed: every version, every delete marker, every upload
//! that was not finished.

use domain::{asset::ObjectKind, ids::WorkspaceId};
use platform::objects::{ObjectError, ObjectVersion, Objects};

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
    destroy_versions(bucket, prefix, found).await
}

/// As [`destroy`], where nothing is uploaded in parts.
pub(crate) async fn destroy_versions<F, Fut>(
    bucket: &Objects,
    prefix: &str,
    found: F,
) -> Result<(), Error>
where
    F: Fn(Vec<String>) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
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

/// Destroys one object, every version of it.
pub(crate) async fn destroy_object<F, Fut>(
    bucket: &Objects,
    key: &str,
    found: F,
) -> Result<(), Error>
where
    F: Fn(Vec<String>) -> Fut,
    Fut: Future<Output = Result<(), Error>>,
{
    let mut versions = bucket.versions(key).await?;
    versions.retain(|version| version.key == key);
    if versions.is_empty() {
        return Ok(());
    }
    found(versions.iter().map(name).collect()).await?;
    Ok(bucket.destroy(&versions).await?)
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

/// How many names a listing has at most.
const FULL: usize = 1000;
/// Stands behind every character that our keys are made of.
const LAST: char = '~';
const HEXADECIMAL: &str = "0123456789abcdef";
/// How many digits an id of ours has behind its prefix.
const DIGITS: usize = 32;

/// A walk over the keys of a bucket, in order. A listing has 1,000 names and
/// can't be gone on with: where there are more, it is made of longer prefixes.
pub(crate) struct Walk<'a> {
    bucket: &'a Objects,
    /// What keys begin with: literals, each with the digits of an id behind it.
    shape: Vec<String>,
    after: String,
    open: Vec<String>,
}

/// What a walk finds under one prefix.
pub(crate) struct Leaf {
    /// Versions and delete markers, in the order of their keys.
    pub(crate) versions: Vec<ObjectVersion>,
    /// What another walk begins after, to go on behind this.
    pub(crate) done: String,
}

impl<'a> Walk<'a> {
    /// Over the keys that begin with `folder`, after this key.
    pub(crate) fn new(bucket: &'a Objects, folder: &str, shape: &[&str], after: &str) -> Self {
        let mut literals: Vec<String> = shape.iter().map(|&literal| literal.to_owned()).collect();
        if let Some(first) = literals.first_mut() {
            first.insert_str(0, folder);
        }
        Self {
            bucket,
            shape: literals,
            after: after.to_owned(),
            open: vec![folder.to_owned()],
        }
    }

    /// What comes next; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Leaf>, ObjectError> {
        while let Some(prefix) = self.open.pop() {
            let done = format!("{prefix}{LAST}");
            if done <= self.after {
                continue;
            }
            let mut versions = self.bucket.versions(&prefix).await?;
            if versions.len() >= FULL {
                let longer = longer(&self.shape, &prefix);
                if !longer.is_empty() {
                    self.open.extend(longer.into_iter().rev());
                    continue;
                }
            }
            versions.retain(|version| version.key > self.after);
            versions.sort_by(|a, b| a.key.cmp(&b.key));
            return Ok(Some(Leaf { versions, done }));
        }
        Ok(None)
    }
}

/// The prefixes, one character or literal longer, that keys of this shape may
/// have; none when it is as long as it can be.
fn longer(shape: &[String], prefix: &str) -> Vec<String> {
    let mut before = String::new();
    for literal in shape {
        before.push_str(literal);
        if prefix.len() < before.len() {
            return vec![before];
        }
        if prefix.len() < before.len() + DIGITS {
            let digits = HEXADECIMAL.chars();
            return digits.map(|digit| format!("{prefix}{digit}")).collect();
        }
        before = prefix.chars().take(before.len() + DIGITS).collect();
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_grow_along_the_shape_of_keys() {
        let shape = ["originals/wsp_".to_owned(), "/ast_".to_owned()];
        let zeros = "0".repeat(DIGITS);
        let grown = |prefix: &str| longer(&shape, prefix);
        assert_eq!(grown("originals/"), ["originals/wsp_"]);
        let digits = grown("originals/wsp_");
        assert_eq!(digits.len(), 16);
        assert_eq!(digits[10], "originals/wsp_a");
        assert_eq!(grown("originals/wsp_a").len(), 16);
        let workspace = format!("originals/wsp_{zeros}");
        assert_eq!(grown(&workspace), [format!("{workspace}/ast_")]);
        let asset = format!("{workspace}/ast_{zeros}");
        assert_eq!(
            grown(&asset[..asset.len() - 1])[15],
            format!("{}f", &asset[..asset.len() - 1])
        );
        assert_eq!(grown(&asset), Vec::<String>::new());
    }
}
