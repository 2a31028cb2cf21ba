//! Small JSON files of the data folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::marker::PhantomData;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// One value in one file that only its owner can read.
#[derive(Debug, Clone)]
pub(crate) struct StateFile<T> {
    path: PathBuf,
    of: PhantomData<fn() -> T>,
}

impl<T: Serialize + DeserializeOwned> StateFile<T> {
    pub(crate) fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            of: PhantomData,
        }
    }

    /// The value, `None` where there is no file.
    pub(crate) fn load(&self) -> io::Result<Option<T>> {
        match fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
                let place = self.path.display();
                io::Error::new(io::ErrorKind::InvalidData, format!("{place}: {error}"))
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces the value in one step: a crash leaves the old or the new one.
    pub(crate) fn save(&self, value: &T) -> io::Result<()> {
        let unfinished = self.path.with_extension("unfinished");
        let mut file = private(&unfinished)?;
        file.write_all(&serde_json::to_vec(value)?)?;
        file.sync_data()?;
        fs::rename(&unfinished, &self.path)
    }
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}
