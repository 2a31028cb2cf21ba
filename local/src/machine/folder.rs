//! The data folder, held by one process at a time.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::MachineError;

/// A folder that this process holds.
pub(super) struct Folder {
    path: PathBuf,
    /// Held while the machine runs.
    _lock: File,
    /// Removed with the machine.
    _temporary: Option<TempDir>,
}

impl Folder {
    /// Takes a folder, made if it is missing; `None` is a new one that goes with the machine.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, MachineError> {
        let temporary = match path {
            Some(_) => None,
            None => Some(TempDir::with_prefix("assetbox-").map_err(failed(&std::env::temp_dir()))?),
        };
        let path = match (path, &temporary) {
            (Some(path), _) => path,
            (None, Some(temporary)) => temporary.path(),
            (None, None) => Path::new(""),
        };
        create_private(path).map_err(failed(path))?;
        let path = fs::canonicalize(path).map_err(failed(path))?;
        let lock = File::create(path.join("lock")).map_err(failed(&path))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => MachineError::InUse(path.display().to_string()),
            TryLockError::Error(error) => failed(&path)(error),
        })?;
        Ok(Self {
            path,
            _lock: lock,
            _temporary: temporary,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// Its owner's alone: it holds people's data and the keys to it.
fn create_private(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn failed(path: &Path) -> impl Fn(io::Error) -> MachineError + use<> {
    let path = path.display().to_string();
    move |error| MachineError::Folder(path.clone(), error)
}
