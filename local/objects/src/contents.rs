//! The files that hold contents.
//!
//! `contents/` has one file for each distinct content, named by its SHA-256. `incoming/` has files
//! that are being written; nothing there outlives its request or the process.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// The name of a content: its SHA-256 in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ContentId(String);

impl ContentId {
    /// Takes a digest.
    pub fn of_digest(sha256: &[u8]) -> Self {
        Self(hex::encode(sha256))
    }

    /// Takes a name that was kept; `None` if it isn't one.
    pub fn parse(name: &str) -> Option<Self> {
        let digits = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (name.len() == 64 && name.bytes().all(digits)).then(|| Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The folders of contents.
#[derive(Debug, Clone)]
pub(crate) struct Contents {
    kept: PathBuf,
    incoming: PathBuf,
}

impl Contents {
    /// Makes the folders and clears what a crash left unfinished.
    pub fn open(root: &Path) -> io::Result<Self> {
        let contents = Self {
            kept: root.join("contents"),
            incoming: root.join("incoming"),
        };
        fs::create_dir_all(&contents.kept)?;
        fs::create_dir_all(&contents.incoming)?;
        sync_folder(root)?;
        for leftover in fs::read_dir(&contents.incoming)? {
            fs::remove_file(leftover?.path())?;
        }
        Ok(contents)
    }

    /// A new file, deleted when dropped unless it is kept.
    pub fn incoming(&self) -> io::Result<NamedTempFile> {
        NamedTempFile::new_in(&self.incoming)
    }

    /// Gives a synced file its name. A content that is there already stays as it is.
    pub fn keep(&self, file: NamedTempFile, id: &ContentId) -> io::Result<()> {
        let path = self.path(id);
        if path.exists() {
            return Ok(());
        }
        file.persist(path)?;
        sync_folder(&self.kept)
    }

    /// Opens a content for reading.
    pub fn open_content(&self, id: &ContentId) -> io::Result<File> {
        File::open(self.path(id))
    }

    /// Deletes a content; one that is gone already is no error.
    pub fn delete(&self, id: &ContentId) -> io::Result<()> {
        match fs::remove_file(self.path(id)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes deletions and new names durable.
    pub fn sync(&self) -> io::Result<()> {
        sync_folder(&self.kept)
    }

    /// Deletes every file that is not `wanted`: what a crash left between a file and its record.
    pub fn sweep(&self, wanted: &HashSet<ContentId>) -> io::Result<()> {
        for entry in fs::read_dir(&self.kept)? {
            let entry = entry?;
            let id = entry.file_name().to_str().and_then(ContentId::parse);
            if id.is_none_or(|id| !wanted.contains(&id)) {
                fs::remove_file(entry.path())?;
            }
        }
        self.sync()
    }

    fn path(&self, id: &ContentId) -> PathBuf {
        self.kept.join(id.as_str())
    }
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
