//! The pictures that the project ships, in as many different copies as are wanted.

use std::fs;
use std::path::PathBuf;

use bytes::Bytes;

use crate::Result;
use crate::report::root;

/// The files, by name.
pub(crate) fn shipped() -> Result<Vec<PathBuf>> {
    let folder = fs::read_dir(root().join("local/pictures"))?;
    let mut files = folder
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jpg"));
    files.sort();
    Ok(files)
}

/// The shipped pictures over and over, each time with other bytes.
pub(crate) struct Copies {
    pictures: Vec<Vec<u8>>,
    made: u64,
}

impl Copies {
    pub(crate) fn new() -> Result<Self> {
        let pictures = shipped()?.iter().map(fs::read).collect::<Result<_, _>>()?;
        Ok(Self { pictures, made: 0 })
    }

    /// The next picture, numbered by a comment segment behind the start of the image (ITU-T T.81
    /// section B.2.4.5).
    pub(crate) fn next(&mut self) -> Bytes {
        let at = usize::try_from(self.made).unwrap_or_default() % self.pictures.len();
        let (start, rest) = self.pictures[at].split_at(2);
        self.made += 1;
        [start, b"\xFF\xFE\0\x0A", &self.made.to_be_bytes(), rest]
            .concat()
            .into()
    }

    pub(crate) fn take(&mut self, count: usize) -> Vec<Bytes> {
        (0..count).map(|_| self.next()).collect()
    }
}
