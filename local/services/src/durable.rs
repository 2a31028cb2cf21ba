//! Files that only their owner can read and that are whole after a crash.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;

/// The ending of a file that is still being written.
pub(crate) const UNFINISHED: &str = "tmp";

/// Creates a folder with mode 0700, or narrows an existing one to it.
pub(crate) fn private_folder(path: &Path) -> Result<(), Error> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o700)))
        .map_err(Error::file(path))
}

/// Creates an empty file with mode 0600 unless it exists.
pub(crate) fn private_file(path: &Path) -> Result<(), Error> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map(drop)
        .map_err(Error::file(path))
}

/// Replaces a file's content, mode 0600, in one step that a crash can't halve:
/// on return the new content is on the disk under its name.
///
/// Two writers of one path must not run at once.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), Error> {
    replace_synced(path, content).map_err(Error::file(path))
}

fn replace_synced(path: &Path, content: &[u8]) -> io::Result<()> {
    let unfinished = path.with_added_extension(UNFINISHED);
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    sync_parent(path)
}

/// Makes a file's creation, renaming or removal last.
pub(crate) fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Reads a JSON file, `None` where there is none.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Error> {
    match fs::read(path) {
        // The parser's words are dropped: they may quote a secret.
        Ok(content) => serde_json::from_slice(&content)
            .map(Some)
            .map_err(|_| Error::Damaged(path.to_owned())),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::file(path)(error)),
    }
}

/// Replaces a JSON file.
pub(crate) fn replace_json(path: &Path, value: &impl Serialize) -> Result<(), Error> {
    let content = serde_json::to_vec_pretty(value)
        .map_err(|error| Error::file(path)(io::Error::other(error)))?;
    replace(path, &content)
}
