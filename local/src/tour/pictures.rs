//! The pictures of the tour: a folder of the person's own, or those that ship.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use domain::asset::file_name;

use super::TourError;

/// A picture to upload.
pub(super) struct Picture {
    pub(super) name: String,
    pub(super) content_type: &'static str,
    path: PathBuf,
}

/// What a folder holds.
pub(super) struct Pictures {
    /// At least one.
    pub(super) all: Vec<Picture>,
    /// How many files are no pictures by their names, or empty.
    pub(super) passed_over: usize,
}

impl Picture {
    pub(super) fn read(&self) -> Result<Bytes, TourError> {
        let bytes = std::fs::read(&self.path).map_err(|error| unreadable(&self.path, &error))?;
        Ok(bytes.into())
    }
}

const TYPES: [(&str, &str); 9] = [
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("tif", "image/tiff"),
    ("tiff", "image/tiff"),
    ("bmp", "image/bmp"),
    ("jfif", "image/jpeg"),
];

/// The folder of pictures that the project ships with their licences.
fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures")
}

/// Every picture of the folder, by name; folders in it are left alone.
pub(super) fn find(folder: Option<&Path>) -> Result<Pictures, TourError> {
    let folder = folder.map_or_else(shipped, Path::to_owned);
    let mut paths = files(&folder).map_err(|error| unreadable(&folder, &error))?;
    paths.sort();
    let all: Vec<_> = paths.iter().filter_map(|path| picture(path)).collect();
    if all.is_empty() {
        return Err(TourError(format!("{} holds no pictures", folder.display())));
    }
    Ok(Pictures {
        passed_over: paths.len() - all.len(),
        all,
    })
}

fn files(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}

/// A file that is a picture by its name and not empty.
fn picture(path: &Path) -> Option<Picture> {
    let extension = path.extension()?.to_str()?.to_lowercase();
    let (_, content_type) = TYPES.iter().find(|(known, _)| *known == extension)?;
    let name = path.file_name()?.to_string_lossy();
    let is_empty = path.metadata().is_ok_and(|metadata| metadata.len() == 0);
    (!is_empty && file_name(&name).is_ok()).then(|| Picture {
        name: name.into_owned(),
        content_type,
        path: path.to_owned(),
    })
}

fn unreadable(path: &Path, error: &std::io::Error) -> TourError {
    TourError(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_folder_is_read_as_people_keep_it() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "Дюна.JPG",
            "🐞 a.jpeg",
            "b #1 %20.png",
            "notes.txt",
            "README",
            ".hidden",
        ] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        std::fs::write(folder.path().join("empty.gif"), "").unwrap();
        std::fs::create_dir(folder.path().join("folder.jpg")).unwrap();
        let found = find(Some(folder.path())).unwrap();
        let names: Vec<_> = found
            .all
            .iter()
            .map(|picture| picture.name.as_str())
            .collect();
        assert_eq!(names, ["b #1 %20.png", "Дюна.JPG", "🐞 a.jpeg"]);
        assert_eq!(found.passed_over, 4);
        assert_eq!(found.all[0].read().unwrap().as_ref(), b"x");
    }

    #[test]
    fn a_folder_without_pictures_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = find(Some(folder.path())).err().unwrap().to_string();
        assert!(error.contains("holds no pictures"), "{error}");
        let missing = folder.path().join("missing");
        let error = find(Some(&missing)).err().unwrap().to_string();
        assert!(error.contains("missing"), "{error}");
    }
}
